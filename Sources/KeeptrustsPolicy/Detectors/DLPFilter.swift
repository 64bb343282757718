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
        if let node = mapping[.fuzzy], try node.boolean() { try node.refuseForNow() }
        try mapping[.distance]?.refuseForNow()
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
        for node in try mapping[.terms]?.list() ?? [] { rules.append(try Self.term(node)) }
        self.rules = rules
    }

    private static func term(_ node: ConfigNode) throws(ConfigError) -> Rule {
        let term = try node.string()
        guard (1...256).contains(term.utf8.count), !term.allSatisfy(\.isWhitespace) else {
            throw ConfigError(.outOfRange, at: node.location, "'\(node.path)' must have 1 to 256 bytes that show.")
        }
        let pattern = Pattern.literal(term, wholeWords: true, ignoresCase: true)
        return Rule(category: "term", pattern: pattern, source: node)
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
        switch rules[match.rule].category {
        case "term": "[TERM_REDACTED]"
        case "custom": "[CUSTOM_REDACTED]"
        case let category where category.hasPrefix("classification"): "[CLASSIFICATION_REDACTED]"
        default: "[SECRET_REDACTED]"
        }
    }
}
