import KeeptrustsCore

/// The kind `legal-privilege`: stops texts that are marked as privileged, or that pass on a lawyer's advice.
struct LegalPrivilege: MatchPolicy {
    static let kind = PolicyKind("legal-privilege", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    let response: MatchResponse

    private enum Key: String, ConfigKey {
        case action
        case markers = "privilege_markers"
        case replace = "replace_defaults"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.settings(Key.self, refusing: ["markers": "say 'privilege_markers'."])
        response = try mapping.response(
            .action, ["block": .block, "escalate": .escalate], by: Self.kind,
            "The text is marked as privileged, or holds legal advice.")
        rules =
            try mapping.defaults(of: "legal-privilege.txt", unless: .replace, for: .markers)
            + mapping.terms(.markers, category: "privilege.marker")
    }
}
