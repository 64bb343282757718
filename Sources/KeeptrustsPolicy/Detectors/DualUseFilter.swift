import KeeptrustsCore

/// The kind `dual-use-filter`: blocks, or takes out, the terms of dual-use goods that it is told.
struct DualUseFilter: Policy {
    static let kind = PolicyKind("dual-use-filter", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    private let response: MatchResponse

    private enum Key: String, ConfigKey {
        case action
        case terms = "blocked_terms"
        case fuzzy = "fuzzy_matching"
        case distance = "max_distance"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        try config.refuse([
            "categories": "say 'blocked_terms', a list of terms.", "lists": "say 'blocked_terms', a list of terms.",
            "apply_to": "say 'on' in the entry of 'policies.chain'.",
        ])
        let mapping = try config.mapping(Key.self)
        let verdict: Verdict = try mapping[.action]?.choice(["block": .block, "redact": .redact]) ?? .block
        let message =
            verdict == .redact ? "Terms of dual-use goods were replaced." : "The text names dual-use goods."
        response = MatchResponse(verdict, by: Self.kind, message)
        let terms = try mapping.required(.terms, hint: "The kind has no terms of its own.")
        try terms.refuseIfEmpty()
        rules = try TermRules.rules(
            for: terms, fuzzy: mapping[.fuzzy], distance: mapping[.distance], category: "dual_use.term")
    }

    func decide(on matches: [RuleMatch]) -> Decision { response.decision(on: matches) }

    func replacement(for match: RuleMatch, value: String, _ placeholders: inout Placeholders) -> String {
        "[DUAL_USE_REDACTED]"
    }
}
