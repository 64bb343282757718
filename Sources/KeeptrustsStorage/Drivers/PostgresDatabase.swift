import CLibpq
import Dispatch

/// PostgreSQL through libpq: a few connections, each on a thread of its own.
///
/// `write` runs at READ COMMITTED; what needs more asks for a lock (``Transaction/lock(_:)``) or lets a row lock
/// decide. `read` sees one moment (REPEATABLE READ). A body is run again when the server found a deadlock or a
/// serialisation failure, and once when the connection was lost before the commit was sent. A connection lost during
/// the commit is reported: whether it happened is not known then.
public final class PostgresDatabase: Database {
    private let pool: PostgresPool

    /// Takes a connection address such as `postgres://keeptrusts@db.internal/keeptrusts`; connects on first use.
    ///
    /// - Parameters:
    ///   - url: The address, as libpq reads it.
    ///   - connections: The most connections that are open at a time.
    /// - Throws: ``StorageError`` when the address is none.
    public init(url: String, connections: Int = 8) throws {
        pool = PostgresPool(address: try PostgresAddress(url), size: max(1, connections))
    }

    deinit { pool.close() }

    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        try await transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", body)
    }

    public func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        try await transaction("BEGIN", body)
    }

    private func transaction<Value: Sendable>(
        _ begin: SQL, _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            pool.submit { connection in
                continuation.resume(with: connection.flatMap { $0.transaction(begin, body) })
            }
        }
    }
}

/// Where the database is, without a word that must not be shown.
struct PostgresAddress: Sendable {
    /// What libpq connects with; holds the password.
    let url: String
    private let password: String?

    init(_ url: String) throws {
        var problem: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url, &problem)
        PQfreemem(problem)
        guard let options else {
            throw StorageError(
                .unusable, "The database address is not one that PostgreSQL's client understands.",
                hint: "Its form is postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters as %XX."
            )
        }
        defer { PQconninfoFree(options) }
        var password: String?
        var option = options
        while let keyword = option.pointee.keyword {
            if String(cString: keyword) == "password", let value = option.pointee.val {
                password = String(cString: value)
            }
            option += 1
        }
        self.url = url
        self.password = password
    }

    /// What libpq said, in one line and without the password.
    func redact(_ message: String) -> String {
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        guard let password, !password.isEmpty else { return line }
        return line.split(separator: password, omittingEmptySubsequences: false).joined(separator: "[secret]")
    }
}
