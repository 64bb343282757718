import KeeptrustsCore

/// The kind `legal-privilege`: stops texts that are marked as privileged, or that pass on a lawyer's advice.
struct LegalPrivilege: Policy {
    static let kind = PolicyKind("legal-privilege", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    private let response: MatchResponse

    private enum Key: String, ConfigKey {
        case action
        case markers = "privilege_markers"
        case replace = "replace_defaults"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        try config.refuse([
            "markers": "say 'privilege_markers'.", "apply_to": "say 'on' in the entry of 'policies.chain'.",
        ])
        let mapping = try config.mapping(Key.self)
        let verdict: Verdict = try mapping[.action]?.choice(["block": .block, "escalate": .escalate]) ?? .block
        response = MatchResponse(verdict, by: Self.kind, "The text is marked as privileged, or holds legal advice.")
        var rules: [Rule] = []
        if try mapping[.replace]?.boolean() ?? false {
            try mapping.required(.markers, hint: "Without it, nothing is looked for.").refuseIfEmpty()
        } else {
            rules = try Packs.rules(of: "legal-privilege.txt", for: config)
        }
        self.rules = rules + (try TermRules.rules(for: mapping[.markers], category: "privilege.marker"))
    }

    func decide(on matches: [RuleMatch]) -> Decision { response.decision(on: matches) }
}
