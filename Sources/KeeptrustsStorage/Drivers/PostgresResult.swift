import CLibpq
import Foundation

/// The answer to one statement.
struct PostgresResult {
    /// What the server says it did, such as `COMMIT` or `INSERT 0 1`.
    let tag: String

    /// How many rows a statement touched.
    let changes: Int
    private let columns: [String]
    private let values: [[SQLValue]]

    /// Takes an answer over, and frees it.
    init(_ result: OpaquePointer?, _ connection: PostgresConnection, _ statement: String) throws {
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: break
        default: throw PostgresFailure(result, connection, statement)
        }
        tag = String(cString: PQcmdStatus(result))
        changes = Int(String(cString: PQcmdTuples(result))) ?? 0
        let kinds = (0..<PQnfields(result)).map { PQftype(result, $0) }
        columns = (0..<PQnfields(result)).map { String(cString: PQfname(result, $0)) }
        values = (0..<PQntuples(result)).map { row in
            kinds.enumerated().map { column, kind in
                guard PQgetisnull(result, row, Int32(column)) == 0,
                    let bytes = PQgetvalue(result, row, Int32(column))
                else { return .null }
                let length = Int(PQgetlength(result, row, Int32(column)))
                return SQLValue(UnsafeRawBufferPointer(start: bytes, count: length), type: kind)
            }
        }
    }

    func rows() -> [SQLRow] { values.map { SQLRow(columns: columns, values: $0) } }
}

extension SQLValue {
    /// Reads a value in PostgreSQL's text form, by the type's number in the catalogue `pg_type`.
    fileprivate init(_ bytes: UnsafeRawBufferPointer, type: Oid) {
        let text = String(decoding: bytes, as: UTF8.self)
        self =
            switch type {
            case 16: .boolean(text == "t")
            case 20, 21, 23, 26: Int64(text).map(SQLValue.integer) ?? .text(text)
            case 700, 701: Double(text).map(SQLValue.real) ?? .text(text)
            // `numeric`, as sums of integers are.
            case 1700: Int64(text).map(SQLValue.integer) ?? Double(text).map(SQLValue.real) ?? .text(text)
            case 17: .blob(Self.bytes(ofHex: bytes.dropFirst(2)))
            default: .text(text)
            }
    }

    private static func bytes(ofHex digits: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
        func value(_ digit: UInt8) -> UInt8 { digit <= 57 ? digit &- 48 : (digit | 32) &- 87 }
        return stride(from: digits.startIndex, to: digits.endIndex - 1, by: 2).map {
            value(digits[$0]) << 4 | value(digits[$0 + 1])
        }
    }
}

/// A statement that PostgreSQL refused, or a connection that is gone.
struct PostgresFailure: Error {
    /// The SQLSTATE; nil when the server said nothing.
    let state: String?
    let message: String
    let statement: String
    let connectionIsGone: Bool

    init(_ result: OpaquePointer?, _ connection: PostgresConnection, _ statement: String) {
        state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
        let primary = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) }
        let constraint = PQresultErrorField(result, Int32(UInt8(ascii: "n"))).map { " (\(String(cString: $0)))" }
        message = primary.map { connection.redact($0) + (constraint ?? "") } ?? connection.lastMessage
        self.statement = statement
        connectionIsGone = !connection.isOpen
    }

    /// A deadlock or a serialisation failure: the next run may succeed.
    var isWorthAnotherRun: Bool { state == "40001" || state == "40P01" }

    var isLostConnection: Bool { connectionIsGone || state?.hasPrefix("57P") == true }

    /// What the failure means to whoever asked.
    ///
    /// See PostgreSQL 15, appendix A.
    var translated: any Error {
        guard let state, !connectionIsGone else { return StorageError.unavailable(message) }
        return switch state {
        case "23505": StorageError.alreadyExists(message)
        case "23503": StorageError.missingReference(message)
        case "23514", "23502", "22003", "22021", "22P05", "22008": StorageError.invalidValue(message)
        case "54000", "22001": StorageError.tooLarge(message)
        default:
            switch state.prefix(2) {
            // Connection, rolled back, out of resources, operator's intervention, system error, read-only server.
            case "08", "40", "53", "55", "57", "58", "XX", "25": StorageError.unavailable(message)
            default: SQLFailure(code: state, message: message, statement: statement)
            }
        }
    }
}
