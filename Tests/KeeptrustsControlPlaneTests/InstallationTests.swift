import Foundation
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import Testing

@testable import KeeptrustsControlPlane

struct InstallationTests {
    private func plane(_ database: any Database) throws -> Plane {
        let key = try ServerKey(bytes: Data(repeating: 9, count: 32))
        return Plane(
            database: database, key: key, settings: ControlPlaneSettings(version: "1"),
            check: ConfigurationCheck { _ in [] },
            now: { Timestamp(rawValue: 1_790_000_000_000_000) }, hasher: PasswordHasher())
    }

    @Test("The first start makes what is needed to begin; the second makes nothing")
    func begins() async throws {
        let database = try SQLiteDatabase()
        try await database.migrate()
        let plane = try plane(database)
        let installation = Installation(database: database, key: plane.key, now: plane.now)

        let first = try #require(try await installation.begin(administrator: "root@example.com"))
        #expect(try await installation.begin() == nil)

        let roles = try await database.read {
            try $0.effectiveRoles(of: first.administrator.id, in: first.organisation.id)
        }
        #expect(roles == ["owner"])
        let hashes = [
            plane.key.gatewayKeyHash(first.gatewayKey, in: first.organisation.id): Token.Purpose.general,
            plane.key.hash(first.runtimeToken): .gatewayRuntime,
        ]
        for (hash, purpose) in hashes {
            #expect(
                try await database.read { try $0.tokenHolder(hash: hash, at: plane.now())?.token.purpose } == purpose)
        }
        let codeHash = plane.key.hash(first.signInCode)
        let link = try await database.write { try $0.redeemSignInLink(hash: codeHash, at: plane.now())?.link }
        #expect(link?.userID == first.administrator.id)
    }

    @Test("A key other than the one of the tokens is refused; an installation without a check value takes its own")
    func keyFits() async throws {
        let database = try SQLiteDatabase()
        try await database.migrate()
        let (ours, other) = (try plane(database).key, try ServerKey(bytes: Data(repeating: 8, count: 32)))

        // Without tokens, nothing hangs on the key.
        try await Installation(database: database, key: other).checkKey()
        try await Installation(database: database, key: ours).checkKey()
        _ = try await Installation(database: database, key: ours).begin()
        try await Installation(database: database, key: ours).checkKey()
        await #expect(throws: BadServerKey.self) {
            try await Installation(database: database, key: other).checkKey()
        }

        // As versions left it that wrote no check value.
        _ = try await database.write { try $0.execute("DELETE FROM server_state") }
        try await Installation(database: database, key: ours).checkKey()
        await #expect(throws: BadServerKey.self) {
            try await Installation(database: database, key: other).checkKey()
        }
    }

    @Test("Several processes that start at once make one organisation")
    func race() async throws {
        let database = try SQLiteDatabase()
        try await database.migrate()
        let installation = Installation(database: database, key: try plane(database).key)

        let firsts = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 1...8 { group.addTask { try await installation.begin() != nil } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(firsts.filter { $0 }.count == 1)
        #expect(try await database.read { try $0.organisations().count } == 1)
    }

    @Test("The operator can sign an owner in again, and bring keys along")
    func recovery() async throws {
        let database = try SQLiteDatabase()
        try await database.migrate()
        let plane = try plane(database)
        let installation = Installation(database: database, key: plane.key, now: plane.now)

        await #expect(throws: StorageError.self) { try await installation.makeToken(.general, name: "early") }
        #expect(try await installation.makeSignInCode() == nil)
        let first = try #require(try await installation.begin())
        let code = try #require(try await installation.makeSignInCode())
        #expect(code != first.signInCode)
        #expect(try await installation.makeSignInCode(email: "nobody@example.com") == nil)
        let brought = try await installation.makeToken(.general, name: "old", secret: Secret("kt_gk_test"))
        #expect(brought.reveal() == "kt_gk_test")
        await #expect(throws: StorageError.self) {
            try await installation.makeToken(.general, name: "old", secret: Secret("kt_gk_test"))
        }
        #expect(try await installation.makeToken(.gatewayRuntime, name: "two").reveal().hasPrefix("kt_rt_"))
        let broken = try await database.read {
            try $0.firstBreak(inAuditAfter: 0, in: first.organisation.id, hash: { _ in "" })
        }
        #expect(broken == 1)
    }

    @Test("The server's key is made once, is its owner's alone, and is refused when others can read it")
    func keyFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "kt-key-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: path) }

        let first = try ServerKey(file: path)
        let second = try ServerKey(file: path)

        #expect(first.hash(Secret("x")) == second.hash(Secret("x")))
        #expect(first.hash(Secret("x")) != first.hash(Secret("y")))
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: BadServerKey.self) { try ServerKey(file: path) }
        #expect(throws: BadServerKey.self) { try ServerKey(file: "/nonexistent/folder/key") }
        #expect(throws: BadServerKey.self) { try ServerKey(bytes: Data(repeating: 1, count: 31)) }
    }
}
