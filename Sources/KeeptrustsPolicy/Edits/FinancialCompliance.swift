import KeeptrustsCore

/// The kind `financial-compliance`: stops answers that promise results or advise one person, and adds disclaimers.
struct FinancialCompliance: AdvicePolicy {
    static let kind = PolicyKind(
        "financial-compliance", streaming: .whole, phases: [.response], capable: [.response])

    let rules: [Rule]
    let disclaimers: Disclaimers
    let response = MatchResponse(
        .block, by: Self.kind, "The answer promises results, or advises on an investment.")

    private enum Key: String, ConfigKey {
        case patterns = "blocked_patterns"
        case replaces = "replace_defaults"
        case disclaimers = "required_disclaimers"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        rules =
            try mapping.defaults(of: "financial-advice.txt", unless: .replaces, for: .patterns)
            + mapping.patterns(.patterns, category: Self.custom)
        disclaimers = try Disclaimers(mapping[.disclaimers], of: Self.kind)
    }
}
