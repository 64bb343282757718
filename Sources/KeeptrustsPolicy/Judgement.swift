import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// One run of a chain over texts: what has been said so far.
struct Judgement: Sendable {
    let chain: PolicyChain

    /// The instances that have no say in the exchange.
    let leftOut: [Int]
    var outcome: ChainOutcome
    private(set) var replacements: [Replacement] = []
    private(set) var isBlocked = false

    /// The instance whose verdict is the chain's; of several with the same one, the first of the chain.
    private var decider = Int.max

    /// Findings that one result reports at most.
    static let mostFindings = 100

    /// Places that one instance may take out of a text, and a chain out of all texts together: beyond that they do not pass.
    ///
    /// What is taken out is put together on the event loop, some tenths of a microsecond for each.
    static let mostMatches = 65_536

    init(chain: PolicyChain, outcome: ChainOutcome, leftOut: [Int] = []) {
        self.chain = chain
        self.leftOut = leftOut
        self.outcome = outcome
    }

    /// The outcome, with the redactions in order and those that overlap made one.
    var finished: ChainOutcome {
        var finished = outcome
        finished.redactions = Replacement.merged(replacements)
        return finished
    }

    /// Whether an instance is due; one that is not says so in its result.
    mutating func isDue(_ index: Int) -> Bool {
        guard !outcome.results[index].skipped else { return false }
        guard !isBlocked || chain.stances[index].seesBlocked else {
            outcome.results[index].skipped = true
            return false
        }
        return true
    }

    /// Runs the rules of one instance, unless the chain has ended.
    mutating func run(
        _ index: Int, on segments: [Segment], _ scratch: MatchScratch, _ placeholders: inout Placeholders
    ) {
        guard isDue(index) else { return }
        guard !chain.stances[index].weighs else { return weigh(index, segments, scratch) }
        // Suspects stand in the order of their texts.
        var next = 0
        while next < scratch.suspects.count, !isBlocked {
            let suspects = scratch.suspectsOfOneText(from: next)
            next = suspects.upperBound
            guard chain.isConcerned(index, by: suspects, of: segments, scratch) else { continue }
            judge(segments, suspects, index, scratch, &placeholders)
        }
    }

    /// Judges one text on behalf of one instance.
    ///
    /// - Parameters:
    ///   - segments: The texts.
    ///   - suspects: What is suspected in one of them, of all that `scratch` has.
    ///   - index: The instance.
    ///   - scratch: The memory of the event loop.
    ///   - placeholders: The numbers that the values of the exchange have.
    private mutating func judge(
        _ segments: [Segment], _ suspects: Range<Int>, _ index: Int, _ scratch: MatchScratch,
        _ placeholders: inout Placeholders
    ) {
        let number = scratch.suspects[suspects.lowerBound].segment
        let text = segments[number].text
        let matches: [RuleMatch]
        do { matches = try chain.matches(suspects, for: index, in: text, scratch) } catch { return fail(index, error) }
        guard !matches.isEmpty else { return }
        let policy = chain.policies[index]
        let decision = policy.decide(on: matches)
        let counting = policy.counting(matches)
        report(zip(matches, counting).filter(\.1).map(\.0), decision, number, index)
        apply(decision, index)
        guard decision.verdict == .redact, chain.stances[index].enforces else { return }
        for (match, counts) in zip(matches, counting) {
            var replacement = Replacement(segment: number, span: match.span, text: "", confidence: 0)
            if counts {
                let value = text.text(at: match.span)
                replacement.text = policy.replacement(for: match, value: value, &placeholders)
                replacement.confidence = policy.rules[match.rule].confidence
            }
            replacements.append(replacement)
        }
        endIfCrowded(index)
    }

    /// Notes what the rules of an instance matched, where its decision says anything of it.
    mutating func report(_ matches: [RuleMatch], _ decision: Decision, _ number: Int, _ index: Int) {
        let policy = chain.policies[index]
        guard policy.reportsFindings, decision != .allow else { return }
        for match in matches where outcome.results[index].findings.count < Self.mostFindings {
            let rule = policy.rules[match.rule]
            let finding = Finding(rule.category, at: match.span, confidence: rule.confidence)
            note(LocatedFinding(segment: number, finding), index)
        }
    }

    /// Notes what an instance saw, once, as far as there is room.
    mutating func note(_ finding: LocatedFinding, _ index: Int) {
        guard outcome.results[index].findings.count < Self.mostFindings else { return }
        guard !outcome.results[index].findings.contains(finding) else { return }
        outcome.results[index].findings.append(finding)
    }

    /// Notes how sure an instance is, where it is surer than before.
    mutating func grade(_ score: Double, _ index: Int) {
        outcome.results[index].score = max(outcome.results[index].score ?? 0, score)
    }

    /// Notes what must be replaced in the texts as they were sent.
    mutating func replace(_ edits: [Redaction], of index: Int) {
        for edit in edits {
            replacements.append(Replacement(segment: edit.segment, span: edit.span, text: edit.replacement))
        }
        endIfCrowded(index)
    }

    /// Lets texts pass no more out of which too much would have to be taken.
    private mutating func endIfCrowded(_ index: Int) {
        guard replacements.count > Self.mostMatches else { return }
        replacements = []
        fail(index, MatchFailure.tooMany)
    }

    /// Takes a policy's decision into account, as its instance's mode says.
    ///
    /// - Parameters:
    ///   - decision: The decision.
    ///   - index: The instance.
    ///   - failure: Why its service could not judge, when that is all that the decision says.
    mutating func apply(_ decision: Decision, _ index: Int, failure: ServiceFailure? = nil) {
        if decision.flagged {
            outcome.flagged = true
            outcome.results[index].flagged = true
        }
        if outcome.results[index].reasonCode == nil { outcome.results[index].reasonCode = decision.reason?.code }
        if decision.repeats > 0, chain.stances[index].enforces {
            outcome.wantedRepeats = max(outcome.wantedRepeats, decision.repeats)
        }
        guard decision.verdict != .allow else { return }
        if decision.verdict > outcome.results[index].verdict {
            outcome.results[index].verdict = decision.verdict
            outcome.results[index].reasonCode = decision.reason?.code
        }
        guard chain.stances[index].enforces else {
            outcome.flagged = true
            outcome.results[index].flagged = true
            return
        }
        if outranks(decision.verdict, index, failure) {
            decider = index
            outcome.failure = failure
            outcome.verdict = decision.verdict
            outcome.reason = decision.reason
            outcome.escalation = decision.escalation
            outcome.policy = chain.instances[index].id
        }
        isBlocked = isBlocked || decision.verdict == .block
        if decision.verdict >= .escalate, decision.repeats == 0 { outcome.isFinal = true }
    }

    /// Whether a verdict becomes the chain's.
    ///
    /// Of equal ones, that of a policy that judged before that of one that could not; then the first of the chain.
    private func outranks(_ verdict: Verdict, _ index: Int, _ failure: ServiceFailure?) -> Bool {
        guard verdict == outcome.verdict else { return verdict > outcome.verdict }
        guard (failure == nil) == (outcome.failure == nil) else { return failure == nil }
        return index < decider
    }

    /// A policy gave a search up.
    ///
    /// One that found too much has judged: what it did not take out must not pass.
    mutating func fail(_ index: Int, _ failure: MatchFailure) {
        guard failure == .tooMany else { return fail(index) }
        let instance = chain.instances[index]
        let reason = Reason(
            code: "\(instance.kind.codeName).too_much",
            message:
                "The policy '\(instance.id)' found more than \(Self.mostMatches) places, which is more than it takes out."
        )
        apply(Decision(verdict: .block, reason: reason), index)
    }

    /// A policy could not judge: its instance says what becomes of the text.
    mutating func fail(_ index: Int) {
        let instance = chain.instances[index]
        fail(
            index,
            Reason(
                code: "\(instance.kind.codeName).failed",
                message: "The policy '\(instance.id)' could not judge the text."))
    }

    mutating func fail(_ index: Int, _ reason: Reason, failure: ServiceFailure? = nil) {
        let instance = chain.instances[index]
        if instance.onError == .allow || instance.mode == .observe {
            outcome.degraded = true
            outcome.results[index].reasonCode = reason.code
        } else {
            apply(Decision(verdict: .block, reason: reason), index, failure: failure)
        }
    }
}
