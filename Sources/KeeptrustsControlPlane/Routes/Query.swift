import Foundation
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsWeb

/// The query of a target, read strictly: a parameter that the route does not know, or knows once and finds twice, is
/// refused.
struct Query {
    private let values: [String: String]

    /// - Parameters:
    ///   - request: The request.
    ///   - names: The parameters that it may have.
    ///   - synonyms: What callers may say that is none of them, and which one they mean by it.
    /// - Throws: ``RequestFault`` for any other parameter, and for one that is there twice.
    init(
        _ request: Request, allowing names: Set<String>, synonyms: [String: String] = [:]
    ) throws(RequestFault) {
        var values: [String: String] = [:]
        for pair in (request.uri.query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(parts[0]), let value = Self.decode(parts.count > 1 ? parts[1] : "") else {
                throw RequestFault(.invalidInput, code: "http.bad_query", "The query is not valid.")
            }
            guard names.contains(name) else {
                let shown = String(name.prefix(64))
                throw .field(
                    shown, "There is no parameter '\(shown)' here.", code: "request.unknown_parameter",
                    hint: Self.hint(instead: name, names, synonyms))
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw .field(name, "The parameter '\(name)' is there twice.")
            }
        }
        self.values = values
    }

    private static func hint(instead name: String, _ names: Set<String>, _ synonyms: [String: String]) -> String {
        let known = names.sorted()
        if let meant = synonyms[name] ?? nearestName(to: name, among: known) { return "Did you mean '\(meant)'?" }
        return known.isEmpty ? "It takes none." : "It takes \(known.joined(separator: ", "))."
    }

    subscript(name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The parts of a list, which are separated by commas.
    func list(_ name: String) -> [String] {
        (self[name] ?? "").split(separator: ",").map(String.init)
    }

    /// The words of a list, all of a closed set.
    ///
    /// `hint` says what is meant by a word that is none of them; where it does not know, the nearest one is.
    func words<Word: RawRepresentable & CaseIterable>(
        _ name: String, of _: Word.Type, hint: (String) -> String? = { _ in nil }
    ) throws(RequestFault) -> [Word] where Word.RawValue == String {
        var words: [Word] = []
        for text in list(name) {
            guard let word = Word(rawValue: text) else {
                let known = Word.allCases.map(\.rawValue)
                let meant = nearestName(to: text, among: known).map { "Did you mean '\($0)'?" }
                throw .field(
                    name, "The parameter '\(name)' must be of: \(known.joined(separator: ", ")).",
                    hint: hint(text) ?? meant)
            }
            words.append(word)
        }
        return words
    }

    func number(_ name: String, in range: ClosedRange<Int>) throws(RequestFault) -> Int? {
        guard let text = self[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .field(
                name, "The parameter '\(name)' must be a whole number, \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func flag(_ name: String) throws(RequestFault) -> Bool? {
        switch self[name] {
        case nil: return nil
        case "true": return true
        case "false": return false
        default: throw .field(name, "The parameter '\(name)' must be true or false.")
        }
    }

    /// A moment: RFC 3339, or how long ago, such as `30s`, `5m`, `24h` or `7d`.
    func moment(_ name: String, at now: Timestamp) throws(RequestFault) -> Timestamp? {
        guard let text = self[name] else { return nil }
        if let time = Timestamp(text) { return time }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (0...100_000_000).contains(count), text.first != "+"
        else {
            throw .field(name, "The parameter '\(name)' must be a time (RFC 3339) or an age such as '24h'.")
        }
        return now.advanced(by: .seconds(-count * unit))
    }

    func page() throws(RequestFault) -> PageRequest {
        PageRequest(limit: try number("limit", in: 1...PageRequest.maximum) ?? 50, cursor: self["cursor"])
    }

    private static func decode(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }
}

extension Set<String> {
    /// The parameters of every list.
    static var paging: Self { ["limit", "cursor"] }
}
