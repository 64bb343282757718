import KeeptrustsCore

/// The kind `student-privacy`: takes out what identifies a student or tells of his record, and may turn children away.
struct StudentPrivacy: MarkingPolicy {
    static let kind = PolicyKind("student-privacy", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    private let response: MatchResponse
    let markers = Markers()

    private enum Key: String, ConfigKey {
        case action
        case ageGate = "age_gate"
    }

    /// The categories of what somebody says of his age: a child by COPPA, a minor by FERPA.
    private static let child = "student.under_13"
    private static let minor = "student.under_18"

    /// The types of other packs that identify a student.
    private static let shared: Set<String> = [
        "EMAIL", "PHONE", "SSN", "NATIONAL_ID", "DATE_OF_BIRTH", "ADDRESS", "PASSPORT", "DRIVERS_LICENSE", "IP_ADDRESS",
        "MRN", "INSURANCE_ID",
    ]

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.settings(Key.self)
        response = try DetectorAction(mapping[.action]).response(of: Self.kind, what: "data of a student")
        let ages = [Self.child, Self.minor]
        var rules = try Packs.rules(for: Self.shared, in: PIIDetector.packs, for: config)
        rules += try Packs.rules(of: "student.txt", for: config)
        if try mapping[.ageGate]?.boolean() ?? false {
            rules += [StatedAge.rule(1...12, category: Self.child), StatedAge.rule(13...17, category: Self.minor)]
        } else {
            rules.removeAll { ages.contains($0.category) }
        }
        self.rules = rules
    }

    func decide(on matches: [RuleMatch]) -> Decision {
        let categories = matches.map { rules[$0.rule].category }
        if categories.contains(Self.child) {
            return Decision(
                verdict: .block, reason: Self.reason("under_13", "The text says that its writer is a child."))
        }
        guard categories.contains(Self.minor) else {
            return response.decision(on: matches)
        }
        guard categories.allSatisfy({ $0 == Self.minor }) else {
            return Decision(
                verdict: .block, reason: Self.reason("under_18", "The text holds data of a minor, who wrote it."))
        }
        return Decision(flagged: true, reason: Self.reason("under_18", "The text says that its writer is a minor."))
    }

    private static func reason(_ cause: String, _ message: String) -> Reason {
        Reason(code: "student_privacy.\(cause)", message: message)
    }
}
