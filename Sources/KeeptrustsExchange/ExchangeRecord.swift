import KeeptrustsCore
import KeeptrustsPolicy
import KeeptrustsWire
import NIOCore

/// How an exchange ended.
public enum Outcome: String, Sendable, CaseIterable { case completed, blocked, failed, cancelled, refused }

/// What is known of an exchange, gathered as it runs, for its decision event.
struct ExchangeRecord {
    /// One call to a target.
    struct Attempt {
        var target: String
        var status: Int?
        var error: StaticString?
        var duration = Duration.zero
    }

    /// What the chain said in one phase.
    struct Judgement {
        var phase: StaticString
        var outcome: ChainOutcome
    }

    var id: ExchangeID?
    var time = Timestamp(rawValue: 0)
    var requestID: ExchangeID?
    var key: CallerKey?

    /// From the request's headers, when the key may assert it.
    var assertedUser: ByteBuffer?
    var assertedTeam: ByteBuffer?
    var surface = "unknown"

    /// The name of the route that the request takes.
    var route: String?
    var isStreaming = false

    /// A name of the config, or what stands for one that is not: never what only the caller chose.
    var model = ""
    var responseModel: String?
    var target: String?
    var provider: String?
    private(set) var judgements: [Judgement] = []

    /// What all judgements come to, kept beside them: to look through them is to copy them.
    private(set) var verdict: Verdict = .allow
    private(set) var isFlagged = false
    private var isDegraded = false

    /// The judgement that brought the verdict, when that is not to allow.
    private var decisive = -1
    var attempts: [Attempt] = []
    var usage: Usage?
    var cost: Money?
    var status = 0
    var errorCode: String?
    var policyTime = Duration.zero
    var upstreamTime: Duration?

    /// How long services outside were waited for.
    var checkTime: Duration?
    var firstByteTime: Duration?

    /// Takes in what the chain said in a phase.
    mutating func note(_ outcome: consuming ChainOutcome, in phase: StaticString) {
        if outcome.verdict > verdict { (verdict, decisive) = (outcome.verdict, judgements.count) }
        isFlagged = isFlagged || outcome.flagged
        isDegraded = isDegraded || outcome.degraded
        judgements.append(Judgement(phase: phase, outcome: outcome))
    }

    /// The event as JSON, `id` first, as `KeeptrustsAPI.DecisionEvent` reads it; put together in `out`, which is cleared.
    ///
    /// - Parameters:
    ///   - gatewayID: Which gateway this is.
    ///   - config: The members that say by which config was judged and how long the record is kept, as JSON.
    ///   - outcome: How the exchange ended.
    ///   - total: How long it took.
    ///   - inFull: Whether it says all that is known, also of an exchange in which nothing happened.
    ///   - out: Where it is put together.
    /// - Returns: The event.
    func event(
        gatewayID: String, config: [UInt8], outcome: Outcome, total: Duration, inFull: Bool = true,
        using out: inout ByteWriter
    ) -> ByteBuffer {
        let isShort = !inFull && isUneventful(outcome)
        out.clear()
        out.write("{\"id\":")
        if let id { out.writeJSONString(id) }
        out.writeMember("gateway_id", gatewayID)
        out.write(",\"time\":\"")
        time.withText { out.write(UnsafeRawBufferPointer($0)) }
        out.write("\"")
        if let requestID {
            out.write(",\"request_id\":")
            out.writeJSONString(requestID)
        }
        writeCaller(namesUser: !isShort, into: &out)
        out.writeMember("surface", surface)
        if let route { out.writeMember("route", route) }
        out.write(isStreaming ? ",\"stream\":true" : ",\"stream\":false")
        out.writeMember("model", model)
        if let responseModel { out.writeMember("response_model", responseModel) }
        if let target { out.writeMember("target", target) }
        if let provider { out.writeMember("provider", provider) }
        out.write(",")
        out.write(config)
        writeDecision(outcome, into: &out)
        if isShort { writeShortly(total, into: &out) } else { writeInFull(total, into: &out) }
        out.write("}")
        return out.buffer
    }

    private func writeInFull(_ total: Duration, into out: inout ByteWriter) {
        writePolicies(into: &out)
        writeAttempts(into: &out)
        writeUsage(into: &out)
        writeTimings(total, into: &out)
    }

    /// What accounts are made of: no results of policies, no attempts, and no time but the whole.
    private func writeShortly(_ total: Duration, into out: inout ByteWriter) {
        out.write(",\"policies\":[],\"findings\":[],\"attempts\":[]")
        writeUsage(into: &out)
        out.write(",\"timings\":{\"total_us\":")
        out.writeDecimal(Int(total.microseconds))
        out.write(",\"policy_us\":0}")
    }

    /// Whether it was served at the first attempt, and no policy had anything to say.
    private func isUneventful(_ outcome: Outcome) -> Bool {
        guard outcome == .completed, verdict == .allow, !isFlagged, !isDegraded, errorCode == nil, attempts.count <= 1
        else { return false }
        return judgements.allSatisfy { judgement in
            judgement.outcome.results.allSatisfy { $0.reasonCode == nil && $0.findings.isEmpty }
        }
    }

    private func writeCaller(namesUser: Bool, into out: inout ByteWriter) {
        guard let key else { return }
        out.writeMember("key_id", key.id)
        if namesUser { writeUser(of: key, into: &out) }
        if let team = assertedTeam {
            out.write(",\"team_id\":")
            out.writeJSONString(team)
        } else if let team = key.teamID {
            out.writeMember("team_id", team)
        }
        if let group = key.consumerGroup { out.writeMember("consumer_group", group) }
    }

    private func writeUser(of key: CallerKey, into out: inout ByteWriter) {
        if let user = assertedUser {
            out.write(",\"user_id\":")
            out.writeJSONString(user)
        } else if let user = key.userID {
            out.writeMember("user_id", user)
        }
    }

    private func writeDecision(_ outcome: Outcome, into out: inout ByteWriter) {
        // An exchange that no policy has judged has no verdict.
        if !judgements.isEmpty { out.write(verdict.member) }
        out.write(isFlagged ? ",\"flagged\":true" : ",\"flagged\":false")
        out.write(isDegraded ? ",\"degraded\":true" : ",\"degraded\":false")
        if decisive >= 0 {
            if let policy = judgements[decisive].outcome.policy { out.writeMember("policy", policy) }
            if let reason = judgements[decisive].outcome.reason { out.writeMember("reason_code", reason.code) }
            if let terms = judgements[decisive].outcome.escalation { write(terms, into: &out) }
        }
        out.writeMember("outcome", outcome.rawValue)
        out.writeNumber("status", Int64(status))
        if let errorCode { out.writeMember("error_code", errorCode) }
    }

    private func write(_ terms: EscalationTerms, into out: inout ByteWriter) {
        out.write(",\"escalation\":{\"expires_at\":\"")
        time.advanced(by: .seconds(terms.timeout)).withText { out.write(UnsafeRawBufferPointer($0)) }
        out.write("\",\"on_timeout\":\"block\"")
        if let assignee = terms.assignee { out.writeMember("assignee", assignee) }
        out.write("}")
    }

    private func writePolicies(into out: inout ByteWriter) {
        out.write(",\"policies\":[")
        var isFirst = true
        // By their places: a loop over values copies each with all that it holds.
        for place in judgements.indices {
            for index in judgements[place].outcome.results.indices {
                out.write(isFirst ? "{" : ",{")
                isFirst = false
                write(judgements[place].outcome.results[index], judgements[place].phase, into: &out)
            }
        }
        out.write("],\"findings\":[")
        writeFindings(into: &out)
        out.write("]")
    }

    private func write(_ result: borrowing PolicyResult, _ phase: StaticString, into out: inout ByteWriter) {
        out.write(result.names.members)
        out.write(",\"phase\":\"")
        out.write(phase)
        out.write("\"")
        out.write(result.verdict.member)
        if let code = result.reasonCode { out.writeMember("reason_code", code) }
        if result.isLeftOut { out.write(",\"left_out\":true") }
        out.write(result.skipped ? ",\"skipped\":true}" : "}")
    }

    /// The first hundred; the record stays small whatever a text holds.
    private func writeFindings(into out: inout ByteWriter) {
        var count = 0
        for place in judgements.indices {
            for index in judgements[place].outcome.results.indices
            where !judgements[place].outcome.results[index].findings.isEmpty {
                let result = judgements[place].outcome.results[index]
                for located in result.findings.prefix(100 - count) {
                    out.write(count == 0 ? "{\"policy\":" : ",{\"policy\":")
                    count += 1
                    out.writeJSONString(result.id)
                    write(located, judgements[place].phase, into: &out)
                }
            }
        }
    }

    private func write(_ located: LocatedFinding, _ phase: StaticString, into out: inout ByteWriter) {
        out.writeMember("category", located.finding.category)
        out.write(",\"phase\":\"")
        out.write(phase)
        out.write("\"")
        out.writeNumber("segment", Int64(located.segment))
        out.writeNumber("start", Int64(located.finding.span.lowerBound))
        out.writeNumber("end", Int64(located.finding.span.upperBound))
        out.write(",\"confidence\":")
        out.writeHundredths(located.finding.confidence)
        out.write("}")
    }

    private func writeAttempts(into out: inout ByteWriter) {
        out.write(",\"attempts\":[")
        for (index, attempt) in attempts.enumerated() {
            out.write(index == 0 ? "{\"target\":" : ",{\"target\":")
            out.writeJSONString(attempt.target)
            if let status = attempt.status { out.writeNumber("status", Int64(status)) }
            if let error = attempt.error {
                out.write(",\"error\":\"")
                out.write(error)
                out.write("\"")
            }
            out.writeNumber("duration_us", attempt.duration.microseconds)
            out.write("}")
        }
        out.write("]")
    }

    private func writeUsage(into out: inout ByteWriter) {
        if let usage {
            out.write(",\"usage\":{\"input_tokens\":")
            out.writeDecimal(usage.inputTokens)
            out.writeNumber("output_tokens", Int64(usage.outputTokens))
            out.writeNumber("cached_input_tokens", Int64(usage.cachedInputTokens))
            out.write("}")
        }
        if let cost {
            out.write(",\"cost\":{\"micros\":")
            out.writeDecimal(Int(cost.micros))
            out.writeMember("currency", cost.currency)
            out.write("}")
        }
    }

    private func writeTimings(_ total: Duration, into out: inout ByteWriter) {
        out.write(",\"timings\":{\"total_us\":")
        out.writeDecimal(Int(total.microseconds))
        if let upstreamTime { out.writeNumber("upstream_us", upstreamTime.microseconds) }
        if let firstByteTime { out.writeNumber("first_byte_us", firstByteTime.microseconds) }
        out.writeNumber("policy_us", policyTime.microseconds)
        if let checkTime { out.writeNumber("checks_us", checkTime.microseconds) }
        out.write("}")
    }
}

extension Duration {
    var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}

extension Verdict {
    /// As a member of a record that is not its first.
    fileprivate var member: StaticString {
        switch self {
        case .allow: ",\"verdict\":\"allow\""
        case .redact: ",\"verdict\":\"redact\""
        case .escalate: ",\"verdict\":\"escalate\""
        case .block: ",\"verdict\":\"block\""
        }
    }
}

extension ByteWriter {
    /// Writes JSON that was put together before.
    fileprivate mutating func write(_ json: [UInt8]) { json.withUnsafeBytes { write($0) } }

    fileprivate mutating func writeMember(_ key: StaticString, _ value: String) {
        writeKey(key)
        writeJSONString(value)
    }

    fileprivate mutating func writeNumber(_ key: StaticString, _ value: Int64) {
        writeKey(key)
        writeDecimal(Int(value))
    }

    /// Writes a number from 0 to 1 with two decimals.
    fileprivate mutating func writeHundredths(_ number: Double) {
        let hundredths = Int((min(max(number, 0), 1) * 100).rounded())
        writeDecimal(hundredths / 100)
        write(".")
        writeDecimal(hundredths / 10 % 10)
        writeDecimal(hundredths % 10)
    }

    @inline(__always)
    private mutating func writeKey(_ key: StaticString) {
        write(",\"")
        write(key)
        write("\":")
    }
}
