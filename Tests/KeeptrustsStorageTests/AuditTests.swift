import KeeptrustsAPI
import KeeptrustsCore
import Testing

@testable import KeeptrustsStorage

struct AuditTests {
    /// Not a good hash, but one that differs.
    private static func hash(_ text: String) -> String {
        String(text.utf8.reduce(5_381 as UInt64) { $0 &* 33 ^ UInt64($1) }, radix: 16)
    }

    private static func record(_ number: Int, action: String = "token.create") -> AuditRecord {
        AuditRecord(
            id: .init(rawValue: "aud_\(number)"), time: second(Int64(number)), actor: .init(.user, "user_1"),
            action: action, resource: "token_1", requestID: "req_1", remoteAddress: "10.0.0.1",
            details: ["name": "a\"b", "b": "'"])
    }

    @Test("Records form a chain and come back as they were appended", arguments: Engine.available)
    func chain(engine: Engine) async throws {
        let database = try await engine.makeSample()

        let appended = try await database.write { db in
            try (1...3).map { try db.append(Self.record($0), in: "org_1", hash: Self.hash) }
        }
        let (page, broken) = try await database.read { db in
            (
                try db.auditRecords(PageRequest(), in: "org_1"),
                try db.firstBreak(in: "org_1", hash: Self.hash)
            )
        }

        #expect(appended.map(\.sequence) == [1, 2, 3])
        #expect(appended.map(\.previousHash) == ["", appended[0].hash, appended[1].hash])
        #expect(page.items == appended.reversed())
        #expect(broken == nil)
        let rest = try await database.read { db in
            try db.auditRecords(action: "token.create", PageRequest(limit: 2, cursor: "3"), in: "org_1")
        }
        #expect(rest == Page(items: [appended[1], appended[0]]))
        #expect(try await database.read { try $0.auditRecords(action: "x", PageRequest(), in: "org_1").items } == [])
    }

    @Test("Writers at the same time make one chain", arguments: Engine.available)
    func concurrency(engine: Engine) async throws {
        let store = try await engine.makeStore()
        let databases = try [store.open(connections: 2), store.open(connections: 2)]
        try await databases[0].migrate()
        try await databases[0].write { try $0.insert(Organisation.one) }

        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    _ = try await databases[number % 2].write { db in
                        try db.append(Self.record(number), in: "org_1", hash: Self.hash)
                    }
                }
            }
            try await group.waitForAll()
        }

        let (numbers, broken) = try await databases[0].read { db in
            (
                try db.auditRecords(PageRequest(), in: "org_1").items.map(\.sequence),
                try db.firstBreak(in: "org_1", hash: Self.hash)
            )
        }
        #expect(numbers == Array((1...20).reversed()))
        #expect(broken == nil)
    }

    @Test("A record that was changed or removed behind the program's back is found", arguments: Engine.available)
    func tampering(engine: Engine) async throws {
        let statements: [SQL] = [
            "UPDATE audit_record SET action = 'x' WHERE sequence = 2",
            "UPDATE audit_record SET details = '{}' WHERE sequence = 2",
            "DELETE FROM audit_record WHERE sequence = 2",
        ]
        for statement in statements {
            let database = try await engine.makeSample()
            try await database.write { db in
                for number in 1...3 { _ = try db.append(Self.record(number), in: "org_1", hash: Self.hash) }
                switch engine {
                case .sqlite:
                    try db.execute("DROP TRIGGER audit_record_no_update")
                    try db.execute("DROP TRIGGER audit_record_no_delete")
                case .postgres: try db.execute("DROP TRIGGER audit_record_no_update ON audit_record")
                }
                try db.execute(statement)
            }

            let broken = try await database.read { try $0.firstBreak(in: "org_1", hash: Self.hash) }
            let later = try await database.read { db in
                try db.firstBreak(inAuditAfter: 2, in: "org_1", hash: { _ in "other" })
            }

            #expect(broken == 2)
            #expect(later == (statement.text.hasPrefix("DELETE") ? 2 : 3))
        }
    }
}
