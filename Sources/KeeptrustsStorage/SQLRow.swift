/// One row of an answer, column by column.
///
///     let team = Team(id: try row["id"], name: try row["name"], created: try row["created"])
public struct SQLRow: Sendable {
    /// The names of the columns, shared by all rows of an answer.
    let columns: [String]
    let values: [SQLValue]

    /// A column is not there, or holds another type than the program expects: the two do not fit.
    public struct WrongColumn: Error, Equatable {
        public var column: String
    }

    /// The value of a column that must not be NULL.
    public subscript<Value: SQLConvertible>(column: String) -> Value {
        get throws(WrongColumn) {
            guard let index = columns.firstIndex(of: column), let value = Value(sqlValue: values[index]) else {
                throw WrongColumn(column: column)
            }
            return value
        }
    }

    /// The value of a column, or nil where it is NULL.
    public subscript<Value: SQLConvertible>(column: String) -> Value? {
        get throws(WrongColumn) {
            guard let index = columns.firstIndex(of: column) else { throw WrongColumn(column: column) }
            guard values[index] != .null else { return nil }
            guard let value = Value(sqlValue: values[index]) else { throw WrongColumn(column: column) }
            return value
        }
    }

    /// The value of a column by its place, counted from 0.
    public subscript<Value: SQLConvertible>(place: Int) -> Value {
        get throws(WrongColumn) {
            guard values.indices.contains(place), let value = Value(sqlValue: values[place]) else {
                throw WrongColumn(column: String(place))
            }
            return value
        }
    }
}
