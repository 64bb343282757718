import KeeptrustsCore
import KeeptrustsMatching

/// The kind `code-sanitizer`: takes dangerous code and secrets out of the blocks of code in answers.
///
/// Blocks are what stands between fences, see ``CodeFences``; what is said about code beside them passes.
struct CodeSanitizer: Policy {
    static let kind = PolicyKind("code-sanitizer", streaming: .window, phases: [.response])

    let rules: [Rule]
    let readsCodeOnly = true
    private let blocks: Bool
    let idleSettings: [IdleSetting]

    private enum Key: String, ConfigKey {
        case enabled
        case block = "block_on_match"
        case patterns = "additional_patterns"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        blocks = try mapping[.block]?.boolean() ?? false
        var rules = try Packs.rules(of: "dangerous-code.txt", for: config)
        rules += try Packs.rules(of: "secrets.txt", for: config)
        for node in try mapping[.patterns]?.list() ?? [] {
            rules.append(try Rule(category: "code.custom", written: node))
        }
        let isEnabled = try mapping[.enabled]?.boolean() ?? true
        self.rules = isEnabled ? rules : []
        idleSettings = isEnabled ? [] : [IdleSetting(node: config, reason: "'enabled' is false")]
    }

    func decide(on matches: [RuleMatch]) -> Decision {
        guard !matches.isEmpty else { return .allow }
        if blocks {
            let reason = Reason(code: "code_sanitizer.detected", message: "The text holds code that may do harm.")
            return Decision(verdict: .block, reason: reason)
        }
        let reason = Reason(code: "code_sanitizer.redacted", message: "Code that may do harm was replaced by markers.")
        return Decision(verdict: .redact, reason: reason)
    }
}
