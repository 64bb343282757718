public import KeeptrustsCore

/// Why the database did not do what it was asked.
public struct StorageError: UserFacingError, CustomDebugStringConvertible {
    public enum Kind: String, Sendable, CaseIterable {
        /// No connection, too busy, out of space, or too slow; the same request may succeed later.
        case unavailable = "storage.unavailable"
        case alreadyExists = "storage.already_exists"

        /// It refers to something that is not there, or that something else refers to.
        case missingReference = "storage.missing_reference"
        case invalidValue = "storage.invalid_value"
        case tooLarge = "storage.too_large"
        case invalidCursor = "storage.invalid_cursor"

        /// The database file or address cannot be used at all.
        case unusable = "storage.unusable"
        case schemaTooNew = "storage.schema_too_new"
        case migrationChanged = "storage.migration_changed"
    }

    public var kind: Kind
    public var message: String
    public var hint: String?

    /// What the operator can do about it, for the operator alone; callers read `hint`.
    public var remedy: String?

    /// What the engine said, for the operator; never a password.
    public var cause: String?

    public init(
        _ kind: Kind, _ message: String, hint: String? = nil, remedy: String? = nil, cause: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.remedy = remedy
        self.cause = cause
    }

    public var code: String { kind.rawValue }

    public var category: ErrorCategory {
        switch kind {
        case .unavailable, .unusable, .schemaTooNew, .migrationChanged: .unavailable
        case .alreadyExists: .conflict
        case .missingReference: .unprocessable
        case .invalidValue, .invalidCursor: .invalidInput
        case .tooLarge: .tooLarge
        }
    }

    public var debugDescription: String {
        let text = remedy.map { "\(message) \($0)" } ?? description
        return cause.map { "\(code): \(text) (\($0))" } ?? "\(code): \(text)"
    }

    static func unavailable(_ cause: String, remedy: String? = nil) -> Self {
        Self(
            .unavailable, "The database is not available.", hint: "Try again in a moment.", remedy: remedy,
            cause: cause)
    }

    static func alreadyExists(_ cause: String) -> Self {
        Self(.alreadyExists, "It exists already.", cause: cause)
    }

    static func missingReference(_ cause: String) -> Self {
        Self(.missingReference, "It refers to something that does not exist, or is still in use.", cause: cause)
    }

    static func invalidValue(_ cause: String) -> Self {
        Self(.invalidValue, "A value is empty, too long or out of range.", cause: cause)
    }

    static func tooLarge(_ cause: String) -> Self {
        Self(.tooLarge, "A value is too large.", cause: cause)
    }
}

/// A statement failed in a way that only a mistake in this program explains.
public struct SQLFailure: Error, CustomStringConvertible {
    /// SQLite's extended result code, or PostgreSQL's SQLSTATE.
    public var code: String
    public var message: String
    public var statement: String

    public var description: String { "SQL failed with \(code): \(message) in: \(statement)" }
}
