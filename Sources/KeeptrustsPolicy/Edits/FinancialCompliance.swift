import KeeptrustsCore

/// The kind `financial-compliance`: stops answers that promise results or advise one person, and adds disclaimers.
struct FinancialCompliance: Policy {
    static let kind = PolicyKind(
        "financial-compliance", streaming: .whole, phases: [.response], capable: [.response])

    let rules: [Rule]
    private let disclaimers: Disclaimers

    private enum Key: String, ConfigKey {
        case patterns = "blocked_patterns"
        case replaces = "replace_defaults"
        case disclaimers = "required_disclaimers"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        rules = try AdviceRules.rules(
            of: "financial-advice.txt", for: config, and: mapping[.patterns], replaces: mapping[.replaces])
        disclaimers = try Disclaimers(mapping[.disclaimers], of: Self.kind)
    }

    /// Without disclaimers, an answer need not be complete.
    var streaming: PolicyKind.Streaming { disclaimers.isEmpty ? .window : .whole }

    var revises: Bool { !disclaimers.isEmpty }

    func decide(on matches: [RuleMatch]) -> Decision {
        guard !matches.isEmpty else { return .allow }
        let reason = Reason(
            code: "financial_compliance.detected", message: "The answer promises results, or advises on an investment.")
        return Decision(verdict: .block, reason: reason)
    }

    func revise(_ examination: Examination) throws -> Opinion { try disclaimers.complete(examination) }
}
