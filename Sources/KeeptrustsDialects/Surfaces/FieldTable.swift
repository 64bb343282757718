import KeeptrustsWire

/// What stands at which place of a JSON document: rows of a path and its meaning, compiled for the scanner once.
struct FieldTable<Field: Sendable>: Sendable {
    let shape: JSONShape
    private let fields: [Field]

    /// - Parameters:
    ///   - rows: Places and what they mean; no place twice.
    ///   - reportsOthers: Whether strings, numbers and keys that no row names are reported too.
    init(_ rows: [(String, Field)], reportsOthers: Bool = false) {
        shape = JSONShape(
            rows.map(\.0), reportsOthers: reportsOthers, reportsUnknownKeys: reportsOthers,
            reportsNumbers: reportsOthers)
        fields = rows.map(\.1)
    }

    /// The meaning of a value that the scanner found; nil for one that no row names.
    @inline(__always)
    subscript(value: JSONValue) -> Field? { value.field < 0 ? nil : fields[value.field] }

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
