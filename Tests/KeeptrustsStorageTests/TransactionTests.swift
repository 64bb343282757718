import KeeptrustsAPI
import KeeptrustsCore
import Testing

@testable import KeeptrustsStorage

struct TransactionTests {
    private struct Failed: Error {}

    @Test("Every kind of value comes back as it was stored", arguments: Engine.available)
    func values(engine: Engine) async throws {
        let database = try await engine.makeStore().open()
        let (text, bytes) = ("ä😀'\"\\\n$1 ?", [0, 1, 255, 39, 92] as [UInt8])
        try await database.write { db in
            try db.execute(
                "CREATE TABLE kinds (a TEXT, b BIGINT, c DOUBLE PRECISION, d BOOLEAN, e BYTEA, f TEXT)")
            try db.execute(
                """
                INSERT INTO kinds (a, b, c, d, e, f)
                VALUES (\(text), \(Int64.min), \(0.1), \(true), \(bytes), \(String?.none))
                """
            )
        }

        let row = try #require(
            try await database.read {
                try $0.rows("SELECT a, b, c, d, e, f FROM kinds WHERE d = \(true) AND e = \(bytes)")
            }.first)

        #expect(try row["a"] == text)
        #expect(try row["b"] == Int64.min)
        #expect(try row["c"] == 0.1)
        #expect(try row["d"] == true)
        #expect(try row["e"] == bytes)
        let nothing: String? = try row["f"]
        #expect(nothing == nil)
    }

    @Test("A large text and large bytes come back whole", arguments: Engine.available)
    func largeValues(engine: Engine) async throws {
        let database = try await engine.makeStore().open()
        let (text, bytes) = (String(repeating: "ü'", count: 1 << 20), [UInt8](repeating: 7, count: 3 << 20))
        try await database.write { db in
            try db.execute("CREATE TABLE large (a TEXT, b BYTEA)")
            try db.execute("INSERT INTO large (a, b) VALUES (\(text), \(bytes))")
        }

        let row = try #require(try await database.read { try $0.rows("SELECT a, b FROM large") }.first)

        #expect(try row["a"] == text)
        #expect(try row["b"] == bytes)
    }

    @Test("A text with a NUL is refused as invalid input", arguments: Engine.available)
    func nul(engine: Engine) async throws {
        let database = try await engine.makeSample()

        let error = await #expect(throws: StorageError.self) {
            try await database.write {
                try $0.insert(Team(id: "team_1", name: "a\0b", created: second(0)), in: "org_1")
            }
        }
        let readError = await #expect(throws: StorageError.self) {
            try await database.read { _ = try $0.team("team\0", in: "org_1") }
        }

        #expect(error?.category == .invalidInput)
        #expect(error?.message == "A text must not hold the character NUL.")
        #expect(readError?.category == .invalidInput)
    }

    @Test("A body that throws leaves nothing behind", arguments: Engine.available)
    func rollback(engine: Engine) async throws {
        let database = try await engine.makeSample()

        await #expect(throws: Failed.self) {
            try await database.write { db in
                try db.insert(Team(id: "team_1", name: "Research", created: second(0)), in: "org_1")
                throw Failed()
            }
        }

        #expect(try await database.read { try $0.team("team_1", in: "org_1") } == nil)
    }

    @Test("A body that goes on after a failed statement leaves nothing behind", arguments: Engine.available)
    func swallowedFailure(engine: Engine) async throws {
        let database = try await engine.makeSample()

        let error = await #expect(throws: StorageError.self) {
            try await database.write { db in
                try db.insert(Team(id: "team_1", name: "Research", created: second(0)), in: "org_1")
                try? db.insert(Organisation.one)
            }
        }

        #expect(error?.kind == .alreadyExists)
        #expect(try await database.read { try $0.team("team_1", in: "org_1") } == nil)
    }

    @Test("A body that reads cannot write", arguments: Engine.available)
    func readOnly(engine: Engine) async throws {
        let database = try await engine.makeSample()

        await #expect(throws: (any Error).self) {
            try await database.read { _ = try $0.execute("UPDATE organisation SET name = 'x'") }
        }

        #expect(try await database.read { try $0.organisation("org_1")?.name } == "One")
    }

    @Test("What the schema refuses is told apart", arguments: Engine.available)
    func refusals(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let long = String(repeating: "x", count: 5_000)
        let cases: [(StorageError.Kind, @Sendable (any Transaction) throws -> Void)] = [
            (.alreadyExists, { try $0.insert(Organisation.one) }),
            (.alreadyExists, { try $0.insert(.sample("user_2", email: "ADA@example.com"), in: "org_1") }),
            (.missingReference, { try $0.insert(.sample("user_2", email: "b@example.com"), in: "org_9") }),
            (.missingReference, { try $0.setRoles(["no-such-role"], of: .user, "user_1", in: "org_1", at: second(1)) }),
            (.invalidValue, { try $0.insert(Team(id: "team_1", name: "", created: second(0)), in: "org_1") }),
            (.invalidValue, { try $0.insert(Team(id: "team_1", name: long, created: second(0)), in: "org_1") }),
            (.invalidValue, { try $0.insert(.sample("user_2", email: long), in: "org_1") }),
            (.invalidValue, { _ = try $0.insert(.sample(), hash: "short", in: "org_1") }),
        ]

        for (kind, body) in cases {
            let error = await #expect(throws: StorageError.self) { try await database.write(body) }
            #expect(error?.kind == kind)
        }
    }

    @Test("A transaction is of no use after its end", arguments: Engine.available)
    func leakedTransaction(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let leak = Leak()
        try await database.write { leak.transaction = $0 }

        #expect(throws: StorageError.self) { _ = try leak.transaction?.rows("SELECT 1") }
    }

    /// `@unchecked Sendable`: written once, before it is read.
    private final class Leak: @unchecked Sendable {
        var transaction: (any Transaction)?
    }

    @Test("A mistake in a statement is an internal failure that names it", arguments: Engine.available)
    func mistake(engine: Engine) async throws {
        let database = try await engine.makeDatabase()

        let failure = await #expect(throws: SQLFailure.self) {
            try await database.read { _ = try $0.rows("SELECT nothing FROM nowhere") }
        }

        #expect(failure?.statement == "SELECT nothing FROM nowhere")
    }

    @Test("A batch passes over rows that exist, also within itself", arguments: Engine.available)
    func batch(engine: Engine) async throws {
        let database = try await engine.makeStore().open()
        _ = try await database.write { db in
            try db.execute("CREATE TABLE batch (a TEXT PRIMARY KEY, b BIGINT, c BOOLEAN)")
        }
        let batch = try {
            var batch = SQLBatch(into: "batch", [.init("a", .text), .init("b", .integer), .init("c", .boolean)])
            try batch.append([.text("{x,\"y\\"), .integer(.max), .boolean(true)])
            try batch.append([.text("NULL"), .null, .boolean(false)])
            try batch.append([.text("NULL"), .integer(2), .null])
            return batch
        }()

        let counts = try await database.write { [try $0.insert(batch), try $0.insert(batch)] }
        let empty = try await database.write { try $0.insert(SQLBatch(into: "batch", [.init("a", .text)])) }
        let rows = try await database.read { try $0.rows("SELECT a, b, c FROM batch ORDER BY a") }

        #expect(counts == [2, 0])
        #expect(empty == 0)
        #expect(try rows.map { row -> String in try row["a"] } == ["NULL", "{x,\"y\\"])
        #expect(try rows[1]["b"] == Int64.max)
        #expect(try rows[0]["c"] == false)
    }

    @Test("More statements than are kept prepared", arguments: Engine.available)
    func manyStatements(engine: Engine) async throws {
        let database = try await engine.makeSample()

        let names = try await database.read { db in
            try (1...600).map { length in
                let padding = (0..<length).reduce("1 = 1" as SQL) { sql, _ in "\(sql) AND 1 = 1" }
                let rows = try db.rows("SELECT name FROM organisation WHERE id = \("org_1") AND \(padding)")
                return try rows.first.map { row -> String in try row[0] }
            }
        }

        #expect(Set(names) == ["One"])
    }

    @Test("Many writers at once lose nothing", arguments: Engine.available)
    func concurrentWriters(engine: Engine) async throws {
        let database = try await engine.makeSample(connections: 3)

        try await withThrowingTaskGroup { group in
            for number in 0..<40 {
                group.addTask {
                    try await database.write { db in
                        try db.insert(
                            Team(id: .init(rawValue: "team_\(number)"), name: "\(number)", created: second(0)),
                            in: "org_1")
                    }
                }
            }
            try await group.waitForAll()
        }

        #expect(try await database.read { try $0.teams(PageRequest(limit: 100), in: "org_1").items.count } == 40)
    }
}
