/// What stands in the place of a value that was taken out.
struct Markers: Sendable, Equatable {
    var format = Format.label

    /// A marker is as long as the value, in characters.
    var preservesLength = false

    /// Markers of some types, instead of the usual ones.
    var custom: [String: String] = [:]

    enum Format: Sendable, Equatable {
        /// `[EMAIL_REDACTED]`
        case label

        /// As many asterisks as the value has characters.
        case asterisks

        /// The last four letters and digits stay, as far as they are no more than a third; the others become asterisks.
        case partial
    }

    /// The marker for a value.
    func marker(for type: String, value: String) -> String {
        if let marker = custom[type] { return fitted(marker, to: value) }
        return switch format {
        case .label: fitted("[\(type)_REDACTED]", to: value)
        case .asterisks: String(repeating: "*", count: value.count)
        case .partial: partial(value)
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
