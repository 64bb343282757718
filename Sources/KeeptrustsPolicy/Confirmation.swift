import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

extension PolicyChain {
    /// Whether a text for which there are suspects is one that an instance must look at.
    func isConcerned(
        _ index: Int, by suspects: Range<Int>, of segments: [Segment], _ scratch: MatchScratch
    ) -> Bool {
        guard concerns(index, suspects, scratch) else { return false }
        let number = scratch.suspects[suspects.lowerBound].segment
        return stances[index].judges(segments[number].phase, segments[number].role)
    }

    /// Whether rules of an instance may match what is suspected.
    func concerns(_ index: Int, _ suspects: Range<Int>, _ scratch: MatchScratch) -> Bool {
        suspects.contains { uses[index].concern(scratch.suspects[$0]) }
    }

    /// What the rules of one instance match in one text, in its order.
    ///
    /// - Throws: ``MatchFailure`` when a search was given up: nothing is known about the text then.
    func matches(
        _ suspects: Range<Int>, for index: Int, in text: ByteBuffer, _ scratch: MatchScratch
    ) throws(MatchFailure) -> [RuleMatch] {
        var matches: [RuleMatch] = []
        for suspect in suspects {
            if let same = scratch.suspects[suspect].same, uses[index].readings.contain(same) { continue }
            if uses[index].concern(scratch.suspects[suspect]) {
                scratch.noteDifferences(ofSuspect: suspect, in: text)
            }
            try confirm(scratch.suspects[suspect], for: index, in: text, scratch, into: &matches)
        }
        matches = RuleMatch.distinct(matches)
        guard stances[index].readsCodeOnly, !matches.isEmpty else { return matches }
        return text.withUnsafeReadableBytes { CodeFences(of: $0).code(of: matches) }
    }

    /// Searches for what a scan suspects, on behalf of one instance.
    func confirm(
        _ suspect: MatchScratch.Suspect, for index: Int, in text: ByteBuffer, _ scratch: MatchScratch,
        into matches: inout [RuleMatch]
    ) throws(MatchFailure) {
        guard uses[index].concern(suspect) else { return }
        guard !suspect.failed, let memory = scratch.patterns else { throw MatchFailure(code: 0) }
        var failure: MatchFailure?
        func search(_ bytes: UnsafeRawBufferPointer) {
            do throws(MatchFailure) {
                try self.search(suspect, for: index, in: bytes, scratch, memory, into: &matches)
            } catch {
                failure = error
            }
        }
        if let view = suspect.view { view.bytes.withUnsafeBytes(search) } else { text.withUnsafeReadableBytes(search) }
        if let failure { throw failure }
    }

    /// Searches one reading of a text for each pattern that it may match.
    private func search(
        _ suspect: MatchScratch.Suspect, for index: Int, in text: UnsafeRawBufferPointer, _ scratch: MatchScratch,
        _ memory: PatternScratch, into matches: inout [RuleMatch]
    ) throws(MatchFailure) {
        let uses = uses[index]
        var contexts = TextContexts()
        let isNarrow = PatternSet.isNarrow(text)
        let all = policies[index].rules
        let original = { [view = suspect.view] (span: Range<Int>) in view?.original(span) ?? span }
        let most = stances[index].enforces && !policies[index].isPassive ? Judgement.mostMatches : .max
        let asking = zip(suspect.hits, uses.inContext).reduce(0) { $0 + ($1.0 & $1.1).nonzeroBitCount }
        for word in uses.mask.indices {
            var bits = suspect.hits[word] & uses.mask[word]
            while bits != 0 {
                let pattern = word * 64 + bits.trailingZeroBitCount
                let asks = bits & ~(bits - 1) & uses.inContext[word] != 0
                bits &= bits - 1
                let rules = uses.rules[pattern] ?? []
                var refused = RefusedValue(rules, of: all)
                func accept(_ span: Range<Int>) throws(MatchFailure) -> Range<Int>? {
                    guard matches.count <= most else { throw .tooMany }
                    guard !refused.is(span, in: text) else { return nil }
                    let part = Self.accept(span, rules, of: all, in: text, into: &matches, place: original)
                    if part == nil { refused.note(span) }
                    return part
                }
                let places = scratch.placesThatDiffer(suspect, for: pattern, uses)
                var first: Int? = 0
                if !asks || asking < TextContexts.fewest || text.count < TextContexts.shortest {
                    first = try patterns.matches(
                        of: pattern, in: text, within: suspect.regions, near: places,
                        patience: asks ? TextContexts.patience : .max, isNarrow: isNarrow, using: memory, accept: accept
                    )
                }
                guard let first else { continue }
                let longest = patterns.longest(of: pattern) ?? .max
                let starts = contexts.starts(of: pattern, longest: longest, uses, in: text, near: places)
                try patterns.matches(
                    of: pattern, in: text, within: suspect.regions, near: places, startingIn: starts, from: first,
                    isNarrow: isNarrow, using: memory, accept: accept)
            }
        }
    }

    /// Lets `rules` judge what was found at `span` of `bytes`, and notes what they accept.
    ///
    /// - Parameters:
    ///   - span: What a pattern found.
    ///   - rules: The rules that look for the pattern.
    ///   - all: The rules of the instance.
    ///   - bytes: The text that was searched.
    ///   - found: Takes the matches.
    ///   - place: Says where a span stands in the text as it was sent.
    /// - Returns: The longest part that any rule accepts; nil when none does.
    static func accept(
        _ span: Range<Int>, _ rules: [Int], of all: [Rule], in bytes: UnsafeRawBufferPointer,
        into found: inout [RuleMatch], place: (Range<Int>) -> Range<Int>
    ) -> Range<Int>? {
        var longest: Range<Int>?
        // Rules have much to copy.
        all.withUnsafeBufferPointer { all in
            for rule in rules {
                guard let part = all[rule].accepted(span, in: bytes) else { continue }
                found.append(RuleMatch(rule: rule, span: place(part)))
                if part.upperBound > longest?.upperBound ?? 0 { longest = part }
            }
        }
        return longest
    }
}

extension RuleMatch {
    /// Matches in the order of the text, each once: several readings of a text may find the same.
    static func distinct(_ matches: [RuleMatch]) -> [RuleMatch] {
        let ordered = matches.sorted {
            ($0.span.lowerBound, $0.rule, $0.span.upperBound) < ($1.span.lowerBound, $1.rule, $1.span.upperBound)
        }
        var distinct: [RuleMatch] = []
        distinct.reserveCapacity(ordered.count)
        for match in ordered where match != distinct.last { distinct.append(match) }
        return distinct
    }
}

extension ByteBuffer {
    /// The text at `span`, counted from the first readable byte.
    func text(at span: Range<Int>) -> String {
        getString(at: readerIndex + span.lowerBound, length: span.count) ?? ""
    }
}
