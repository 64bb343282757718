public import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

extension PolicyChain {
    /// Judges texts that are there in full.
    ///
    /// - Parameters:
    ///   - segments: The texts, in the order in which they are sent.
    ///   - stage: Which half of the exchange they are; nil to tell by the texts' phases.
    ///   - facts: What is known of the exchange; asked for only by chains that judge by it.
    ///   - scratch: The memory of the event loop.
    ///   - placeholders: The numbers that the values of the exchange have; takes up those that are new.
    /// - Returns: What must be done with them.
    public func judge(
        _ segments: [Segment], at stage: ExchangeStage? = nil,
        facts: @autoclosure () -> ExchangeFacts = ExchangeFacts(), using scratch: MatchScratch,
        placeholders: inout Placeholders
    ) -> ChainOutcome {
        var phases = stage?.phase.bit ?? 0
        scratch.begin()
        for index in segments.indices {
            let phase = segments[index].phase
            phases |= phase.bit
            segments[index].text.withUnsafeReadableBytes { suspect($0, index, segments[index], scratch) }
        }
        let needsCode = phases & phasesOfCode != 0
        guard needsCode || !scratch.suspects.isEmpty || scratch.isAlarmed || scratch.gradesAll else {
            return clean[phases]
        }
        var judgement = Judgement(chain: self, outcome: clean[phases])
        guard needsCode else {
            for index in instances.indices { judgement.run(index, on: segments, scratch, &placeholders) }
            return judgement.finished
        }
        let half = stage ?? (phases & Phase.response.bit != 0 ? .answer : .request)
        return judge(segments, Occasion(stage: half, facts: facts()), &judgement, scratch, &placeholders)
    }

    /// Runs a chain that judges by code.
    private func judge(
        _ segments: [Segment], _ occasion: Occasion, _ judgement: inout Judgement, _ scratch: MatchScratch,
        _ placeholders: inout Placeholders
    ) -> ChainOutcome {
        for index in instances.indices {
            if stances[index].examines {
                judgement.examine(index, segments, occasion, scratch)
            } else {
                judgement.run(index, on: segments, scratch, &placeholders)
            }
        }
        let redactions = judgement.revise(segments, occasion, scratch)
        var outcome = judgement.finished
        outcome.redactions = redactions
        return outcome
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
    private func suspect(
        _ text: UnsafeRawBufferPointer, _ number: Int, _ segment: Segment, _ scratch: MatchScratch
    ) {
        guard !text.isEmpty, !patternsOfPhase[segment.phase.index].isEmpty else { return }
        look(at: text, nil, .plain, number, segment, scratch)
        let readings = readingsOfPhase[segment.phase.index]
        guard let patterns = scratch.patterns else { return }
        // Before anything else is scanned with the same memory.
        var views = readings.isEmpty ? [] : Normaliser.unveil(text, scannedBy: patterns, readings)
        if patterns.hasHighByte, !readings.isEmpty { views += Views.of(text, readings) }
        for (reading, view) in views {
            view.bytes.withUnsafeBytes { look(at: $0, view, reading, number, segment, scratch) }
        }
    }

    /// Scans a text, read in one way, and lets the classifier read it.
    private func look(
        at text: UnsafeRawBufferPointer, _ view: TextView?, _ reading: Reading, _ number: Int, _ segment: Segment,
        _ scratch: MatchScratch
    ) {
        let isPlain = isPlain(text, segment)
        let masks = isPlain ? patternsOfPlainTexts : patternsOfPhase
        scan(text, view, reading, number, masks[segment.phase.index], scratch)
        classify(text, view, reading, number, segment, isPlain: isPlain, scratch)
    }

    private func scan(
        _ text: UnsafeRawBufferPointer, _ view: TextView?, _ reading: Reading, _ segment: Int, _ mask: [UInt64],
        _ scratch: MatchScratch
    ) {
        guard let memory = scratch.patterns, (try? patterns.scan(text, using: memory)) != nil else {
            let suspect = MatchScratch.Suspect(segment: segment, reading: reading, view: view, hits: mask, failed: true)
            return scratch.suspects.append(suspect)
        }
        var any: UInt64 = 0
        for word in mask.indices { any |= memory.hits(word: word) & mask[word] }
        guard any != 0 else { return }
        let hits = mask.indices.map { memory.hits(word: $0) & mask[$0] }
        scratch.suspects.append(
            MatchScratch.Suspect(segment: segment, reading: reading, view: view, hits: hits, regions: memory.regions))
    }
}

/// The other ways in which a text is read, as far as they differ from the text.
enum Views {
    static func of(
        _ text: UnsafeRawBufferPointer, _ readings: Set<Reading>, from start: Int = 0, isOpen: Bool = false
    ) -> [(reading: Reading, view: TextView)] {
        let changes = Normaliser.changes(text, from: start)
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
