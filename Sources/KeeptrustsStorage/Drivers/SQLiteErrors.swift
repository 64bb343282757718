import GRDB

extension DatabaseError {
    /// What the error means to whoever asked, where it is not this program's own mistake.
    private var meaning: StorageError? {
        let cause = message ?? "\(resultCode)"
        return switch extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY: .alreadyExists(cause)
        case .SQLITE_CONSTRAINT_FOREIGNKEY: .missingReference(cause)
        case .SQLITE_CONSTRAINT_CHECK, .SQLITE_CONSTRAINT_NOTNULL, .SQLITE_CONSTRAINT_TRIGGER: .invalidValue(cause)
        case .SQLITE_TOOBIG: .tooLarge(cause)
        default:
            switch resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_CANTOPEN,
                .SQLITE_NOMEM, .SQLITE_CORRUPT, .SQLITE_NOTADB:
                .unavailable(cause)
            default: nil
            }
        }
    }

    func translated(in statement: String) -> any Error {
        meaning ?? SQLFailure(code: "\(extendedResultCode.rawValue)", message: message ?? "", statement: statement)
    }

    /// For what fails outside of a statement of ours.
    var asStorageError: any Error { translated(in: sql ?? "a transaction's begin or end") }
}
