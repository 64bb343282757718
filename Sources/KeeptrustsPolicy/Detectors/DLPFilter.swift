import KeeptrustsCore
import KeeptrustsMatching

/// The kind `dlp-filter`: finds credentials, and the terms and patterns that it is told, and keeps them from leaving.
struct DLPFilter: Policy {
    static let kind = PolicyKind("dlp-filter", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    private let action: Action

    private enum Action { case redact, block }

    private enum Key: String, ConfigKey {
        case action
        case patterns = "detect_patterns"
        case terms = "blocked_terms"
        case fuzzy = "fuzzy_matching"
        case distance = "max_distance"
        case sensitivity = "sensitivity_level"
    }

    /// The rules of the pack that a level of sensitivity adds to those of the levels below it.
    private enum Sensitivity: Int { case standard, high, restricted }

    init(_ config: ConfigNode) throws(ConfigError) {
        try config.refuse([
            "patterns": "say 'detect_patterns', a list of regular expressions.",
            "apply_to": "say 'on' in the entry of 'policies.chain'.",
        ])
        let mapping = try config.mapping(Key.self)
        action = try mapping[.action]?.choice(["redact": .redact, "block": .block]) ?? .redact
        let level: Sensitivity =
            try mapping[.sensitivity]?.choice(["standard": .standard, "high": .high, "restricted": .restricted])
            ?? .standard
        var rules = try Packs.rules(of: "secrets.txt", for: config)
        for rule in try Packs.rules(of: "classification.txt", for: config) where level != .standard {
            if rule.weight <= level.rawValue { rules.append(rule) }
        }
        for node in try mapping[.patterns]?.list() ?? [] {
            rules.append(try Rule(category: "custom", written: node))
        }
        self.rules =
            rules + (try TermRules.rules(for: mapping[.terms], fuzzy: mapping[.fuzzy], distance: mapping[.distance]))
    }

    func decide(on matches: [RuleMatch]) -> Decision {
        guard !matches.isEmpty else { return .allow }
        switch action {
        case .redact:
            let reason = Reason(code: "dlp_filter.redacted", message: "Confidential data was replaced by markers.")
            return Decision(verdict: .redact, reason: reason)
        case .block:
            let reason = Reason(code: "dlp_filter.detected", message: "The text holds confidential data.")
            return Decision(verdict: .block, reason: reason)
        }
    }

    func replacement(for match: RuleMatch, value: String, _ placeholders: inout Placeholders) -> String {
        let category = rules[match.rule].category
        if category.hasPrefix("classification") { return "[CLASSIFICATION_REDACTED]" }
        return "[\(Self.markers[category] ?? "API_KEY")_REDACTED]"
    }

    /// What markers call the categories; a token with a vendor's mark is an API key.
    private static let markers = [
        "term": "TERM", "custom": "CUSTOM", "secret.password": "PASSWORD", "secret.url": "PASSWORD",
        "secret.private_key": "PRIVATE_KEY", "secret.seed_phrase": "SEED_PHRASE", "secret.jwt": "TOKEN",
        "secret.webhook": "WEBHOOK", "secret.assignment": "SECRET", "secret.authorization": "SECRET",
        "secret.token": "SECRET", "secret.query": "SECRET", "secret.cookie": "SECRET", "secret.kubernetes": "SECRET",
    ]
}
