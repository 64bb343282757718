import KeeptrustsCore

/// What `pii-detector` calls a piece of personal data.
struct EntityType: Sendable {
    var name: String
    var group: Group

    /// What switches a type on.
    enum Group: Sendable {
        /// On unless `entities` leaves it out.
        case always

        /// On with `pci_mode`, and with `healthcare_mode`.
        case cards, health

        /// On only where `entities` names it.
        case named
    }

    static let all: [EntityType] =
        ["EMAIL", "PHONE", "SSN", "IP_ADDRESS", "IBAN", "NATIONAL_ID", "DATE_OF_BIRTH", "ADDRESS"].map {
            .init($0, .always)
        }
        + ["PASSPORT", "DRIVERS_LICENSE", "BANK_ACCOUNT", "BANK_ROUTING", "CRYPTO", "MAC_ADDRESS", "DEA"].map {
            .init($0, .always)
        }
        + ["CREDIT_CARD", "CVV", "CARDHOLDER"].map { .init($0, .cards) }
        + ["MRN", "INSURANCE_ID", "NPI"].map { .init($0, .health) }
        + ["PERSON", "LOCATION", "ORGANIZATION", "VEHICLE_ID", "URL"].map { .init($0, .named) }

    static let names = all.map(\.name)

    private init(_ name: String, _ group: Group) {
        self.name = name
        self.group = group
    }

    /// The types that these groups hold.
    static func names(of groups: Set<Group>) -> Set<String> {
        Set(all.filter { groups.contains($0.group) }.map(\.name))
    }

    /// Reads a list of types.
    static func names(_ node: ConfigNode) throws(ConfigError) -> Set<String> {
        var types: Set<String> = []
        for entry in try node.list() {
            let name = try entry.string()
            guard names.contains(name) else {
                throw ConfigError(
                    .unknownValue, at: entry.location,
                    "'\(entry.path)' is \(quoted(name)), which is no type of entity.",
                    hint: hint(for: name, among: names)
                )
            }
            types.insert(name)
        }
        return types
    }

    /// What to say instead of a type that does not exist.
    static func hint(for name: String, among names: [String]) -> String {
        nearestName(to: name.uppercased(), among: names).map { "did you mean '\($0)'?" }
            ?? "The types are \(names.joined(separator: ", "))."
    }
}
