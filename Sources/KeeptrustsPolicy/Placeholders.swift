/// The numbers that stand for values which were taken out of the texts of one exchange.
///
/// A value keeps its number in all texts of the exchange, however it is written. Lives as long as the exchange, in memory
/// only, and never goes into a record.
public struct Placeholders: Sendable, Equatable {
    private struct Value: Sendable, Hashable {
        var type: String

        /// The value in lower case, without what is neither a letter nor a digit.
        var core: String
    }

    private var numbers: [Value: Int] = [:]
    private var counts: [String: Int] = [:]

    /// Values that are told apart in one exchange; those beyond have no number.
    static let mostValues = 4_096

    public init() {}

    /// The number of a value among those of its type, from 1 on; nil when there are too many.
    mutating func number(of value: String, type: String) -> Int? {
        let core = String(value.lowercased().unicodeScalars.filter { $0.properties.isAlphabetic || Self.isDigit($0) })
        let key = Value(type: type, core: core.isEmpty ? value : core)
        if let number = numbers[key] { return number }
        guard numbers.count < Self.mostValues else { return nil }
        let number = counts[type, default: 0] + 1
        counts[type] = number
        numbers[key] = number
        return number
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.numericType != nil }
}
