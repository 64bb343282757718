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
            try confirm(scratch.suspects[suspect], for: index, in: text, scratch, into: &matches)
        }
        matches.sort { ($0.span.lowerBound, $0.rule) < ($1.span.lowerBound, $1.rule) }
        guard stances[index].readsCodeOnly, !matches.isEmpty else { return matches }
        return text.withUnsafeReadableBytes { CodeFences(of: $0).code(of: matches) }
    }

    /// Searches for what a scan suspects, on behalf of one instance.
    func confirm(
        _ suspect: MatchScratch.Suspect, for index: Int, in text: ByteBuffer, _ scratch: MatchScratch,
        into matches: inout [RuleMatch]
    ) throws(MatchFailure) {
        let uses = uses[index]
        guard uses.concern(suspect) else { return }
        guard !suspect.failed, let memory = scratch.patterns else { throw MatchFailure(code: 0) }
        for word in uses.mask.indices {
            var bits = suspect.hits[word] & uses.mask[word]
            while bits != 0 {
                let pattern = word * 64 + bits.trailingZeroBitCount
                bits &= bits - 1
                let search = Search(
                    pattern: pattern, rules: uses.rules[pattern] ?? [], instance: index,
                    regions: suspect.regions
                )
                if let view = suspect.view {
                    try find(search, in: view, memory, into: &matches)
                } else {
                    try find(search, in: text, memory, into: &matches)
                }
            }
        }
    }

    /// What to search for, on whose behalf, and where.
    private struct Search {
        var pattern: Int
        var rules: [Int]
        var instance: Int
        var regions: [PatternRegion]
    }

    private func find(
        _ search: Search, in text: ByteBuffer, _ memory: PatternScratch,
        into matches: inout [RuleMatch]
    ) throws(MatchFailure) {
        var failure: MatchFailure?
        var found: [RuleMatch] = []
        text.withUnsafeReadableBytes { bytes in
            do throws(MatchFailure) {
                let regions = search.regions
                try patterns.matches(of: search.pattern, in: bytes, within: regions, using: memory) { span in
                    accept(span, search.rules, search.instance, in: bytes, into: &found) { $0 }
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        matches.append(contentsOf: found)
    }

    private func find(
        _ search: Search, in view: TextView, _ memory: PatternScratch,
        into matches: inout [RuleMatch]
    ) throws(MatchFailure) {
        var failure: MatchFailure?
        var found: [RuleMatch] = []
        view.bytes.withUnsafeBytes { bytes in
            do throws(MatchFailure) {
                let regions = search.regions
                try patterns.matches(of: search.pattern, in: bytes, within: regions, using: memory) { span in
                    accept(span, search.rules, search.instance, in: bytes, into: &found) { view.original($0) }
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        guard !found.isEmpty else { return }
        let known = Set(matches)
        matches.append(contentsOf: found.filter { !known.contains($0) })
    }

    /// Lets `rules` judge what was found at `span` of `bytes`, and notes what they accept.
    ///
    /// - Parameters:
    ///   - span: What a pattern found.
    ///   - rules: The rules that look for the pattern.
    ///   - index: The instance whose rules they are.
    ///   - bytes: The text that was searched.
    ///   - found: Takes the matches.
    ///   - place: Says where a span stands in the text as it was sent.
    /// - Returns: The longest part that any rule accepts; nil when none does.
    func accept(
        _ span: Range<Int>, _ rules: [Int], _ index: Int, in bytes: UnsafeRawBufferPointer,
        into found: inout [RuleMatch], place: (Range<Int>) -> Range<Int>
    ) -> Range<Int>? {
        var longest: Range<Int>?
        for rule in rules {
            guard let part = policies[index].rules[rule].accepted(span, in: bytes) else { continue }
            found.append(RuleMatch(rule: rule, span: place(part)))
            if part.upperBound > longest?.upperBound ?? 0 { longest = part }
        }
        return longest
    }
}

extension ByteBuffer {
    /// The text at `span`, counted from the first readable byte.
    func text(at span: Range<Int>) -> String {
        getString(at: readerIndex + span.lowerBound, length: span.count) ?? ""
    }
}
