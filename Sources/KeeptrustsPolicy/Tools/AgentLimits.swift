import KeeptrustsCore

/// What the settings of `agent-firewall` allow an agent in all.
struct AgentLimits: Sendable {
    /// Calls in a session; nil for any number.
    var actions: Int?

    /// Calls of a tool in a minute, by its name, and of any other.
    var rates: [String: Int] = [:]
    var defaultRate: Int?

    /// In millionths of whatever the tools' amounts are in.
    var mostAtOnce: Int64?
    var mostInADay: Int64?
    var approvedAbove: Int64?

    /// Failed calls in a request's history after which the agent is stopped.
    var errors: Int?
    var haltsOnPII = false
    var haltsOnThreats = false
    var alertsOnDenied = false
    var alertsOnRate = false

    /// The share of a limit from which on an exchange is flagged, 0...1.
    var alertShare: Double?

    /// How long a session is remembered after its last call.
    static let idle = Duration.seconds(3_600)

    private enum TransactionKey: String, ConfigKey {
        case single = "max_single_transaction"
        case daily = "max_daily_total"
        case approval = "require_approval_above"
    }
    private enum SwitchKey: String, ConfigKey {
        case errors = "max_errors_before_halt"
        case pii = "halt_on_pii_in_action"
        case threats = "halt_on_suspicious_pattern"
    }
    private enum MonitoringKey: String, ConfigKey {
        case denied = "alert_on_denied_action"
        case rate = "alert_on_rate_limit"
        case threshold = "alert_threshold_percent"
    }

    init(
        actions: ConfigNode?, rates: ConfigNode?, transactions: ConfigNode?, switches: ConfigNode?,
        monitoring: ConfigNode?
    ) throws(ConfigError) {
        self.actions = try actions?.integer(in: 1...1_000_000)
        for (tool, _, node) in try rates?.members() ?? [] {
            let rate = try node.integer(in: 1...1_000_000)
            if tool == "default" { defaultRate = rate } else { self.rates[tool] = rate }
        }
        let transactions = try transactions?.mapping(TransactionKey.self)
        mostAtOnce = try Self.amount(transactions?[.single])
        mostInADay = try Self.amount(transactions?[.daily])
        approvedAbove = try Self.amount(transactions?[.approval])
        let switches = try switches?.mapping(SwitchKey.self)
        errors = try switches?[.errors]?.integer(in: 1...10_000)
        haltsOnPII = try switches?[.pii]?.boolean() ?? false
        haltsOnThreats = try switches?[.threats]?.boolean() ?? false
        let monitoring = try monitoring?.mapping(MonitoringKey.self)
        alertsOnDenied = try monitoring?[.denied]?.boolean() ?? false
        alertsOnRate = try monitoring?[.rate]?.boolean() ?? false
        alertShare = try monitoring?[.threshold].map { node throws(ConfigError) in
            Double(try node.integer(in: 1...100)) / 100
        }
    }

    private static func amount(_ node: ConfigNode?) throws(ConfigError) -> Int64? {
        try node.map { node throws(ConfigError) in Int64((try node.number(in: 0...1_000_000_000) * 1_000_000).rounded())
        }
    }

    /// Whether amounts matter.
    var limitsAmounts: Bool { mostAtOnce != nil || mostInADay != nil || approvedAbove != nil }
}
