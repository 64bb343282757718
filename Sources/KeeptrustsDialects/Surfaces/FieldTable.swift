import KeeptrustsWire
import NIOCore

/// What stands at which place of a JSON document: rows of a path and its meaning, compiled for the scanner once.
struct FieldTable<Field: Sendable>: Sendable {
    let shape: JSONShape
    private let fields: [Field]

    /// - Parameters:
    ///   - rows: Places and what they mean; no place twice.
    ///   - reportsOthers: Whether keys, strings and numbers that no row names are reported too; of numbers, only those
    ///     that are long enough to name a person or an account.
    ///   - reportsPlaces: Whether what no row names bears a mark of its place, so that a text in pieces can be joined.
    ///   - mostValues: What is read of a document at most, as values, keys and containers.
    init(
        _ rows: [(String, Field)], reportsOthers: Bool = false, reportsPlaces: Bool = false, mostValues: Int = .max
    ) {
        shape = JSONShape(
            rows.map(\.0), reportsOthers: reportsOthers, reportsUnknownKeys: reportsOthers,
            leastNumber: reportsOthers ? ByteBuffer.leastDigits : .max, reportsPlaces: reportsPlaces,
            mostValues: mostValues)
        fields = rows.map(\.1)
    }

    /// The meaning of a value that the scanner found; nil for one that no row names.
    @inline(__always)
    subscript(value: JSONValue) -> Field? { value.field < 0 ? nil : fields[value.field] }

    /// The path of the row that names a value, such as `messages.*.role`.
    func path(of value: JSONValue) -> String { shape.paths[value.field] }

    /// The place of a named value, as a caller reads it: `messages[0].role`.
    func place(of value: JSONValue) -> String {
        var numbers = [value.index, value.inner].makeIterator()
        return shape.paths[value.field].split(separator: ".").reduce(into: "") { place, part in
            if part == "*" {
                place += "[\(numbers.next() ?? -1)]"
            } else {
                place += place.isEmpty ? String(part) : "." + part
            }
        }
    }
}
