import KeeptrustsCore

/// The kind `mnpi-filter`: blocks texts that pass on news about companies before they are public, or speak of trading on them.
struct MNPIFilter: MatchPolicy {
    static let kind = PolicyKind("mnpi-filter", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    let response: MatchResponse

    private enum Key: String, ConfigKey {
        case action
        case patterns = "detect_patterns"
        case replace = "replace_defaults"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.settings(
            Key.self, refusing: ["blocked_terms": "say 'detect_patterns', a list of regular expressions."])
        response = try mapping.response(.action, by: Self.kind, "The text holds information that is not public.")
        rules =
            try mapping.defaults(of: "mnpi.txt", unless: .replace, for: .patterns)
            + mapping.patterns(.patterns, category: "mnpi.custom")
    }
}
