import KeeptrustsCore

/// The kind `dual-use-filter`: blocks, or takes out, the terms of dual-use goods that it is told.
struct DualUseFilter: MatchPolicy {
    static let kind = PolicyKind("dual-use-filter", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    let response: MatchResponse

    private enum Key: String, ConfigKey {
        case action
        case terms = "blocked_terms"
        case fuzzy = "fuzzy_matching"
        case distance = "max_distance"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.settings(
            Key.self,
            refusing: [
                "categories": "say 'blocked_terms', a list of terms.", "lists": "say 'blocked_terms', a list of terms.",
            ])
        let verdict: Verdict = try mapping[.action]?.choice(["block": .block, "redact": .redact]) ?? .block
        let message =
            verdict == .redact ? "Terms of dual-use goods were replaced." : "The text names dual-use goods."
        response = MatchResponse(verdict, by: Self.kind, message)
        _ = try mapping.filled(.terms, hint: "The kind has no terms of its own.")
        rules = try mapping.terms(.terms, category: "dual_use.term", fuzzy: .fuzzy, distance: .distance)
    }

    func replacement(for match: RuleMatch, value: String, _ placeholders: inout Placeholders) -> String {
        "[DUAL_USE_REDACTED]"
    }
}
