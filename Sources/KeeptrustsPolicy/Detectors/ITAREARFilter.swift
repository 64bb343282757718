import KeeptrustsCore

/// The kind `itar-ear-filter`: blocks texts with export-controlled technical data, by markings, classes and work on listed goods.
struct ITAREARFilter: Policy {
    static let kind = PolicyKind("itar-ear-filter", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    private let response: MatchResponse

    private enum Key: String, ConfigKey {
        case action
        case terms = "blocked_terms"
        case replace = "replace_defaults"
        case fuzzy = "fuzzy_matching"
        case distance = "max_distance"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        try config.refuse([
            "categories": "say 'blocked_terms', a list of terms.", "lists": "say 'blocked_terms', a list of terms.",
            "apply_to": "say 'on' in the entry of 'policies.chain'.",
        ])
        let mapping = try config.mapping(Key.self)
        let verdict: Verdict = try mapping[.action]?.choice(["block": .block]) ?? .block
        response = MatchResponse(verdict, by: Self.kind, "The text holds data under export control.")
        var rules: [Rule] = []
        if try mapping[.replace]?.boolean() ?? false {
            try mapping.required(.terms, hint: "Without it, nothing is looked for.").refuseIfEmpty()
        } else {
            rules = try Packs.rules(of: "export-control.txt", for: config)
        }
        self.rules =
            rules
            + (try TermRules.rules(
                for: mapping[.terms], fuzzy: mapping[.fuzzy], distance: mapping[.distance],
                category: "export_control.term"))
    }

    func decide(on matches: [RuleMatch]) -> Decision { response.decision(on: matches) }
}
