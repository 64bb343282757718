import Foundation
public import KeeptrustsConfig
public import KeeptrustsCore
import KeeptrustsPolicy
public import NIOCore

/// What `kt policy explain` says about a text: what each policy saw, where, and what it cost.
public struct ExplainReport {
    let text: ByteBuffer
    let role: Segment.Role
    let phase: Phase
    let explanation: ChainExplanation

    /// Of each instance, what it takes by itself, and what the chain takes; microseconds.
    let costs: [Double]
    let chainCost: Double

    /// Judges a text.
    ///
    /// - Parameters:
    ///   - text: UTF-8.
    ///   - role: Who speaks.
    ///   - phase: Where in an exchange the text stands.
    ///   - config: Whose policies judge.
    ///   - cacheDirectory: Where compiled patterns are kept; nil compiles them anew.
    ///   - timer: What costs are measured with.
    /// - Throws: ``ConfigMistakes`` in the policies.
    public init(
        of text: ByteBuffer, role: Segment.Role, phase: Phase, by config: PolicyConfig, cacheDirectory: String?,
        timer: JudgementTimer
    ) throws(ConfigMistakes) {
        self.text = text
        self.role = role
        self.phase = phase
        let segments = [Segment(text, role: role, phase: phase, choice: phase.onlyChoice)]
        let chain = try config.compileChain(cacheDirectory: cacheDirectory)
        let scratch = MatchScratch(for: chain)
        explanation = chain.explain(segments, using: scratch)
        chainCost = timer.microseconds { _ = chain.judge(segments, using: scratch) }
        var costs: [Double] = []
        for index in chain.instances.indices {
            let alone = try config.compileChain(only: [index], cacheDirectory: cacheDirectory)
            let scratch = MatchScratch(for: alone)
            costs.append(timer.microseconds { _ = alone.judge(segments, using: scratch) })
        }
        self.costs = costs
    }

    /// For people, in lines.
    public var summary: String {
        let outcome = explanation.outcome
        var lines = ["\(phase.rawValue), \(role.rawValue): \(text.readableBytes) bytes"]
        for (policy, cost) in zip(explanation.policies, costs) { lines += self.lines(of: policy, cost) }
        var verdict = "verdict: \(outcome.verdict.rawValue)"
        if let policy = outcome.policy, let reason = outcome.reason { verdict += " by \(policy) (\(reason.code))" }
        if outcome.flagged { verdict += ", flagged" }
        if outcome.degraded { verdict += ", degraded" }
        lines.append(verdict + String(format: "; the chain takes %.1f us", chainCost))
        return lines.map(\.shown).joined(separator: "\n")
    }

    private func lines(of policy: PolicyExplanation, _ cost: Double) -> [String] {
        let name = policy.instance.id.padding(toLength: max(20, policy.instance.id.count), withPad: " ", startingAt: 0)
        if let skip = policy.skip { return ["\(name)  skipped: \(skip.text)"] }
        var line = "\(name)  ran: \(policy.verdict.rawValue)"
        if let code = policy.reasonCode { line += " (\(code))" }
        if policy.instance.mode == .observe { line += ", only observes" }
        let places = CodePoints(of: policy.sightings.flatMap(\.bounds), in: text)
        let details = policy.sightings.map { sighting in
            let (start, end) = (sighting.finding.span.lowerBound, sighting.finding.span.upperBound)
            var detail = "    \(sighting.finding.category) at \(places[start])..<\(places[end])"
            if places[start] != start || places[end] != end { detail += " (bytes \(start)..<\(end))" }
            detail += ", confidence \(sighting.finding.confidence)"
            if sighting.weight != 1 { detail += ", weight \(sighting.weight)" }
            if !sighting.readings.isEmpty { detail += ", read \(sighting.readings.joined(separator: ", "))" }
            return sighting.isReported ? detail : detail + "; not reported"
        }
        return [line + String(format: "; %.1f us by itself", cost)] + details
    }
}

extension PolicyExplanation.Skip {
    var text: String {
        switch self {
        case .otherPhases: "it judges other phases"
        case .otherRoles: "it has no opinion on what this role says"
        case .notAsked: "not asked: its service judges in a gateway only"
        case .endedBefore(let policy): "'\(policy)' had ended the chain"
        }
    }
}

extension PolicyExplanation.Sighting {
    var bounds: [Int] { [finding.span.lowerBound, finding.span.upperBound] }
}
