/// A value as both engines know it.
public enum SQLValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    /// Refuses what an engine could not store: a NUL in a text.
    ///
    /// PostgreSQL has no such text and SQLite reads it in two ways, so neither gets it.
    func validate() throws(StorageError) {
        guard case .text(let text) = self, text.utf8.contains(0) else { return }
        throw StorageError(.invalidValue, "A text must not hold the character NUL.")
    }
}

/// A type whose values stand in a column.
public protocol SQLConvertible {
    var sqlValue: SQLValue { get }

    /// The value that a column holds, or nil when it holds something else.
    init?(sqlValue: SQLValue)
}
