import KeeptrustsCore

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
        let mapping = try config.settings(
            Key.self,
            refusing: [
                "extra_terms": "say 'block_if'; 'replace_defaults: true' leaves the built-in phrases out.",
                "terms": "say 'block_if'.",
            ])
        let mode = try mapping[.mode]?.choice(of: Mode.self) ?? .criticalInfrastructure
        response = try mapping.response(
            .action, ["block": .block, "escalate": .escalate], by: Self.kind,
            "The text asks for something that is not safe.")
        gate = MatchResponse(
            response.verdict, by: Self.kind, cause: "age", "The text says that its writer is too young.")
        var rules = try mapping.defaults(of: "safety.txt", unless: .replace, for: .terms)
        rules.removeAll { $0.category != "safety.\(mode.rawValue)" }
        rules += try mapping.terms(.terms, category: "safety.term", fuzzy: .fuzzy, distance: .distance)
        if let age = try mapping[.age]?.integer(in: 0...21), age > 0 {
            rules.append(StatedAge.rule(1...age, category: Self.age))
        }
        self.rules = rules
    }

    /// What an operator tells the model may name what must not be done.
    func reads(_ role: Segment.Role) -> Bool { role != .system }

    func decide(on matches: [RuleMatch]) -> Decision {
        let isOnlyAge = matches.allSatisfy { rules[$0.rule].category == Self.age }
        return (isOnlyAge ? gate : response).decision(on: matches)
    }
}
