import CLibpq
import Foundation

/// A libpq connection with its prepared statements.
///
/// `@unchecked Sendable`: made, used and closed on one thread of a ``PostgresPool``.
final class PostgresConnection: @unchecked Sendable {
    private let address: PostgresAddress
    private(set) var handle: OpaquePointer?

    /// The names of the statements that this connection has prepared, by text.
    private var prepared: [String: String] = [:]
    private static let maximumPrepared = 256

    /// How often a body is run in all, when the server asks to run it again.
    private static let maximumRuns = 8

    init(address: PostgresAddress) { self.address = address }

    var isOpen: Bool { handle.map { PQstatus($0) == CONNECTION_OK } ?? false }

    /// Connects within five seconds, or says why not.
    func open() throws {
        close()
        // Later entries win, so an address may set these itself.
        let options = [
            ("connect_timeout", "5"), ("application_name", "keeptrusts"), ("keepalives_idle", "10"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "15000"),
            ("dbname", address.url), ("client_encoding", "UTF8"),
        ]
        var keywords = options.map { UnsafePointer(strdup($0.0)) } + [nil]
        var values = options.map { UnsafePointer(strdup($0.1)) } + [nil]
        defer {
            for text in keywords + values { free(UnsafeMutablePointer(mutating: text)) }
        }
        handle = PQconnectdbParams(&keywords, &values, 1)
        guard isOpen else {
            let cause = lastMessage
            let remedy = PostgresRefusal.remedy(for: handle)
            close()
            throw StorageError.unavailable(cause, remedy: remedy)
        }
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        for setting: SQL in ["SET statement_timeout = 30000", "SET lock_timeout = 10000", "SET bytea_output = 'hex'"] {
            _ = try run(setting)
        }
    }

    func close() {
        PQfinish(handle)
        handle = nil
        prepared = [:]
    }

    /// Runs `body` between `begin` and a commit; see ``PostgresDatabase`` for when it is run again.
    func transaction<Value>(
        _ begin: SQL, _ body: (any Transaction) throws -> Value
    ) -> Result<Value, any Error> {
        var runs = 0
        var mayReconnect = true
        while true {
            runs += 1
            do {
                return .success(try attempt(begin, body))
            } catch let error as PostgresFailure where error.isWorthAnotherRun && runs < Self.maximumRuns {
                Thread.sleep(forTimeInterval: Double.random(in: 0.001...0.004) * Double(1 << min(runs, 6)))
            } catch let error as PostgresFailure where error.isLostConnection && mayReconnect {
                mayReconnect = false
                do { try open() } catch { return .failure(error) }
            } catch {
                return .failure((error as? PostgresFailure)?.translated ?? error)
            }
        }
    }

    private func attempt<Value>(_ begin: SQL, _ body: (any Transaction) throws -> Value) throws -> Value {
        let transaction = PostgresTransaction(connection: self)
        _ = try run(begin)
        let value: Value
        do {
            value = try body(transaction)
            if let failure = transaction.failure { throw failure }
        } catch {
            transaction.isOver = true
            if isOpen { _ = try? run("ROLLBACK") }
            // The body got a translation, or words of its own; the server's word decides whether to run it again.
            if let failure = transaction.failure, failure.isWorthAnotherRun || failure.isLostConnection {
                throw failure
            }
            throw error
        }
        transaction.isOver = true
        do {
            let result = try run("COMMIT")
            // The server answers so when a statement had failed, and has rolled back.
            guard result.tag == "COMMIT" else { throw StorageError.unavailable("the transaction had failed") }
        } catch let error as PostgresFailure where error.isLostConnection {
            throw StorageError.unavailable("the connection was lost during a commit")
        }
        return value
    }

    /// Runs a statement, prepared if it can be met again.
    func run(_ sql: SQL) throws -> PostgresResult {
        let text = sql.text
        let parameters = PostgresParameters(sql.arguments)
        guard sql.isReusable, !sql.arguments.isEmpty else {
            return try parameters.withPointers { count, values, lengths, formats in
                try PostgresResult(PQexecParams(handle, text, count, nil, values, lengths, formats, 0), self, text)
            }
        }
        let name = try prepare(text, types: [])
        return try parameters.withPointers { count, values, lengths, formats in
            try PostgresResult(PQexecPrepared(handle, name, count, values, lengths, formats, 0), self, text)
        }
    }

    func run(_ batch: SQLBatch) throws -> PostgresResult {
        let arrays = PostgresArrays(batch)
        let name = try prepare(arrays.statement, types: arrays.types)
        return try arrays.parameters.withPointers { count, values, lengths, formats in
            try PostgresResult(
                PQexecPrepared(handle, name, count, values, lengths, formats, 0), self, arrays.statement)
        }
    }

    private func prepare(_ text: String, types: [Oid]) throws -> String {
        if let name = prepared[text] { return name }
        if prepared.count >= Self.maximumPrepared {
            _ = try PostgresResult(PQexec(handle, "DEALLOCATE ALL"), self, "DEALLOCATE ALL")
            prepared = [:]
        }
        let name = "s\(prepared.count)"
        _ = try PostgresResult(PQprepare(handle, name, text, Int32(types.count), types), self, text)
        prepared[text] = name
        return name
    }

    /// Why the last call failed, when there is no result that tells.
    var lastMessage: String { address.redact(handle.map { String(cString: PQerrorMessage($0)) } ?? "not connected") }

    func redact(_ message: String) -> String { address.redact(message) }
}

/// What a body works with; of no use once the body has returned.
private final class PostgresTransaction: Transaction {
    private let connection: PostgresConnection
    private(set) var failure: PostgresFailure?
    var isOver = false

    let engine = SQLEngine.postgres

    init(connection: PostgresConnection) { self.connection = connection }

    func rows(_ sql: SQL) throws -> [SQLRow] { try attempt(sql) { try connection.run(sql).rows() } }

    func execute(_ sql: SQL) throws -> Int { try attempt(sql) { try connection.run(sql).changes } }

    func insert(_ batch: SQLBatch) throws -> Int {
        guard !batch.rows.isEmpty else { return 0 }
        return try attempt(nil) { try connection.run(batch).changes }
    }

    private func attempt<Value>(_ sql: SQL?, _ body: () throws -> Value) throws -> Value {
        guard !isOver else { throw StorageError.unavailable("a transaction was used after its end") }
        if let failure { throw failure.translated }
        for value in sql?.arguments ?? [] { try value.validate() }
        do {
            return try body()
        } catch let error as PostgresFailure {
            failure = error
            throw error.translated
        }
    }
}
