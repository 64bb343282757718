import KeeptrustsCore
import KeeptrustsMatching

/// The kind `bias-monitor`: scores an answer by its advice against people, and its judgements of groups, for what they are.
///
/// Each rule that matches adds its confidence to the score as independent signs do: two signs of 0.65 make 0.88.
struct BiasMonitor: Policy {
    static let kind = PolicyKind("bias-monitor", streaming: .whole, isSecurity: false, phases: [.response])

    let rules: [Rule]
    private let threshold: Double
    private let response: MatchResponse

    private enum Key: String, ConfigKey {
        case action, threshold
        case characteristics = "protected_characteristics"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        try config.refuse([
            "apply_to": "say 'on' in the entry of 'policies.chain'.",
            "characteristics": "say 'protected_characteristics'.",
        ])
        let mapping = try config.mapping(Key.self)
        threshold = try mapping[.threshold]?.number(in: 0.01...1) ?? 0.85
        let verdict: Verdict = try mapping[.action]?.choice(["block": .block, "escalate": .escalate]) ?? .block
        response = MatchResponse(verdict, by: Self.kind, "The text judges people by a protected characteristic.")
        var rules = try Packs.rules(of: "bias.txt", for: config)
        for node in try mapping[.characteristics]?.list() ?? [] {
            let name = try TermRules.text(of: node)
            guard !Self.known.contains(name.lowercased()) else { continue }
            rules += Self.rules(for: Pattern.literal(name, wholeWords: true, ignoresCase: true), at: node)
        }
        self.rules = rules
    }

    /// The characteristics that the pack knows.
    private static let known: Set<String> = ["race", "gender", "religion", "disability", "age"]

    /// What looks for bias by a characteristic that the settings add: advice that turns on it, and judgements of those who
    /// have it.
    private static func rules(for characteristic: Pattern, at node: ConfigNode) -> [Rule] {
        let gap = #"(?:[\s,:;'"()-]{1,6}+)"#
        let words = #"(?:[\w'-]{1,24}+\#(gap)){0,8}?"#
        let deed =
            "(?:reject|declin|den|exclud|dismiss|fir|hir|promot|accept|admit|rent|lend|invit|recommend|avoid|trust)"
        let against =
            "(?:should|recommend|advise|suggest|better|safer|do not|don't|less suitable|not suitable|unsuitable|risk)"
        let cause = #"(?:because(?: of)?|due to|since|given|as|on account of)"#
        let advice = #"\b\#(against)\b\#(gap)\#(words)(?:\#(deed)\w{0,4}\#(gap)\#(words))?\#(cause)\#(gap)\#(words)"#
        let vice =
            "(?:lazy|stupid|dishonest|criminal|dangerous|unreliable|inferior|incompetent|weak|greedy|violent|dirty)"
        let judged = #"\#(gap)(?:people\#(gap)|men\#(gap)|women\#(gap))?(?:are|is)\#(gap)\#(words)\#(vice)"#
        return [advice + characteristic.expression, characteristic.expression + judged].map { expression in
            let pattern = Pattern(expression, ignoresCase: true)
            return Rule(category: "bias.custom", pattern: pattern, confidence: 0.9, source: node)
        }
    }

    func decide(on matches: [RuleMatch]) -> Decision {
        let doubt = Set(matches.map(\.rule)).reduce(1) { $0 * (1 - rules[$1].confidence) }
        guard 1 - doubt >= threshold else { return .allow }
        return response.decision(on: matches)
    }
}
