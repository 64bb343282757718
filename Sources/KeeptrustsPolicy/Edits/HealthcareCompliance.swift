import KeeptrustsCore

/// The kind `healthcare-compliance`: stops answers that diagnose, prescribe or keep from care, and adds disclaimers.
struct HealthcareCompliance: Policy {
    static let kind = PolicyKind(
        "healthcare-compliance", streaming: .whole, phases: [.response], capable: [.response])

    let rules: [Rule]
    private let disclaimers: Disclaimers

    private enum Key: String, ConfigKey {
        case patterns = "blocked_patterns"
        case replaces = "replace_defaults"
        case disclaimers = "required_disclaimers"
        case deviceClass = "fda_class"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        let weight = try mapping[.deviceClass]?.choice(["I": 1, "II": 2, "III": 3]) ?? 2
        rules = try AdviceRules.rules(
            of: "medical-advice.txt", for: config, and: mapping[.patterns], replaces: mapping[.replaces],
            upTo: weight)
        disclaimers = try Disclaimers(mapping[.disclaimers], of: Self.kind)
    }

    /// Without disclaimers, an answer need not be complete.
    var streaming: PolicyKind.Streaming { disclaimers.isEmpty ? .window : .whole }

    var revises: Bool { !disclaimers.isEmpty }

    func decide(on matches: [RuleMatch]) -> Decision {
        guard !matches.isEmpty else { return .allow }
        let reason = Reason(
            code: "healthcare_compliance.detected",
            message: "The answer diagnoses, prescribes, or keeps from medical care.")
        return Decision(verdict: .block, reason: reason)
    }

    func revise(_ examination: Examination) throws -> Opinion { try disclaimers.complete(examination) }
}
