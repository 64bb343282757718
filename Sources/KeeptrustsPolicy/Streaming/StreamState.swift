import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// How far the judging of a streamed text has come.
///
/// Offsets count from the beginning of the whole text.
struct StreamState: Sendable {
    let chain: PolicyChain
    let phase: Phase
    var judgement: Judgement

    /// The text ended early.
    private(set) var blocked: StreamStep?

    /// Where the window begins, and where the text that is there ends.
    var base = 0
    private(set) var end = 0

    /// Everything before this is sent, or replaced by what was sent.
    private(set) var sent = 0

    /// No match begins before this that would change the text, apart from those that wait; whom it is held back for.
    private var safe = 0
    private var holder: Int?

    /// No match begins before this that would only be reported.
    private var watched = 0

    /// Where the part began that was undecided when the last piece came.
    private var begin = 0

    /// Where the piece begins that came last.
    private var fresh = 0

    /// Where the part of an encoded run begins that is being read, when it is not the first of its run.
    private var partInProgress: Int?

    /// The instance for which what may still be decoded is held back; nil when none changes the text.
    private let decoder: Int?

    private var matcher: StreamMatcher

    /// How far each pattern has been searched for in the text as it was sent, and some in its views: no match begins before
    /// that which was not found.
    private var searched: [Int]
    private var cursors = Cursors()

    /// Where code stands; nil when no instance asks.
    private var fences: CodeFences?

    /// Redactions that are decided and not yet made.
    private var waiting: [Replacement] = []

    /// Of each instance, the matches that its decision rests on, one for each rule.
    private var grounds: [[RuleMatch]]

    /// Whether policies that observe whole texts do not judge here.
    private let leavesOutWatchers: Bool

    init(chain: PolicyChain, phase: Phase, _ share: ChainShare) {
        self.chain = chain
        self.phase = phase
        let leftOut = share.leftOut
        judgement = Judgement(chain: chain, outcome: chain.clean[phase.bit], leftOut: leftOut)
        chain.leaveOut(&judgement.outcome, except: share)
        leavesOutWatchers = share.part == .others && chain.phasesWatched != 0
        matcher = StreamMatcher(for: chain.patterns)
        searched = Array(repeating: 0, count: chain.users.count)
        decoder =
            chain.users.lazy.joined().first { user in
                user.holds && user.reads(.decoded, on: phase) && !leftOut.contains(user.instance)
            }?.instance
        for index in chain.stances.indices where chain.stances[index].examines {
            // Code sees whole texts only: here, it does not run.
            judgement.outcome.results[index].skipped = true
        }
        grounds = Array(repeating: [], count: chain.instances.count)
        fences = chain.policies.contains(where: \.readsCodeOnly) ? CodeFences() : nil
    }

    /// Where the part of the text begins that some policy has not decided on.
    var undecided: Int { min(sent, watched) }

    /// Judges what has been added to the window.
    mutating func look(
        at window: UnsafeRawBufferPointer, isLast: Bool, _ scratch: MatchScratch, _ placeholders: inout Placeholders
    ) {
        let seen = end - base
        fresh = end
        let whole = isLast ? window.count : window.endOfWholeCharacters
        let text = UnsafeRawBufferPointer(rebasing: window[..<whole])
        begin = undecided
        end = base + whole
        safe = end
        watched = end
        holder = nil
        fences?.forget(upTo: begin)
        fences?.read(UnsafeRawBufferPointer(rebasing: text[seen...]))
        guard let memory = scratch.patterns else { return failAll() }
        var sightings: [Sighting] = []
        if matcher.read(text, from: seen, using: memory) {
            search(Reader(text: text, isLast: isLast), memory, into: &sightings)
        }
        for view in views(of: text, isOpen: !isLast) {
            view.view.bytes.withUnsafeBytes { bytes in
                guard chain.patterns.read(anew: bytes, using: memory) else { return }
                let reader = Reader(
                    text: bytes, view: view.view, reading: view.reading, path: view.path, isLast: !view.isOpen)
                search(reader, memory, into: &sightings)
            }
        }
        guard !sightings.isEmpty else { return }
        sightings.sort { ($0.match.span.lowerBound, $0.instance) < ($1.match.span.lowerBound, $1.instance) }
        let counting = counting(sightings)
        for (sighting, counts) in zip(sightings, counting) where blocked == nil {
            settle(sighting, counts: counts, &placeholders)
        }
    }

    /// Says of each match whether it counts beside those of the same instance that it overlaps.
    private func counting(_ sightings: [Sighting]) -> [Bool] {
        var counts = [Bool](repeating: true, count: sightings.count)
        for index in chain.policies.indices where chain.policies[index].picksStrongest {
            let own = sightings.indices.filter { sightings[$0].instance == index }
            let flags = chain.policies[index].counting(own.map { sightings[$0].match })
            for (place, flag) in zip(own, flags) { counts[place] = flag }
        }
        return counts
    }

    /// A match that was confirmed in the new text.
    private struct Sighting {
        var instance: Int
        var match: RuleMatch
        var value: String
    }

    /// One way of reading what is there of the text.
    private struct Reader {
        var text: UnsafeRawBufferPointer

        /// Nil for the text as it was sent.
        var view: TextView?
        var reading = Reading.plain

        /// What was undone to get to it, for ``Cursors``.
        var path = 0

        /// Nothing follows.
        var isLast: Bool

        /// The place in the window of the text as it was sent.
        func original(at place: Int) -> Int { view?.original(at: place) ?? place }
    }

    private typealias View = (reading: Reading, view: TextView, path: Int, isOpen: Bool)

    /// The other ways in which what is there is read; holds back from where more text may change them.
    private mutating func views(of text: UnsafeRawBufferPointer, isOpen: Bool) -> [View] {
        let readings = chain.readingsOfPhase[phase.index]
        guard !readings.isEmpty else { return [] }
        var views: [View] = []
        if Normaliser.mayChange(text) {
            for (reading, view) in Views.of(text, readings, isOpen: isOpen) {
                views.append((reading, view, reading.rawValue, isOpen))
            }
        }
        guard readings.contains(.decoded) else { return views }
        let decoding = Unveiling(
            ofWindow: text, isCut: base > 0, isOpen: isOpen, part: partInProgress.map { $0 - base })
        views += decoding.layers.map { (.decoded, $0.view, Self.firstPath + $0.path, $0.isOpen) }
        partInProgress = decoding.part.map { $0 + base }
        if let place = decoding.pending { hold(from: base + place, for: decoder) }
        return views
    }

    /// Above the paths of the readings that have but one view.
    private static let firstPath = Reading.allCases.count

    /// Searches for every pattern that is noted in `memory`.
    private mutating func search(_ reader: Reader, _ memory: PatternScratch, into sightings: inout [Sighting]) {
        let mask = chain.scopes[phase.index]?.patterns ?? []
        for word in mask.indices {
            var bits = memory.hits(word: word) & mask[word]
            while bits != 0 {
                let pattern = word * 64 + bits.trailingZeroBitCount
                bits &= bits - 1
                do throws(MatchFailure) {
                    try search(pattern, reader, memory, into: &sightings)
                } catch {
                    matcher.noteFailure(of: pattern)
                    for user in chain.users[pattern] where user.runs(on: phase) && judges(user) { fail(user.instance) }
                }
            }
        }
    }

    private mutating func search(
        _ pattern: Int, _ reader: Reader, _ memory: PatternScratch, into sightings: inout [Sighting]
    ) throws(MatchFailure) {
        let users = chain.users[pattern]
        // By their indices: a copy of each costs more than what is asked of it.
        let (phase, leftOut) = (phase, judgement.leftOut)
        func isAsked(_ place: Int) -> Bool {
            users[place].reads(reader.reading, on: phase) && !leftOut.contains(users[place].instance)
        }
        guard users.indices.contains(where: isAsked) else { return }
        let holding = users.indices.first { users[$0].holds && isAsked($0) }
        let holder = holding.map { users[$0].instance }
        let first = max(holder == nil ? begin : sent, reached(pattern, reader)) - base
        let text = reader.text
        var start = reader.view?.offset(of: first) ?? first
        while start <= text.count {
            switch try chain.patterns.next(pattern, in: text, from: start, isLast: reader.isLast, using: memory) {
            case .none:
                if reader.view == nil { matcher.noteNothing(of: pattern, using: memory) }
                return
            case .unfinished(let from):
                if reader.view == nil { reach(base + from, pattern, reader) }
                return wait(for: pattern, from: from, reader, holder)
            case .match(let whole, let found):
                let ahead = text.count - found.upperBound
                guard reader.isLast || !users.indices.contains(where: { users[$0].bytesAhead > ahead && isAsked($0) })
                else {
                    return wait(for: pattern, from: whole.lowerBound, reader, holder)
                }
                let accepted = accept(found, by: users, reader, into: &sightings)
                start = text.nextStart(after: whole, found: found, accepted: accepted)
                reach(base + reader.original(at: start), pattern, reader)
            }
        }
    }

    private func reached(_ pattern: Int, _ reader: Reader) -> Int {
        guard reader.view == nil else { return cursors[pattern, reader.path] }
        return matcher.mayHaveBegun(pattern) ? searched[pattern] : fresh
    }

    /// Remembers that no match of a pattern begins before `place` that was not found.
    private mutating func reach(_ place: Int, _ pattern: Int, _ reader: Reader) {
        if reader.view == nil { searched[pattern] = place } else { cursors[pattern, reader.path] = place }
    }

    /// Holds back a match in progress.
    private mutating func wait(for pattern: Int, from place: Int, _ reader: Reader, _ holder: Int?) {
        if reader.view == nil { matcher.noteUnfinished(pattern) }
        hold(from: base + reader.original(at: place), for: holder)
    }

    /// Lets the rules that look for a pattern judge what it found, and gives the longest part that any of them accepts.
    private func accept(
        _ found: Range<Int>, by users: [PatternUser], _ reader: Reader, into sightings: inout [Sighting]
    ) -> Range<Int>? {
        var accepted: Range<Int>?
        let place = base + (reader.view?.original(found).lowerBound ?? found.lowerBound)
        for user in users where user.reads(reader.reading, on: phase) && judges(user) {
            if let fences, user.stance.readsCodeOnly, !fences.isCode(at: place) { continue }
            var matches: [RuleMatch] = []
            let all = chain.policies[user.instance].rules
            let part = PolicyChain.accept(found, user.rules, of: all, in: reader.text, into: &matches) { $0 }
            if let part, part.upperBound > accepted?.upperBound ?? 0 { accepted = part }
            for match in matches { sightings.append(sighting(of: match, by: user, in: reader.text, reader.view)) }
        }
        return accepted
    }

    private func judges(_ user: PatternUser) -> Bool {
        (!leavesOutWatchers || user.stance.phasesWatched == 0) && !judgement.leftOut.contains(user.instance)
    }

    private func sighting(
        of match: RuleMatch, by user: PatternUser, in text: UnsafeRawBufferPointer, _ view: TextView?
    ) -> Sighting {
        let place = view?.original(match.span) ?? match.span
        let moved = RuleMatch(rule: match.rule, span: place.lowerBound + base..<place.upperBound + base)
        return Sighting(instance: user.instance, match: moved, value: String(decoding: text[match.span], as: UTF8.self))
    }

    private mutating func hold(from place: Int, for holder: Int?) {
        guard let holder else {
            watched = min(watched, place)
            return
        }
        guard place < safe else { return }
        safe = place
        self.holder = holder
    }

    /// Takes a confirmed match into account; one that does not count is taken out with the match that it overlaps.
    private mutating func settle(_ sighting: Sighting, counts: Bool, _ placeholders: inout Placeholders) {
        let index = sighting.instance
        guard counts else {
            guard chain.stances[index].enforces else { return }
            waiting.append(Replacement(segment: 0, span: sighting.match.span, text: "", confidence: 0))
            return
        }
        if !grounds[index].contains(where: { $0.rule == sighting.match.rule }) { grounds[index].append(sighting.match) }
        let policy = chain.policies[index]
        let decision = policy.decide(on: grounds[index])
        judgement.report(grounds[index] + [sighting.match], decision, 0, index)
        judgement.apply(decision, index)
        guard chain.stances[index].enforces else { return }
        switch decision.verdict {
        case .allow: break
        case .redact:
            let text = policy.replacement(for: sighting.match, value: sighting.value, &placeholders)
            let confidence = policy.rules[sighting.match.rule].confidence
            waiting.append(
                Replacement(segment: 0, span: sighting.match.span, text: text, confidence: confidence))
        case .escalate, .block: stop()
        }
    }

    private mutating func stop() {
        guard let reason = outcome.reason, let policy = outcome.policy else { return }
        blocked = .blocked(reason, policy: policy)
    }

    private var outcome: ChainOutcome { judgement.outcome }

    private mutating func fail(_ instance: Int) {
        judgement.fail(instance)
        if outcome.verdict >= .escalate { stop() }
    }

    private mutating func failAll() {
        for index in chain.stances.indices where chain.stances[index].runs(on: phase) {
            if !chain.policies[index].rules.isEmpty, !judgement.outcome.results[index].skipped { fail(index) }
        }
    }

    /// Writes what may be sent; redactions that may still grow wait.
    mutating func send(from window: ByteBuffer, into out: inout ByteBuffer) {
        var limit = safe
        if !waiting.isEmpty {
            for redaction in Replacement.merged(waiting) {
                guard redaction.span.upperBound <= limit else {
                    limit = min(limit, max(sent, redaction.span.lowerBound))
                    break
                }
                write(upTo: max(sent, redaction.span.lowerBound), from: window, into: &out)
                out.writeString(redaction.replacement)
                sent = redaction.span.upperBound
            }
            waiting.removeAll { [sent] in $0.span.upperBound <= sent }
        }
        write(upTo: limit, from: window, into: &out)
        cursors.forget(upTo: undecided)
    }

    private mutating func write(upTo limit: Int, from window: ByteBuffer, into out: inout ByteBuffer) {
        guard limit > sent else { return }
        if let piece = window.getSlice(at: window.readerIndex + sent - base, length: limit - sent) {
            out.writeImmutableBuffer(piece)
        }
        sent = limit
    }

    /// More is held back than may be: the text ends here.
    mutating func overflow() -> StreamStep? {
        guard let holder else { return nil }
        let instance = chain.instances[holder]
        let reason = Reason(
            code: "\(instance.kind.codeName).unfinished",
            message: "The text holds something that may be forbidden and does not end."
        )
        judgement.apply(Decision(verdict: .block, reason: reason), holder)
        stop()
        return blocked
    }
}
