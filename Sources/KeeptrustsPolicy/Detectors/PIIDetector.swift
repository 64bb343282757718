import KeeptrustsCore
import KeeptrustsMatching

/// The kind `pii-detector`: finds personal data and, unless told to block, replaces it by markers.
struct PIIDetector: Policy {
    static let kind = PolicyKind("pii-detector", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    let reportsFindings: Bool
    private let action: Action
    private let markers: Markers

    private enum Action { case redact, block }

    private enum Key: String, ConfigKey {
        case action, entities, redaction
        case healthcareMode = "healthcare_mode"
        case pciMode = "pci_mode"
        case patterns = "detect_patterns"
    }
    private enum RedactionKey: String, ConfigKey {
        case format = "marker_format"
        case metadata = "include_metadata"
        case preserveLength = "preserve_length"
        case custom = "custom_markers"
        case categories
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        action = try mapping[.action]?.choice(["redact": .redact, "block": .block]) ?? .redact
        rules = try Self.rules(mapping)
        var markers = Markers()
        var reportsFindings = true
        if let redaction = mapping[.redaction] {
            try redaction.refuse(["categories": "say 'entities', beside 'redaction'."])
            let mapping = try redaction.mapping(RedactionKey.self)
            if let node = mapping[.format] {
                markers.format = try node.choice(["label": .label, "asterisks": .asterisks, "partial": .partial])
            }
            if let node = mapping[.metadata] { reportsFindings = try node.boolean() }
            if let node = mapping[.preserveLength] { markers.preservesLength = try node.boolean() }
            if let node = mapping[.custom] { markers.custom = try Self.customMarkers(node) }
        }
        self.markers = markers
        self.reportsFindings = reportsFindings
    }

    /// The entity types, by the group that switches them on.
    private static let always = ["EMAIL", "PHONE", "SSN", "IBAN", "IP_ADDRESS"]
    private static let pci = ["CREDIT_CARD", "CVV", "CARDHOLDER"]
    private static let healthcare = ["MRN", "INSURANCE_ID", "NPI"]

    private static func rules(_ mapping: ConfigMapping<Key>) throws(ConfigError) -> [Rule] {
        var wanted = Set(always)
        if try mapping[.pciMode]?.boolean() ?? true { wanted.formUnion(pci) }
        if try mapping[.healthcareMode]?.boolean() ?? false { wanted.formUnion(healthcare) }
        if let entities = mapping[.entities] { wanted = try types(entities) }
        let node = mapping[.action] ?? mapping[.entities]
        var rules = try Packs.rules(of: "pii.txt", for: node).filter { wanted.contains($0.category) }
        for node in try mapping[.patterns]?.list() ?? [] {
            if let type = (always + pci + healthcare).first(where: { isName(node, of: $0) }) {
                throw ConfigError(
                    .unknownValue, at: node.location, "'\(node.path)' is the name of a type, not a pattern.",
                    hint: "say 'entities: [\(type)]'."
                )
            }
            rules.append(try Rule(category: "CUSTOM", written: node))
        }
        return rules
    }

    private static func isName(_ node: ConfigNode, of type: String) -> Bool {
        (try? node.string())?.uppercased() == type
    }

    private static func types(_ node: ConfigNode) throws(ConfigError) -> Set<String> {
        let known = always + pci + healthcare
        var types: Set<String> = []
        for entry in try node.list() {
            let name = try entry.string()
            guard known.contains(name) else {
                let hint = nearestName(to: name.uppercased(), among: known).map { "did you mean '\($0)'?" }
                throw ConfigError(
                    .unknownValue, at: entry.location, "'\(entry.path)' is '\(name)', which is no type of entity.",
                    hint: hint ?? "The types are \(known.joined(separator: ", "))."
                )
            }
            types.insert(name)
        }
        return types
    }

    private static func customMarkers(_ node: ConfigNode) throws(ConfigError) -> [String: String] {
        var custom: [String: String] = [:]
        for member in try node.members() {
            let known = always + pci + healthcare + ["CUSTOM"]
            guard known.contains(member.key) else {
                let hint = nearestName(to: member.key.uppercased(), among: known).map { "did you mean '\($0)'?" }
                throw ConfigError(
                    .unknownKey, at: member.keyLocation, "unknown key '\(member.value.path)'.",
                    hint: hint ?? "The types are \(known.joined(separator: ", "))."
                )
            }
            custom[member.key] = try member.value.string()
        }
        return custom
    }

    func decide(on matches: [RuleMatch]) -> Decision {
        guard !matches.isEmpty else { return .allow }
        switch action {
        case .redact:
            let reason = Reason(code: "pii_detector.redacted", message: "Personal data was replaced by markers.")
            return Decision(verdict: .redact, reason: reason)
        case .block:
            let reason = Reason(code: "pii_detector.detected", message: "The text holds personal data.")
            return Decision(verdict: .block, reason: reason)
        }
    }

    func replacement(for match: RuleMatch, value: String) -> String {
        markers.marker(for: rules[match.rule].category, value: value)
    }
}
