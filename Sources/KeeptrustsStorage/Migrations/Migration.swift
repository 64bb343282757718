/// A step in the schema's history; once released, never changed.
struct Migration: Sendable {
    var name: String
    var statements: [Statement]

    /// A statement that both engines read, or one for each.
    enum Statement: Sendable, ExpressibleByStringLiteral {
        case both(SQL)
        case each(sqlite: SQL?, postgres: [SQL])

        init(stringLiteral value: StaticString) { self = .both(SQL(stringLiteral: value)) }

        func sql(for engine: SQLEngine) -> [SQL] {
            switch (self, engine) {
            case (.both(let sql), _): [sql]
            case (.each(let sqlite, _), .sqlite): sqlite.map { [$0] } ?? []
            case (.each(_, let postgres), .postgres): postgres
            }
        }
    }

    /// Tells an edited migration from the one that was applied (FNV-1a, 64 bits).
    func checksum(for engine: SQLEngine) -> String {
        let text = statements.flatMap { $0.sql(for: engine) }.map(\.text).joined(separator: ";\n")
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }

    static let all = [identity, fleet, events, audit, endings, serverState, retention]
}

extension Database {
    /// Brings the schema up to date, each step in its own transaction.
    ///
    /// Safe to call on every start, also of several processes at once: they take turns. A database that lacks no step is
    /// only read, so that a role without the right to make tables will do.
    ///
    /// - Throws: ``StorageError`` with ``StorageError/Kind/schemaTooNew`` when the database has steps that this program
    ///   does not know, and ``StorageError/Kind/migrationChanged`` when a step is not the one that was applied.
    public func migrate() async throws { try await migrate(through: Migration.all) }

    /// Whether the first step of the schema was applied; changes nothing.
    public func hasSchema() async throws -> Bool { try await read { try $0.hasHistory() } }

    func migrate(through migrations: [Migration]) async throws {
        guard try await !read({ try $0.isUpToDate(migrations) }) else { return }
        while try await write({ try $0.applyNext(of: migrations) }) {}
    }
}

extension Transaction {
    /// Applies the first migration that the database lacks; false when it lacks none.
    fileprivate func applyNext(of migrations: [Migration]) throws -> Bool {
        if engine == .postgres {
            // Others may be at it for long, and a step may take long itself.
            try execute("SET LOCAL lock_timeout = 0")
            try execute("SET LOCAL statement_timeout = 0")
        }
        try lock("migrate")
        try execute(
            "CREATE TABLE IF NOT EXISTS schema_migration (name TEXT PRIMARY KEY, checksum TEXT NOT NULL)")
        try checkHistory(against: migrations)
        let applied = Set(try appliedMigrations().map(\.name))
        guard let next = migrations.first(where: { !applied.contains($0.name) }) else { return false }
        for statement in next.statements.flatMap({ $0.sql(for: engine) }) { try execute(statement) }
        try execute(
            "INSERT INTO schema_migration (name, checksum) VALUES (\(next.name), \(next.checksum(for: engine)))")
        return true
    }

    fileprivate func hasHistory() throws -> Bool {
        let tables: SQL =
            switch engine {
            case .sqlite: "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'schema_migration'"
            case .postgres: "SELECT 1 AS found WHERE to_regclass('schema_migration') IS NOT NULL"
            }
        return try !rows(tables).isEmpty
    }

    /// Whether all steps were applied, as they are.
    fileprivate func isUpToDate(_ migrations: [Migration]) throws -> Bool {
        guard try hasHistory() else { return false }
        try checkHistory(against: migrations)
        return try appliedMigrations().count == migrations.count
    }

    private func appliedMigrations() throws -> [(name: String, checksum: String)] {
        try rows("SELECT name, checksum FROM schema_migration ORDER BY name").map { row in
            (try row["name"], try row["checksum"])
        }
    }

    private func checkHistory(against migrations: [Migration]) throws {
        for (name, checksum) in try appliedMigrations() {
            guard let known = migrations.first(where: { $0.name == name }) else {
                throw StorageError(
                    .schemaTooNew, "The database was made by a newer version: it has the schema step '\(name)'.",
                    hint: "Run a version of this program that knows that step, or restore a backup from before it."
                )
            }
            guard known.checksum(for: engine) == checksum else {
                throw StorageError(
                    .migrationChanged, "The schema step '\(name)' is not the one that the database was made with.",
                    hint: "Run an official release of this program."
                )
            }
        }
    }
}
