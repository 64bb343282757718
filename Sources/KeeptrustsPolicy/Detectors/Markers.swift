import KeeptrustsCore

/// What stands in the place of a value that was taken out: the section `redaction` of a detector.
struct Markers: Sendable, Equatable {
    var format = Format.label

    /// A marker is as long as the value, in characters.
    var preservesLength = false

    /// Markers of some types, instead of the usual ones.
    var custom: [String: String] = [:]

    /// The answer says the value again where it repeats the marker.
    var isReversible = false

    /// Type and place of a value go into the record.
    var reportsFindings = true

    enum Format: String, Sendable, CaseIterable {
        /// `[EMAIL_REDACTED]`
        case label

        /// `[EMAIL_1]`, the same for the same value in all texts of an exchange.
        case numbered

        /// As many asterisks as the value has characters.
        case asterisks

        /// The last four letters and digits stay, as far as they are no more than a third; the others become asterisks.
        case partial
    }

    private enum Key: String, ConfigKey {
        case format = "marker_format"
        case metadata = "include_metadata"
        case preserveLength = "preserve_length"
        case custom = "custom_markers"
        case reversible, categories
    }

    init() {}

    /// Reads the section.
    ///
    /// - Parameters:
    ///   - node: The section; nil when there is none.
    ///   - types: The types that may have a marker of their own.
    /// - Throws: ``ConfigError`` for the first mistake.
    init(_ node: ConfigNode?, types: [String]) throws(ConfigError) {
        guard let node else { return }
        try node.refuse(["categories": "say 'entities', beside 'redaction'."])
        let mapping = try node.mapping(Key.self)
        if let node = mapping[.format] { format = try node.choice(of: Format.self) }
        if let node = mapping[.metadata] { reportsFindings = try node.boolean() }
        if let node = mapping[.reversible] { try readReversible(node) }
        if let node = mapping[.preserveLength] {
            preservesLength = try node.boolean()
            guard !preservesLength || format != .numbered else {
                throw ConfigError(
                    .unknownValue, at: node.location, "'\(node.path)' does not go with 'marker_format: numbered'.",
                    hint: "A number that is cut off would stand for several values."
                )
            }
        }
        for member in try mapping[.custom]?.members() ?? [] {
            guard types.contains(member.key) else {
                throw ConfigError(
                    .unknownKey, at: member.keyLocation, "unknown key '\(member.value.path)'.",
                    hint: EntityType.hint(for: member.key, among: types)
                )
            }
            custom[member.key] = try member.value.string()
        }
    }

    private mutating func readReversible(_ node: ConfigNode) throws(ConfigError) {
        isReversible = try node.boolean()
        guard !isReversible || format == .numbered else {
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' needs 'marker_format: numbered'.",
                hint: "Only a marker with a number stands for one value."
            )
        }
    }

    /// The marker for a value.
    func marker(for type: String, value: String, _ placeholders: inout Placeholders) -> String {
        if let marker = custom[type] { return fitted(marker, to: value) }
        switch format {
        case .label: return fitted("[\(type)_REDACTED]", to: value)
        case .numbered:
            guard let number = placeholders.number(of: value, type: type, isExact: isReversible) else {
                return "[\(type)_REDACTED]"
            }
            let marker = Marker.text(type, number)
            if isReversible { placeholders.remember(value, as: marker) }
            return marker
        case .asterisks: return String(repeating: "*", count: value.count)
        case .partial: return partial(value)
        }
    }

    private func fitted(_ marker: String, to value: String) -> String {
        guard preservesLength else { return marker }
        let length = value.count
        return String(marker.prefix(length)) + String(repeating: "*", count: max(0, length - marker.count))
    }

    private func partial(_ value: String) -> String {
        let total = value.count { $0.isLetter || $0.isNumber }
        var shown = min(4, total / 3)
        let masked = value.reversed().map { character -> Character in
            guard character.isLetter || character.isNumber else { return character }
            guard shown > 0 else { return "*" }
            shown -= 1
            return character
        }
        return String(masked.reversed())
    }
}

/// A kind that puts markers with their types in the places of what it finds.
protocol MarkingPolicy: Policy {
    var markers: Markers { get }
}

extension MarkingPolicy {
    var picksStrongest: Bool { true }
    var reportsFindings: Bool { markers.reportsFindings }
    var isReversible: Bool { markers.isReversible }

    func replacement(for match: RuleMatch, value: String, _ placeholders: inout Placeholders) -> String {
        markers.marker(for: rules[match.rule].category, value: value, &placeholders)
    }
}
