import KeeptrustsCore

/// The kind `data-routing-policy`: lets only targets be asked whose vendors promise enough about the data.
///
/// It decides before the first attempt, so fallback stays among the targets that it leaves.
struct DataRoutingPolicy: Policy {
    static let kind = PolicyKind("data-routing-policy", streaming: .none, phases: [.request], capable: [.request])

    let rules: [Rule] = []
    private let needsNoRetention: Bool
    private let needsNoTraining: Bool
    private let mostDays: Int?
    private let blocks: Bool
    private let logsSelection: Bool

    private enum Key: String, ConfigKey {
        case noRetention = "require_zero_data_retention"
        case noTraining = "require_no_training"
        case mostDays = "max_retention_days"
        case onNone = "on_no_compliant_provider"
        case log = "log_provider_selection"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        needsNoRetention = try mapping[.noRetention]?.boolean() ?? false
        needsNoTraining = try mapping[.noTraining]?.boolean() ?? false
        mostDays = try mapping[.mostDays]?.integer(in: 0...36_500)
        blocks = try mapping[.onNone]?.choice(["block": true, "warn": false]) ?? true
        logsSelection = try mapping[.log]?.boolean() ?? true
    }

    var routes: Bool { true }

    func route(_ targets: [TargetFacts], _ facts: ExchangeFacts) -> RouteOpinion {
        let permitted = targets.map { isEnough($0.dataPolicy ?? DataPolicy()) }
        var opinion = RouteOpinion(permitted: permitted)
        if logsSelection {
            for (target, isPermitted) in zip(targets, permitted) where !isPermitted {
                opinion.findings.append("target_excluded.\(target.id)")
            }
        }
        guard !permitted.contains(true) else { return opinion }
        let reason = Reason(
            code: "data_routing_policy.no_compliant_provider",
            message: "No provider of this model promises what this service needs for its data.")
        guard blocks else {
            opinion.permitted = targets.map { _ in true }
            opinion.decision = Decision(flagged: true, reason: reason)
            return opinion
        }
        opinion.decision = Decision(verdict: .block, reason: reason)
        return opinion
    }

    private func isEnough(_ policy: DataPolicy) -> Bool {
        if needsNoRetention, policy.longestRetention != 0 { return false }
        if needsNoTraining, !policy.trainsNothing { return false }
        guard let mostDays else { return true }
        return policy.longestRetention.map { $0 <= mostDays } ?? false
    }
}
