import KeeptrustsCore
import KeeptrustsPolicy
import NIOCore

extension ExplainReport {
    /// For programs.
    public var json: String {
        let outcome = explanation.outcome
        let policies = zip(explanation.policies, costs).map { policy, cost in
            Wire.Policy(policy, cost, CodePoints(of: policy.sightings.flatMap(\.bounds), in: text))
        }
        return JSONReport.text(
            Wire(
                phase: phase.rawValue, role: role.rawValue, bytes: text.readableBytes,
                verdict: outcome.verdict.rawValue, flagged: outcome.flagged, degraded: outcome.degraded,
                policy: outcome.policy, reason_code: outcome.reason?.code, microseconds: chainCost, policies: policies))
    }
}

private struct Wire: Encodable {
    struct Policy: Encodable {
        var id: String
        var kind: String
        var mode: String
        var ran: Bool
        var skipped: String?
        var verdict: String
        var reason_code: String?
        var microseconds: Double
        var findings: [Finding]

        init(_ policy: PolicyExplanation, _ cost: Double, _ places: CodePoints) {
            id = policy.instance.id
            kind = policy.instance.kind.name
            mode = policy.instance.mode.rawValue
            ran = policy.skip == nil
            skipped = policy.skip?.text
            verdict = policy.verdict.rawValue
            reason_code = policy.reasonCode
            microseconds = cost
            findings = policy.sightings.map { Finding($0, places) }
        }
    }

    struct Finding: Encodable {
        var category: String
        var start: Int
        var end: Int
        var start_byte: Int
        var end_byte: Int
        var confidence: Double
        var weight: Int
        var readings: [String]
        var reported: Bool

        init(_ sighting: PolicyExplanation.Sighting, _ places: CodePoints) {
            let span = sighting.finding.span
            category = sighting.finding.category
            (start, end) = (places[span.lowerBound], places[span.upperBound])
            (start_byte, end_byte) = (span.lowerBound, span.upperBound)
            confidence = sighting.finding.confidence
            weight = sighting.weight
            readings = sighting.readings
            reported = sighting.isReported
        }
    }

    var phase: String
    var role: String
    var bytes: Int
    var verdict: String
    var flagged: Bool
    var degraded: Bool
    var policy: String?
    var reason_code: String?
    var microseconds: Double
    var policies: [Policy]
}
