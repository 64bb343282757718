import KeeptrustsCore

/// The kind `mnpi-filter`: blocks texts that pass on news about companies before they are public, or speak of trading on them.
struct MNPIFilter: Policy {
    static let kind = PolicyKind("mnpi-filter", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    private let response: MatchResponse

    private enum Key: String, ConfigKey {
        case action
        case patterns = "detect_patterns"
        case replace = "replace_defaults"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        try config.refuse([
            "blocked_terms": "say 'detect_patterns', a list of regular expressions.",
            "apply_to": "say 'on' in the entry of 'policies.chain'.",
        ])
        let mapping = try config.mapping(Key.self)
        let verdict: Verdict = try mapping[.action]?.choice(["block": .block]) ?? .block
        response = MatchResponse(verdict, by: Self.kind, "The text holds information that is not public.")
        var rules: [Rule] = []
        if try mapping[.replace]?.boolean() ?? false {
            try mapping.required(.patterns, hint: "Without it, nothing is looked for.").refuseIfEmpty()
        } else {
            rules = try Packs.rules(of: "mnpi.txt", for: config)
        }
        for node in try mapping[.patterns]?.list() ?? [] {
            rules.append(try Rule(category: "mnpi.custom", written: node))
        }
        self.rules = rules
    }

    func decide(on matches: [RuleMatch]) -> Decision { response.decision(on: matches) }
}
