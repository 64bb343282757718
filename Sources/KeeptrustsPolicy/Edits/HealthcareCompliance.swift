import KeeptrustsCore

/// The kind `healthcare-compliance`: stops answers that diagnose, prescribe or keep from care, and adds disclaimers.
struct HealthcareCompliance: AdvicePolicy {
    static let kind = PolicyKind(
        "healthcare-compliance", streaming: .whole, phases: [.response], capable: [.response])

    let rules: [Rule]
    let disclaimers: Disclaimers
    let response = MatchResponse(
        .block, by: Self.kind, "The answer diagnoses, prescribes, or keeps from medical care.")

    private enum Key: String, ConfigKey {
        case patterns = "blocked_patterns"
        case replaces = "replace_defaults"
        case disclaimers = "required_disclaimers"
        case deviceClass = "fda_class"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        let weight = try mapping[.deviceClass]?.choice(["I": 1, "II": 2, "III": 3]) ?? 2
        rules =
            try mapping.defaults(of: "medical-advice.txt", unless: .replaces, for: .patterns)
            .filter { $0.weight <= weight } + mapping.patterns(.patterns, category: Self.custom)
        disclaimers = try Disclaimers(mapping[.disclaimers], of: Self.kind)
    }
}
