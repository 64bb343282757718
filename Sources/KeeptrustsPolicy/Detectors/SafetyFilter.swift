import KeeptrustsCore
import KeeptrustsMatching

/// The kind `safety-filter`: stops requests to defeat what keeps people safe in one of four industries, and one's own terms.
///
/// It knows phrases, not meanings, and is no moderation model.
struct SafetyFilter: Policy {
    static let kind = PolicyKind("safety-filter", streaming: .window, phases: [.request])

    let rules: [Rule]
    private let response: MatchResponse
    private let gate: MatchResponse

    /// The categories of the pack begin with these.
    private enum Mode: String, CaseIterable {
        case criticalInfrastructure = "critical_infrastructure"
        case automotive, education
        case lawEnforcement = "law_enforcement"
    }

    private enum Key: String, ConfigKey {
        case mode, action
        case terms = "block_if"
        case replace = "replace_defaults"
        case fuzzy = "fuzzy_matching"
        case distance = "max_distance"
        case age = "max_age"
    }

    /// The category of an age that somebody gives.
    private static let age = "safety.age"

    init(_ config: ConfigNode) throws(ConfigError) {
        try config.refuse([
            "extra_terms": "say 'block_if'; 'replace_defaults: true' leaves the built-in phrases out.",
            "terms": "say 'block_if'.", "apply_to": "say 'on' in the entry of 'policies.chain'.",
        ])
        let mapping = try config.mapping(Key.self)
        let mode = try mapping[.mode]?.choice(of: Mode.self) ?? .criticalInfrastructure
        let verdict: Verdict = try mapping[.action]?.choice(["block": .block, "escalate": .escalate]) ?? .block
        response = MatchResponse(verdict, by: Self.kind, "The text asks for something that is not safe.")
        gate = MatchResponse(verdict, by: Self.kind, cause: "age", "The text says that its writer is too young.")
        var rules: [Rule] = []
        if try mapping[.replace]?.boolean() ?? false {
            try mapping.required(.terms, hint: "Without it, nothing is looked for.").refuseIfEmpty()
        } else {
            let category = "safety.\(mode.rawValue)"
            rules = try Packs.rules(of: "safety.txt", for: config).filter { $0.category == category }
        }
        rules += try TermRules.rules(
            for: mapping[.terms], fuzzy: mapping[.fuzzy], distance: mapping[.distance], category: "safety.term")
        if let age = try mapping[.age]?.integer(in: 0...21), age > 0 { rules.append(Self.ageGate(age)) }
        self.rules = rules
    }

    /// What an operator tells the model may name what must not be done.
    func reads(_ role: Segment.Role) -> Bool { role != .system }

    func decide(on matches: [RuleMatch]) -> Decision {
        let isOnlyAge = matches.allSatisfy { rules[$0.rule].category == Self.age }
        return (isOnlyAge ? gate : response).decision(on: matches)
    }

    /// What somebody says who is so old or younger.
    private static func ageGate(_ most: Int) -> Rule {
        let ages = (1...most).reversed().map { "\($0)|\(numbers[$0 - 1])" }.joined(separator: "|")
        let gap = #"[\s-]{1,3}"#
        let old = #"\#(gap)?(?:years?|yrs?|y)\#(gap)?/?olds?\b|\s?y/?o\b"#
        let end = #"(?:\s{0,2}(?:[.,;!?)](?:\D|$)|$)|\#(gap)(?:and|but|so|in)\b|\#(old))"#
        let first = #"i(?:['\x{2019}]?m|\#(gap)am|\#(gap)(?:just\#(gap))?turned)"#
        let own = #"\#(first)\#(gap)(?:only\#(gap)|just\#(gap)|a\#(gap))?"#
        let told = #"my\#(gap)age(?:\#(gap)is|:)\s{1,3}"#
        return Rule(category: age, pattern: Pattern("\\b(?:\(own)|\(told))(?:\(ages))\(end)", ignoresCase: true))
    }

    private static let numbers = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "twenty[ -]?one",
    ]
}
