import KeeptrustsCore

/// The kind `itar-ear-filter`: blocks texts with export-controlled technical data, by markings, classes and work on listed goods.
struct ITAREARFilter: MatchPolicy {
    static let kind = PolicyKind("itar-ear-filter", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    let response: MatchResponse

    private enum Key: String, ConfigKey {
        case action
        case terms = "blocked_terms"
        case replace = "replace_defaults"
        case fuzzy = "fuzzy_matching"
        case distance = "max_distance"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.settings(
            Key.self,
            refusing: [
                "categories": "say 'blocked_terms', a list of terms.", "lists": "say 'blocked_terms', a list of terms.",
            ])
        response = try mapping.response(.action, by: Self.kind, "The text holds data under export control.")
        rules =
            try mapping.defaults(of: "export-control.txt", unless: .replace, for: .terms)
            + mapping.terms(.terms, category: "export_control.term", fuzzy: .fuzzy, distance: .distance)
    }
}
