/// Rows that are inserted together; one whose key exists already is passed over.
public struct SQLBatch: Sendable {
    let table: StaticString
    let columns: [Column]
    private(set) var rows: [[SQLValue]] = []

    struct Column: Sendable {
        var name: StaticString
        var kind: Kind

        init(_ name: StaticString, _ kind: Kind) {
            self.name = name
            self.kind = kind
        }
    }

    enum Kind: Sendable { case boolean, integer, text }

    init(into table: StaticString, _ columns: [Column]) {
        self.table = table
        self.columns = columns
    }

    /// Adds a row; `values` are in the order of the columns, each of its column's kind or NULL.
    mutating func append(_ values: [SQLValue]) throws {
        guard values.count == columns.count else { throw SQLRow.WrongColumn(column: table.description) }
        for (value, column) in zip(values, columns) {
            switch (value, column.kind) {
            case (.null, _), (.boolean, .boolean), (.integer, .integer): break
            case (.text, .text): try value.validate()
            default: throw SQLRow.WrongColumn(column: column.name.description)
            }
        }
        rows.append(values)
    }
}
