import KeeptrustsCore
import KeeptrustsMatching

/// The kind `pii-detector`: finds personal data and, unless told to block, replaces it by markers.
struct PIIDetector: MarkingPolicy {
    static let kind = PolicyKind("pii-detector", streaming: .window, phases: Set(Phase.allCases))

    let rules: [Rule]
    private let response: MatchResponse
    let markers: Markers
    let idleSettings: [IdleSetting]

    private enum Key: String, ConfigKey {
        case action, entities, redaction
        case healthcareMode = "healthcare_mode"
        case pciMode = "pci_mode"
        case patterns = "detect_patterns"
    }

    /// The packs that say how the types are found.
    static let packs = ["pii.txt", "pii-national.txt", "pii-context.txt"]

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        response = try DetectorAction(mapping[.action]).response(of: Self.kind, what: "personal data")
        rules = try Self.rules(mapping)
        markers = try Markers(mapping[.redaction], types: EntityType.names + ["CUSTOM"])
        let modes = mapping[.entities] == nil ? [] : [mapping[.healthcareMode], mapping[.pciMode]].compactMap(\.self)
        idleSettings = modes.map { IdleSetting(node: $0, reason: "'entities' says which types are looked for") }
    }

    private static func rules(_ mapping: ConfigMapping<Key>) throws(ConfigError) -> [Rule] {
        var groups: Set<EntityType.Group> = [.always]
        if try mapping[.pciMode]?.boolean() ?? true { groups.insert(.cards) }
        if try mapping[.healthcareMode]?.boolean() ?? false { groups.insert(.health) }
        var wanted = EntityType.names(of: groups)
        if let entities = mapping[.entities] { wanted = try EntityType.names(entities) }
        let node = mapping[.action] ?? mapping[.entities]
        var rules = try Packs.rules(for: wanted, in: packs, for: node)
        for node in try mapping[.patterns]?.list() ?? [] {
            if let type = EntityType.names.first(where: { isName(node, of: $0) }) {
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

    func decide(on matches: [RuleMatch]) -> Decision { response.decision(on: matches) }
}
