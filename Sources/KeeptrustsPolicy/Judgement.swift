import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// One run of a chain over texts: what has been said so far.
struct Judgement: Sendable {
    let chain: PolicyChain
    var outcome: ChainOutcome
    private var replacements: [Replacement] = []
    private var isBlocked = false

    /// Findings that one result reports at most.
    static let mostFindings = 100

    init(chain: PolicyChain, outcome: ChainOutcome) {
        self.chain = chain
        self.outcome = outcome
    }

    /// The outcome, with the redactions in order and those that overlap made one.
    var finished: ChainOutcome {
        var finished = outcome
        finished.redactions = Replacement.merged(replacements)
        return finished
    }

    /// Runs one instance, unless the chain has ended.
    mutating func run(_ index: Int, on segments: [Segment], _ scratch: MatchScratch) {
        let stance = chain.stances[index]
        guard !outcome.results[index].skipped else { return }
        guard !isBlocked || stance.seesBlocked else {
            outcome.results[index].skipped = true
            return
        }
        // Suspects stand in the order of their texts.
        var next = 0
        while next < scratch.suspects.count, !isBlocked {
            let number = scratch.suspects[next].segment
            let first = next
            var isConcerned = false
            while next < scratch.suspects.count, scratch.suspects[next].segment == number {
                isConcerned = isConcerned || chain.uses[index].concern(scratch.suspects[next])
                next += 1
            }
            guard isConcerned, stance.runs(on: segments[number].phase) else { continue }
            guard chain.policies[index].reads(segments[number].role) else { continue }
            judge(segments[number], first..<next, index, scratch)
        }
    }

    /// Judges one text on behalf of one instance.
    ///
    /// - Parameters:
    ///   - segment: The text.
    ///   - suspects: What is suspected in it, of all that `scratch` has.
    ///   - index: The instance.
    ///   - scratch: The memory of the event loop.
    private mutating func judge(_ segment: Segment, _ suspects: Range<Int>, _ index: Int, _ scratch: MatchScratch) {
        let number = scratch.suspects[suspects.lowerBound].segment
        var matches: [RuleMatch] = []
        do {
            for suspect in suspects {
                try chain.confirm(scratch.suspects[suspect], for: index, in: segment.text, scratch, into: &matches)
            }
        } catch {
            return fail(index)
        }
        matches.sort { ($0.span.lowerBound, $0.rule) < ($1.span.lowerBound, $1.rule) }
        if chain.policies[index].readsCodeOnly, !matches.isEmpty {
            matches = segment.text.withUnsafeReadableBytes { CodeFences(of: $0).code(of: matches) }
        }
        guard !matches.isEmpty else { return }
        let decision = chain.policies[index].decide(on: matches)
        report(matches, decision, number, index)
        apply(decision, index)
        guard decision.verdict == .redact, chain.stances[index].enforces else { return }
        for match in matches {
            let value = segment.text.text(at: match.span)
            let text = chain.policies[index].replacement(for: match, value: value)
            replacements.append(Replacement(segment: number, span: match.span, text: text))
        }
    }

    mutating func report(_ matches: [RuleMatch], _ decision: Decision, _ number: Int, _ index: Int) {
        let policy = chain.policies[index]
        guard policy.reportsFindings, decision != .allow else { return }
        for match in matches where outcome.results[index].findings.count < Self.mostFindings {
            let rule = policy.rules[match.rule]
            let finding = Finding(rule.category, at: match.span, confidence: rule.confidence)
            let located = LocatedFinding(segment: number, finding)
            guard !outcome.results[index].findings.contains(located) else { continue }
            outcome.results[index].findings.append(located)
        }
    }

    /// Takes a policy's decision into account, as its instance's mode says.
    mutating func apply(_ decision: Decision, _ index: Int) {
        if decision.flagged { outcome.flagged = true }
        if decision.flagged, outcome.results[index].reasonCode == nil {
            outcome.results[index].reasonCode = decision.reason?.code
        }
        guard decision.verdict != .allow else { return }
        if decision.verdict > outcome.results[index].verdict {
            outcome.results[index].verdict = decision.verdict
            outcome.results[index].reasonCode = decision.reason?.code
        }
        guard chain.stances[index].enforces else {
            outcome.flagged = true
            return
        }
        if decision.verdict > outcome.verdict {
            outcome.verdict = decision.verdict
            outcome.reason = decision.reason
            outcome.policy = chain.instances[index].id
        }
        isBlocked = isBlocked || decision.verdict == .block
    }

    /// A policy could not judge: its instance says what becomes of the text.
    mutating func fail(_ index: Int) {
        let instance = chain.instances[index]
        let reason = Reason(
            code: "\(instance.kind.codeName).failed", message: "The policy '\(instance.id)' could not judge the text."
        )
        if instance.onError == .allow || instance.mode == .observe {
            outcome.degraded = true
            outcome.results[index].reasonCode = reason.code
        } else {
            apply(Decision(verdict: .block, reason: reason), index)
        }
    }
}

extension PolicyChain {
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
