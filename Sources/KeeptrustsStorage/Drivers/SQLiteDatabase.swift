import Foundation
import GRDB
import Glibc

/// SQLite in WAL mode: one writer, many readers.
public struct SQLiteDatabase: Database {
    private let pool: any DatabaseWriter

    /// Opens the database at `path`, and makes an empty one where there is none, readable by this user alone.
    public init(path: String) throws {
        try Self.makePrivateFile(path)
        do {
            pool = try DatabasePool(path: path, configuration: Self.configuration)
        } catch let error as DatabaseError {
            throw StorageError(.unusable, "The database file '\(path)' cannot be opened.", cause: "\(error)")
        }
    }

    /// A database that lives in memory, for tests.
    public init() throws {
        pool = try DatabaseQueue(configuration: Self.configuration)
    }

    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        try await Self.translatingErrors {
            try await pool.read { try SQLiteTransaction(database: $0).run(body) }
        }
    }

    public func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        try await Self.translatingErrors {
            try await pool.write { try SQLiteTransaction(database: $0).run(body) }
        }
    }

    /// The beginning and the end of a transaction fail too: no space, or another process that holds the lock.
    private static func translatingErrors<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error as DatabaseError {
            throw error.asStorageError
        }
    }

    /// A commit is on the disk when it returns: what a gateway has been told is stored must outlive a power cut.
    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 8
        configuration.label = "keeptrusts"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
        }
        return configuration
    }

    /// SQLite gives its journals the mode of the database file.
    private static func makePrivateFile(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw StorageError(
                .unusable, "The database file '\(path)' cannot be opened for writing: \(reason).",
                hint: "Name a data directory that exists and that this user may write to.", cause: reason
            )
        }
        defer { close(descriptor) }
        let isPrivate = fchmod(descriptor, 0o600) == 0
        guard isPrivate else {
            throw StorageError(.unusable, "The database file '\(path)' belongs to another user.")
        }
    }
}

/// One transaction of GRDB's, used on its queue while the body runs.
private final class SQLiteTransaction: Transaction {
    private let database: GRDB.Database

    /// PostgreSQL refuses to go on after a statement failed; here the same holds, so that no body relies on more.
    private var failure: (any Error)?
    private var isOver = false

    let engine = SQLEngine.sqlite

    init(database: GRDB.Database) { self.database = database }

    func run<Value>(_ body: (any Transaction) throws -> Value) throws -> Value {
        defer { isOver = true }
        let value = try body(self)
        if let failure { throw failure }
        return value
    }

    func rows(_ sql: SQL) throws -> [SQLRow] {
        try attempt(sql.text) {
            let statement = try prepare(sql)
            try statement.setArguments(try arguments(sql.arguments))
            let columns = statement.columnNames
            var rows: [SQLRow] = []
            let cursor = try Row.fetchCursor(statement)
            while let row = try cursor.next() {
                rows.append(SQLRow(columns: columns, values: row.databaseValues.map(SQLValue.init)))
            }
            return rows
        }
    }

    func execute(_ sql: SQL) throws -> Int {
        try attempt(sql.text) {
            let statement = try prepare(sql)
            try statement.execute(arguments: try arguments(sql.arguments))
            return database.changesCount
        }
    }

    func insert(_ batch: SQLBatch) throws -> Int {
        let names = batch.columns.map(\.name.description).joined(separator: ", ")
        let places = batch.columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        let text = "INSERT INTO \(batch.table) (\(names)) VALUES (\(places)) ON CONFLICT DO NOTHING"
        return try attempt(text) {
            let statement = try database.cachedStatement(sql: text)
            let before = database.totalChangesCount
            for row in batch.rows {
                statement.setUncheckedArguments(StatementArguments(row.map(\.databaseValue)))
                try statement.execute()
            }
            return database.totalChangesCount - before
        }
    }

    private func prepare(_ sql: SQL) throws -> Statement {
        sql.isReusable ? try database.cachedStatement(sql: sql.text) : try database.makeStatement(sql: sql.text)
    }

    /// SQLite numbers `$1`, `$2`, … as they first occur, which is their order.
    private func arguments(_ values: [SQLValue]) throws -> StatementArguments {
        for value in values { try value.validate() }
        return StatementArguments(values.map(\.databaseValue))
    }

    private func attempt<Value>(_ text: String, _ body: () throws -> Value) throws -> Value {
        guard !isOver else { throw StorageError.unavailable("a transaction was used after its end") }
        if let failure { throw failure }
        do {
            return try body()
        } catch {
            failure = (error as? DatabaseError)?.translated(in: text) ?? error
            throw failure ?? error
        }
    }
}

extension SQLValue {
    fileprivate init(_ value: DatabaseValue) {
        self =
            switch value.storage {
            case .null: .null
            case .int64(let integer): .integer(integer)
            case .double(let number): .real(number)
            case .string(let text): .text(text)
            case .blob(let bytes): .blob(Array(bytes))
            }
    }

    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .boolean(let flag): flag.databaseValue
        case .integer(let integer): integer.databaseValue
        case .real(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .blob(let bytes): Data(bytes).databaseValue
        }
    }
}
