import KeeptrustsCore

/// The kind `hipaa-phi-detector`: takes out what identifies a patient, by the list of 45 CFR 164.514(b)(2)(i) (Safe Harbor).
struct HIPAAPHIDetector: MarkingPolicy {
    static let kind = PolicyKind("hipaa-phi-detector", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    private let response: MatchResponse
    let markers = Markers()

    private enum Key: String, ConfigKey {
        case mode, action
        case safeHarbor = "safe_harbor_method"
    }

    /// What a limited data set may hold, by 45 CFR 164.514(e)(2): dates, ages, towns with their ZIP codes, other numbers.
    private static let ofLimitedDataSets: Set<String> = [
        "DATE", "DATE_OF_BIRTH", "AGE", "LOCATION", "ZIP_CODE", "UNIQUE_ID",
    ]

    /// The types of other packs that the list names.
    private static let shared: Set<String> = [
        "PERSON", "ADDRESS", "LOCATION", "DATE_OF_BIRTH", "PHONE", "EMAIL", "SSN", "NATIONAL_ID", "PASSPORT", "MRN",
        "INSURANCE_ID", "NPI", "DEA", "DRIVERS_LICENSE", "BANK_ACCOUNT", "IBAN", "CREDIT_CARD", "CRYPTO",
        "VEHICLE_ID", "MAC_ADDRESS", "URL", "IP_ADDRESS",
    ]

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.settings(
            Key.self, refusing: ["entities": "say 'pii-detector', which can choose among types."])
        _ = try mapping[.mode]?.choice(["hipaa_18": true])
        let action = try DetectorAction(mapping[.action])
        response = action.response(of: Self.kind, what: "health information with a name to it")
        var rules = try Packs.rules(for: Self.shared, in: PIIDetector.packs, for: config)
        rules += try Packs.rules(of: "phi.txt", for: config)
        guard try mapping[.safeHarbor]?.boolean() ?? true else {
            self.rules = rules.filter { !Self.ofLimitedDataSets.contains($0.category) }
            return
        }
        self.rules = rules
    }

    func decide(on matches: [RuleMatch]) -> Decision { response.decision(on: matches) }
}
