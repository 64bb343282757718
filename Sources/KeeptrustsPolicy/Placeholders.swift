public import KeeptrustsCore

/// The numbers that stand for values which were taken out of the texts of one exchange.
///
/// A value keeps its number in all texts of the exchange, however it is written. Lives as long as the exchange, in memory
/// only, and never goes into a record.
public struct Placeholders: Sendable, Equatable {
    private struct Value: Sendable, Hashable {
        var type: String

        /// The value in lower case, without what is neither a letter nor a digit; as it is written where that counts.
        var core: String
        var isExact: Bool
    }

    private var numbers: [Value: Int] = [:]
    private var counts: [String: Int] = [:]

    /// Markers that the request had from the beginning: their numbers are nobody's.
    private var taken: Set<String> = []

    /// What markers of the request stand for; nil when nobody will ask.
    private var originals: Originals?
    private var isRemembering = false

    /// Values that are told apart in one exchange; those beyond have no number.
    static let mostValues = 4_096

    /// Markers of a request's own that are told apart; with more, no value of it is remembered.
    static let mostTaken = 65_536

    public init() {}

    /// The number of a value among those of its type.
    ///
    /// - Parameters:
    ///   - value: The value.
    ///   - type: Its type.
    ///   - isExact: Whether a value that is written in another way is another one.
    /// - Returns: The number, from 1 on; nil when there are too many.
    mutating func number(of value: String, type: String, isExact: Bool = false) -> Int? {
        let core = isExact ? value : Self.core(of: value)
        let key = Value(type: type, core: core, isExact: isExact)
        if let number = numbers[key] { return number }
        guard numbers.count < Self.mostValues else { return nil }
        var number = counts[type, default: 0] + 1
        while !taken.isEmpty, taken.contains(Marker.text(type, number)) { number += 1 }
        counts[type] = number
        numbers[key] = number
        return number
    }

    private static func core(of value: String) -> String {
        let core = String(value.lowercased().unicodeScalars.filter { $0.properties.isAlphabetic || isDigit($0) })
        return core.isEmpty ? value : core
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.numericType != nil }

    /// Begins to remember what the markers stand for that are put into a request.
    ///
    /// - Parameter segments: The request's texts; no number is given of which a marker stands in them already.
    public mutating func beginRemembering(_ segments: [Segment]) {
        for segment in segments {
            Marker.find(in: segment.text) { if taken.count <= Self.mostTaken { taken.insert($0) } }
            guard taken.count <= Self.mostTaken else {
                // Some number would be that of a marker which nobody knows any more.
                taken = []
                return
            }
        }
        (originals, isRemembering) = (Originals(), true)
    }

    /// Notes what a marker stands for, while that is asked for.
    mutating func remember(_ value: String, as marker: String) {
        if isRemembering { originals?.remember(value, as: marker) }
    }

    /// The texts that the caller has sent are judged; others that are put in are not his.
    public mutating func endRemembering() { isRemembering = false }

    /// Gives what the markers stand for that were put into the request, and forgets it.
    ///
    /// - Parameters:
    ///   - redactions: What is replaced in the request.
    ///   - segments: Its texts.
    /// - Returns: nil for nothing.
    public mutating func takeOriginals(_ redactions: [Redaction], in segments: [Segment]) -> Originals? {
        defer { originals = nil }
        guard let known = originals?.standing(in: redactions, of: segments), !known.isEmpty else { return nil }
        return known
    }
}
