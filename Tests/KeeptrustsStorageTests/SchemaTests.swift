import Foundation
import KeeptrustsAPI
import KeeptrustsCore
import Testing

@testable import KeeptrustsStorage

struct SchemaTests {
    @Test("Several programs may bring one database up to date at once", arguments: Engine.available)
    func concurrentMigration(engine: Engine) async throws {
        let store = try await engine.makeStore()
        let databases = try (0..<4).map { _ in try store.open(connections: 1) }

        try await withThrowingTaskGroup { group in
            for database in databases { group.addTask { try await database.migrate() } }
            try await group.waitForAll()
        }

        let names = try await databases[0].read { try $0.rows("SELECT name FROM schema_migration ORDER BY name") }
            .map { row -> String in try row[0] }
        #expect(
            names == [
                "0001-identity", "0002-fleet", "0003-events", "0004-audit", "0005-endings", "0006-server-state",
                "0007-retention",
            ])
    }

    @Test("What servers write down is kept once for each name", arguments: Engine.available)
    func serverState(engine: Engine) async throws {
        let database = try await engine.makeDatabase()

        try await database.write { try $0.setServerState("a", to: "1") }
        try await database.write { try $0.setServerState("a", to: "2") }

        let kept = try await database.read { db in [try db.serverState("a"), try db.serverState("b")] }
        #expect(kept == ["2", nil])
    }

    @Test("A released migration that was edited is refused", arguments: Engine.available)
    func editedMigration(engine: Engine) async throws {
        let database = try await engine.makeStore().open()
        try await database.migrate(through: [
            Migration(name: "0001-a", statements: ["CREATE TABLE a (org_id TEXT NOT NULL)"])
        ])

        let error = await #expect(throws: StorageError.self) {
            try await database.migrate(through: [
                Migration(name: "0001-a", statements: ["CREATE TABLE a (org_id TEXT NOT NULL, b TEXT)"])
            ])
        }

        #expect(error?.kind == .migrationChanged)
        #expect(error?.message == "The schema step '0001-a' is not the one that the database was made with.")
    }

    @Test("A schema that is newer than the program is refused", arguments: Engine.available)
    func newerSchema(engine: Engine) async throws {
        let database = try await engine.makeDatabase()
        let newer = Migration(name: "0999-later", statements: ["CREATE TABLE later (org_id TEXT NOT NULL)"])
        try await database.migrate(through: Migration.all + [newer])

        let error = await #expect(throws: StorageError.self) { try await database.migrate() }

        #expect(error?.kind == .schemaTooNew)
        #expect(error?.message == "The database was made by a newer version: it has the schema step '0999-later'.")
    }

    @Test("A migration that fails leaves nothing behind", arguments: Engine.available)
    func failingMigration(engine: Engine) async throws {
        let database = try await engine.makeStore().open()
        let broken = Migration(name: "0001-a", statements: ["CREATE TABLE a (b TEXT)", "CREATE TABLE a (b TEXT)"])

        await #expect(throws: SQLFailure.self) { try await database.migrate(through: [broken]) }

        try await database.migrate(through: [Migration(name: "0001-b", statements: ["CREATE TABLE a (b TEXT)"])])
    }

    @Test("Events of before endings were decisions count like later ones", arguments: Engine.available)
    func endings(engine: Engine) async throws {
        let database = try await engine.makeStore().open()
        try await database.migrate(through: Array(Migration.all.prefix(4)))
        let old: [(id: String, verdict: String, decision: String, outcome: String, key: String?)] = [
            ("evt_1", "allow", "allowed", "completed", nil), ("evt_2", "allow", "allowed", "refused", "Tok_A"),
            ("evt_3", "redact", "redacted", "failed", nil), ("evt_4", "block", "blocked", "failed", nil),
            ("evt_5", "allow", "flagged", "cancelled", nil), ("evt_6", "escalate", "escalated", "blocked", nil),
        ]
        try await database.write { db in
            try db.insert(Organisation.one)
            for event in old {
                _ = try db.execute(
                    """
                    INSERT INTO decision_event (org_id, id, gateway_id, sequence, time, received, request_id, key_id, model,
                        verdict, flagged, degraded, decision, outcome, status, input_tokens, output_tokens, total_us,
                        search, record)
                    VALUES ('org_1', \(event.id), 'gw_1', 1, 1, 1, 'r', \(event.key), 'm', \(event.verdict), \(false),
                        \(false), \(event.decision), \(event.outcome), 200, 0, 0, 0, 'evt', '{}')
                    """)
            }
        }

        try await database.migrate()

        let found = try await database.read { db in
            try db.rows("SELECT decision, search FROM decision_event ORDER BY id").map { row -> [String] in
                [try row["decision"], try row["search"]]
            }
        }
        #expect(found.map { $0[0] } == ["allowed", "refused", "failed", "blocked", "cancelled", "escalated"])
        #expect(found.map { $0[1] } == ["evt", "evt\ntok_a", "evt", "evt", "evt", "evt"])
    }

    @Test("Every table but the organisations' own says whose row it is", arguments: Engine.available)
    func ownedRows(engine: Engine) async throws {
        let database = try await engine.makeDatabase()

        let strangers = try await database.read { db in
            let tables: SQL =
                switch engine {
                case .sqlite:
                    """
                    SELECT name FROM sqlite_schema AS t WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND NOT EXISTS
                        (SELECT 1 FROM pragma_table_info(t.name) WHERE name = 'org_id' AND "notnull" = 1)
                    """
                case .postgres:
                    """
                    SELECT table_name::text FROM information_schema.tables AS t
                    WHERE table_schema = current_schema() AND NOT EXISTS
                        (SELECT 1 FROM information_schema.columns AS c WHERE c.table_schema = t.table_schema
                            AND c.table_name = t.table_name AND column_name = 'org_id' AND is_nullable = 'NO')
                    """
                }
            return try db.rows(tables).map { row -> String in try row[0] }
        }

        #expect(Set(strangers) == ["organisation", "schema_migration", "server_state"])
    }

    @Test("The database itself keeps audit records as they are", arguments: Engine.available)
    func auditIsAppendOnly(engine: Engine) async throws {
        let database = try await engine.makeSample()
        _ = try await database.write { db in
            try db.append(
                AuditRecord(id: "aud_1", time: second(0), actor: .init(.system, "kt"), action: "a.b"),
                in: "org_1", hash: { String($0.count) })
        }

        for statement: SQL in ["UPDATE audit_record SET action = 'x'", "DELETE FROM audit_record"] {
            let error = await #expect(throws: StorageError.self) {
                try await database.write { _ = try $0.execute(statement) }
            }
            #expect(error?.cause?.contains("append-only") == true)
        }
    }
}
