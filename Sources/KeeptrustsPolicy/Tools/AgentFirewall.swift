import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// The kind `agent-firewall`: which tools an agent may use, how often, for how much, and when it is stopped.
///
/// Counts are of a session: the caller's key and its `X-Session-Id`. Without that header a request is a session, with the
/// calls that its history holds.
struct AgentFirewall: Policy {
    static let kind = PolicyKind(
        "agent-firewall", streaming: .whole, phases: [.toolCall, .toolResult], capable: [.toolCall, .toolResult])

    let rules: [Rule]
    private let limits: AgentLimits
    private let names: ToolNames?

    /// The tools of each role; of `*` for any other.
    private let roles: [String: ToolNames]

    private enum Key: String, ConfigKey {
        case allowed = "allowed_tools"
        case blocked = "blocked_tools"
        case maxActions = "max_actions_per_session"
        case tools
        case rates = "rate_limits"
        case transactions = "transaction_limits"
        case switches = "kill_switches"
        case monitoring
    }
    private enum ToolsKey: String, ConfigKey { case roles }
    private enum RoleKey: String, ConfigKey { case allowed, denied }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(
            Key.self,
            hints: [
                "denied_tools": "say 'blocked_tools'", "rate_limit": "say 'rate_limits'",
                "transaction_limit": "say 'transaction_limits'",
            ])
        let isSimple = mapping[.allowed] != nil || mapping[.blocked] != nil
        if isSimple, let node = mapping[.tools] {
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' stands beside 'allowed_tools' or 'blocked_tools'.",
                hint: "Say one of the two.")
        }
        names = isSimple ? try ToolNames(allowed: mapping[.allowed], denied: mapping[.blocked]) : nil
        var roles: [String: ToolNames] = [:]
        for (role, _, node) in try mapping[.tools]?.mapping(ToolsKey.self).required(.roles).members() ?? [] {
            let own = try node.mapping(RoleKey.self)
            roles[role] = try ToolNames(allowed: own[.allowed], denied: own[.denied])
        }
        self.roles = roles
        limits = try AgentLimits(
            actions: mapping[.maxActions], rates: mapping[.rates], transactions: mapping[.transactions],
            switches: mapping[.switches], monitoring: mapping[.monitoring])
        rules = limits.haltsOnPII ? try Self.personalData(mapping[.switches]) : []
    }

    /// What `pii-detector` looks for on its own, apart from addresses of machines, which are what many tools are for.
    private static func personalData(_ node: ConfigNode?) throws(ConfigError) -> [Rule] {
        let wanted = EntityType.names(of: [.always, .cards]).subtracting(["IP_ADDRESS"])
        return try Packs.rules(for: wanted, in: PIIDetector.packs, for: node)
    }

    var examines: Bool { true }

    /// Without a session, what the request's history holds counts.
    var needs: FactNeeds {
        FactNeeds(
            headers: [ExchangeFacts.roleHeader, ExchangeFacts.sessionHeader], conversation: limits.actions != nil,
            memory: true)
    }

    func examine(_ examination: Examination) -> Opinion {
        if let refusal = examination.refusalOfNamelessCall("agent_firewall") { return refusal }
        if let most = limits.errors, examination.failedResults >= most {
            return .block("agent_firewall.halted", "Too many tools have failed: the agent was stopped.")
        }
        var opinion = Opinion()
        var session = AgentSession(examination, limits)
        for call in examination.calls {
            let ruling = rule(on: call, examination, &session)
            if ruling.isAlert { opinion.decision.flagged = true }
            guard let reason = ruling.reason else { continue }
            let finding = Finding(
                "agent.\(reason.code)", at: 0..<examination.length(of: call.segment), confidence: ruling.confidence)
            opinion.findings.append(LocatedFinding(segment: call.segment, finding))
            let decision = Decision(
                verdict: ruling.verdict, flagged: opinion.decision.flagged,
                reason: Reason(code: "agent_firewall.\(reason.code)", message: reason.message))
            opinion.decision = opinion.decision.stronger(decision)
            opinion.decision.flagged = decision.flagged
            if ruling.verdict == .block { break }
        }
        opinion.counted = session.counted
        return opinion
    }

    private func permits(_ tool: String, _ role: String?) -> Bool {
        if let names { return names.permits(tool) }
        guard !roles.isEmpty else { return true }
        return (role.flatMap { roles[$0] } ?? roles["*"])?.permits(tool) ?? false
    }

    /// What becomes of one call.
    private func rule(
        on call: Examination.Call, _ examination: Examination, _ session: inout AgentSession
    ) -> AgentRuling {
        let tool = quoted(call.name)
        guard permits(call.name, examination.facts.role) else {
            return .block(
                "tool_denied", "The agent may not use the tool \(tool).", isAlert: limits.alertsOnDenied)
        }
        if limits.haltsOnPII, examination.matches.contains(where: { examination.isPart($0.segment, of: call) }) {
            session.halt()
            return .block("halted", "The agent was stopped: a call of \(tool) holds personal data.")
        }
        if limits.haltsOnThreats, let threat = CallThreats.threat(of: call) {
            session.halt()
            return .block(
                "halted", "The agent was stopped: a call of \(tool) \(threat.category.sentence).",
                confidence: threat.confidence)
        }
        // What the history holds has been counted when it was answered.
        guard examination.stage == .answer else { return AgentRuling() }
        return session.count(call)
    }
}

/// What becomes of one call of an agent.
struct AgentRuling {
    var verdict = Verdict.allow
    var reason: (code: String, message: String)?
    var isAlert = false
    var confidence = 1.0

    static func block(_ code: String, _ message: String, isAlert: Bool = false, confidence: Double = 1) -> Self {
        Self(verdict: .block, reason: (code, message), isAlert: isAlert, confidence: confidence)
    }
}

extension Examination {
    /// The results of tools that say that they failed.
    fileprivate var failedResults: Int {
        own.count { segments[$0].phase == .toolResult && ToolFailure.isOne(segments[$0].text) }
    }
}
