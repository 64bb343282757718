import KeeptrustsCore

/// The kind `case-privacy`: takes out who is in a court case and which case it is, and stops texts that are marked as sealed.
struct CasePrivacy: MarkingPolicy {
    static let kind = PolicyKind("case-privacy", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    private let response: MatchResponse
    let markers = Markers()

    private enum Key: String, ConfigKey {
        case action
        case caseNumbers = "case_numbers"
        case partyNames = "party_names"
        case blockSealed = "block_sealed"
        case matters = "protected_matters"
    }

    /// The category of a mark that says that a text is sealed.
    private static let sealed = "case.sealed"

    /// The types of other packs that Rule 5.2 and protective orders keep out of filings.
    private static let shared: Set<String> = [
        "SSN", "NATIONAL_ID", "DATE_OF_BIRTH", "BANK_ACCOUNT", "IBAN", "CREDIT_CARD", "DRIVERS_LICENSE", "PASSPORT",
        "ADDRESS", "PHONE", "EMAIL",
    ]

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.settings(Key.self, refusing: ["terms": "say 'protected_matters'."])
        response = try DetectorAction(mapping[.action]).response(of: Self.kind, what: "data of a case")
        var left: Set<String> = []
        if try !(mapping[.caseNumbers]?.boolean() ?? true) { left.insert("CASE_NUMBER") }
        if try !(mapping[.partyNames]?.boolean() ?? true) { left.formUnion(["PARTY_NAME", "MINOR_NAME"]) }
        if try !(mapping[.blockSealed]?.boolean() ?? true) { left.insert(Self.sealed) }
        var rules = try Packs.rules(for: Self.shared, in: PIIDetector.packs, for: config)
        rules += try Packs.rules(of: "case.txt", for: config).filter { !left.contains($0.category) }
        rules += try mapping.terms(.matters, category: "MATTER")
        self.rules = rules
    }

    func decide(on matches: [RuleMatch]) -> Decision {
        if matches.contains(where: { rules[$0.rule].category == Self.sealed }) {
            let reason = Reason(code: "case_privacy.sealed", message: "The text is marked as sealed.")
            return Decision(verdict: .block, reason: reason)
        }
        return response.decision(on: matches)
    }
}
