public import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

extension PolicyChain {
    /// Judges texts that are there in full, by local policies alone: those that ask a service say that they were not asked.
    ///
    /// For tools. Whoever lets texts pass calls ``begin(_:at:facts:using:placeholders:)``.
    /// - Parameters:
    ///   - segments: The texts, in the order in which they are sent.
    ///   - stage: Which half of the exchange they are; nil to tell by the texts' phases.
    ///   - share: Which of the policies judge; the others say that they did not run.
    ///   - facts: What is known of the exchange; asked for only by chains that judge by it.
    ///   - scratch: The memory of the event loop.
    ///   - placeholders: The numbers that the values of the exchange have; takes up those that are new.
    /// - Returns: What must be done with them.
    public func judge(
        _ segments: [Segment], at stage: ExchangeStage? = nil, by share: ChainShare = .all,
        facts: @autoclosure () -> ExchangeFacts = ExchangeFacts(), using scratch: MatchScratch,
        placeholders: inout Placeholders
    ) -> ChainOutcome {
        let step = begin(segments, at: stage, by: share, facts: facts(), using: scratch, placeholders: &placeholders)
        switch step {
        case .finished(let outcome): return outcome
        case .asking(let pending): return pending.finishUnasked(using: scratch)
        }
    }

    /// Judges texts that are there in full, as far as that is possible here.
    ///
    /// - Parameters:
    ///   - segments: The texts, in the order in which they are sent.
    ///   - stage: Which half of the exchange they are; nil to tell by the texts' phases.
    ///   - share: Which of the policies judge; the others say that they did not run.
    ///   - facts: What is known of the exchange; asked for only by chains that judge by it.
    ///   - scratch: The memory of the event loop.
    ///   - placeholders: The numbers that the values of the exchange have; takes up those that are new.
    /// - Returns: What must be done with them, or what must be asked before that can be said.
    public func begin(
        _ segments: [Segment], at stage: ExchangeStage? = nil, by share: ChainShare = .all,
        facts: @autoclosure () -> ExchangeFacts = ExchangeFacts(), using scratch: MatchScratch,
        placeholders: inout Placeholders
    ) -> JudgementStep {
        let phases = (stage?.phase.bit ?? 0) | suspect(segments, scratch, mayBeKnown: stage == .request)
        let needsCode = phases & (phasesOfCode | phasesOfAsking) != 0
        guard needsCode || !scratch.suspects.isEmpty || scratch.isAlarmed || scratch.gradesAll else {
            var outcome = clean[phases]
            leaveOut(&outcome, except: share)
            return .finished(outcome)
        }
        var judgement = Judgement(chain: self, outcome: clean[phases], leftOut: share.leftOut)
        leaveOut(&judgement.outcome, except: share)
        guard needsCode else {
            for index in instances.indices { judgement.run(index, on: segments, scratch, &placeholders) }
            return .finished(judgement.finished)
        }
        let half = stage ?? (phases & Phase.response.bit != 0 ? .answer : .request)
        return judge(segments, Occasion(stage: half, facts: facts()), &judgement, scratch, &placeholders)
    }

    /// Judges texts that a policy brings from outside, by rules alone: code and services see them as part of nothing.
    func judgeByRules(
        _ segments: [Segment], by share: ChainShare, using scratch: MatchScratch, placeholders: inout Placeholders
    ) -> ChainOutcome {
        let phases = suspect(segments, scratch, mayBeKnown: false)
        var judgement = Judgement(chain: self, outcome: clean[phases])
        leaveOut(&judgement.outcome, except: share)
        for index in instances.indices where !stances[index].examines || stances[index].weighs {
            judgement.run(index, on: segments, scratch, &placeholders)
        }
        return judgement.finished
    }

    /// Scans all texts.
    ///
    /// - Parameters:
    ///   - segments: The texts.
    ///   - scratch: The memory of the event loop; what must be confirmed is noted there.
    ///   - mayBeKnown: The texts may have come before: those are passed over in which nothing was seen then.
    /// - Returns: Their phases, a bit for each.
    private func suspect(_ segments: [Segment], _ scratch: MatchScratch, mayBeKnown: Bool) -> Int {
        var phases = 0
        scratch.begin()
        let mayBeKnown = mayBeKnown && !scratch.gradesAll
        for index in segments.indices {
            let place = SegmentPlace(index, in: segments)
            phases |= place.phase.bit
            segments[index].text.withUnsafeReadableBytes { text in
                // The last one is what is new in this request, most likely; it is history from the next one on.
                guard mayBeKnown, index < segments.count - 1,
                    let hash = scratch.known?.hash(text, place, of: scratch.caller)
                else { return suspect(text, place, scratch) }
                guard scratch.known?.contains(hash) == false else { return }
                let noted = scratch.suspects.count
                suspect(text, place, scratch)
                // Once one is alarming, nobody can tell whether the next one is, too.
                if scratch.suspects.count == noted, !scratch.isAlarmed { scratch.known?.insert(hash) }
            }
        }
        return phases
    }

    /// Runs a chain that judges by code, or asks.
    private func judge(
        _ segments: [Segment], _ occasion: Occasion, _ judgement: inout Judgement, _ scratch: MatchScratch,
        _ placeholders: inout Placeholders
    ) -> JudgementStep {
        for index in instances.indices {
            // One whose classifier decides on single texts may look at all of them besides.
            if !stances[index].examines || stances[index].weighs {
                judgement.run(index, on: segments, scratch, &placeholders)
            }
            if stances[index].examines { judgement.examine(index, segments, occasion, scratch) }
        }
        if phasesOfAsking != 0 {
            let pending = PendingJudgement(judgement, segments, occasion, scratch)
            guard pending.isIdle else { return .asking(pending) }
            return .finished(pending.finish([], using: scratch, placeholders: &placeholders))
        }
        let redactions = judgement.revise(segments, occasion, scratch)
        var outcome = judgement.finished
        outcome.redactions = redactions
        return .finished(outcome)
    }

    /// Judges texts that are all of an exchange.
    public func judge(
        _ segments: [Segment], at stage: ExchangeStage? = nil,
        facts: @autoclosure () -> ExchangeFacts = ExchangeFacts(), using scratch: MatchScratch
    ) -> ChainOutcome {
        var placeholders = Placeholders()
        return judge(segments, at: stage, facts: facts(), using: scratch, placeholders: &placeholders)
    }

    /// Scans one text in every way in which a policy reads it, and notes what must be confirmed.
    private func suspect(_ text: UnsafeRawBufferPointer, _ place: SegmentPlace, _ scratch: MatchScratch) {
        guard !text.isEmpty, let scope = scopes[place.phase.index] else { return }
        guard let memory = scratch.patterns else {
            return scratch.suspects.append(.failed(place.number, .plain, nil, scope.patterns))
        }
        let readings = readingsOfPhase[place.phase.index]
        let read = memory.read(text)
        // Before another text is read with the same memory.
        var views = readings.isEmpty ? [] : Normaliser.unveil(read, readings)
        if read.isOdd, !readings.isEmpty { views += Views.of(text, readings) }
        views.removeAll { $0.view.isSame(as: text) }
        look(at: read, nil, .plain, nil, place, scratch, memory, in: text)
        for (index, (reading, view)) in views.enumerated() {
            let before = index > 0 ? views[index - 1] : nil
            let same = before.flatMap { $0.view == view ? $0.reading : nil }
            view.bytes.withUnsafeBytes {
                look(at: memory.read($0), view, reading, same, place, scratch, memory, in: text)
            }
        }
    }

    /// Scans a text, read in one way, and lets the classifier read it.
    ///
    /// Nothing is scanned twice: `same` is the reading before, if it gave the same.
    private func look(
        at text: ReadText, _ view: TextView?, _ reading: Reading, _ same: Reading?, _ place: SegmentPlace,
        _ scratch: MatchScratch, _ memory: PatternScratch, in sent: UnsafeRawBufferPointer
    ) {
        let isPlain = isPlain(text, place, scratch)
        let scopes = isPlain ? scopesOfPlainTexts : scopes
        if let same {
            if var suspect = scratch.suspects.last, suspect.segment == place.number, suspect.reading == same {
                (suspect.reading, suspect.same) = (reading, same)
                scratch.suspects.append(suspect)
            }
        } else if let scope = scopes[place.phase.index] {
            scan(text, view, reading, place.number, scope, scratch, memory, in: sent)
        }
        if !isPlain || scratch.gradesAll { classify(text.bytes, view, reading, place, scratch) }
    }

    private func scan(
        _ text: ReadText, _ view: TextView?, _ reading: Reading, _ segment: Int, _ scope: PatternScope,
        _ scratch: MatchScratch, _ memory: PatternScratch, in sent: UnsafeRawBufferPointer
    ) {
        let mask = scope.patterns
        let differences = view.flatMap { scratch.differences(ofLong: $0, segment, in: sent) }
        let known = view.flatMap { view in differences.flatMap { scratch.knownScan(of: view, $0, for: scope) } }
        guard (try? patterns.scan(text, for: scope, knowing: known, using: memory)) != nil else {
            return scratch.suspects.append(.failed(segment, reading, view, mask))
        }
        var any: UInt64 = 0
        for word in mask.indices { any |= memory.hits(word: word) & mask[word] }
        guard any != 0 else { return }
        let hits = mask.indices.map { memory.hits(word: $0) & mask[$0] }
        scratch.suspects.append(
            MatchScratch.Suspect(
                segment: segment, reading: reading, view: view, hits: hits, regions: memory.regions,
                differences: differences, scope: scope))
    }
}

extension MatchScratch {
    /// Bytes of a view that it takes longer to scan than to compare with others.
    private static let longView = 8_192

    /// Where a view that is not scanned yet differs from the suspects of its text; nil for one that is short, or another text.
    fileprivate func differences(
        ofLong view: TextView, _ segment: Int, in text: UnsafeRawBufferPointer
    ) -> [Difference]? {
        guard view.bytes.count >= Self.longView, view.isAbout(asLongAs: text.count) else { return nil }
        return differences(of: view, segment, before: suspects.count, in: text)
    }

    /// What is known of a view from the scan of the one that differs least, for the same patterns; nil without one.
    fileprivate func knownScan(
        of view: TextView, _ differences: [Difference], for scope: PatternScope
    ) -> KnownScan? {
        let others = differences.filter { $0.isSmall(in: view) && suspects[$0.other].scope === scope }
        guard let least = others.min(by: { $0.places.count < $1.places.count }) else { return nil }
        return KnownScan(places: least.places, hits: suspects[least.other].hits)
    }
}

/// Which of the judged texts one is, and whose.
struct SegmentPlace {
    var number: Int
    var phase: Phase
    var role: Segment.Role

    init(_ number: Int, in segments: [Segment]) {
        self.number = number
        phase = segments[number].phase
        role = segments[number].role
    }
}

/// The other ways in which a text is read, as far as they differ from the text.
enum Views {
    static func of(
        _ text: UnsafeRawBufferPointer, _ readings: Set<Reading>, isOpen: Bool = false
    ) -> [(reading: Reading, view: TextView)] {
        let changes = Normaliser.changes(text)
        var views: [(Reading, TextView)] = []
        if changes.folded, readings.contains(.folded) {
            views.append((.folded, Normaliser.fold(text, lookalikes: false)))
        }
        if changes.lookalike, readings.contains(.lookalike) {
            views.append((.lookalike, Normaliser.fold(text, lookalikes: true, isOpen: isOpen)))
        }
        return views
    }
}
