import Foundation
import HTTPTypes
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb
import Testing

@testable import KeeptrustsControlPlane

struct ServiceTests {
    /// A database that nobody reaches.
    private struct Unreachable: Database {
        func read<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws -> Value
        {
            throw StorageError(.unavailable, "The database is not available.", cause: "password=hunter2")
        }

        func write<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws -> Value
        {
            try await read(body)
        }
    }

    @Test("Health says whether the database is there")
    func health() async throws {
        let fixture = try await Fixture()
        let reply = try await fixture.send(.get, "/health")
        #expect(reply.status == 200)
        #expect(reply.text == #"{"status":"ok","version":"1.2.3"}"#)

        let lost = fixture.with(Unreachable())
        let down = try await lost.send(.get, "/health")
        #expect(down.status == 503)
        #expect(down.text == #"{"status":"unavailable","version":"1.2.3"}"#)
        let asked = try await lost.send(.get, "/v1/whoami", as: fixture.ours.session(.owner))
        #expect(asked.status == 503)
        #expect(!asked.text.contains("hunter2"))
    }

    @Test("It is ready when its database takes a write, and alive in any case")
    func readiness() async throws {
        let fixture = try await Fixture()
        #expect(try await fixture.send(.get, "/readyz").text == #"{"status":"ready"}"#)

        let lost = fixture.with(Unreachable())
        let down = try await lost.send(.get, "/readyz")
        #expect(down.status == 503)
        #expect(down.text == #"{"status":"not ready"}"#)
        let alive = try await lost.send(.get, "/healthz")
        #expect(alive.status == 200)
        #expect(alive.text == #"{"status":"alive"}"#)

        fixture.plane.notifier.stop()
        #expect(try await fixture.send(.get, "/readyz").status == 503)
    }

    @Test("A database that answers and takes no write is not well")
    func readOnly() async throws {
        let fixture = try await Fixture()

        let frozen = fixture.with(ReadOnly(database: fixture.plane.database))

        #expect(try await frozen.send(.get, "/health").status == 503)
    }

    /// A database whose writes fail.
    private struct ReadOnly: Database {
        let database: any Database

        func read<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws -> Value
        {
            try await database.read(body)
        }

        func write<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws -> Value
        {
            throw StorageError(.unavailable, "The database is not available.", cause: "disk full")
        }
    }

    @Test("The API describes itself")
    func describes() async throws {
        let fixture = try await Fixture()

        let reply = try await fixture.send(.get, "/openapi.json")

        #expect(reply.status == 200)
        #expect(reply.text.contains(#""openapi": "3.1.0""#))
    }

    @Test("Every change is in the audit log, by whom the credential names, and the chain holds")
    func audit() async throws {
        let fixture = try await Fixture()
        let owner = fixture.ours.session(.owner)
        let issued: Token.Issued = try await fixture.send(
            .post, "/v1/tokens", as: owner, #"{"name":"ci","purpose":"general"}"#,
            headers: [.requestID: "req-1", .init("x-actor-id")!: "somebody"]
        ).value()
        _ = try await fixture.send(.delete, "/v1/tokens/\(issued.token.id.rawValue)", as: owner)
        _ = try await fixture.send(.post, "/v1/auth/login", as: nil, #"{"email":"owner@ours.example","password":"no"}"#)

        let page: Page<AuditRecord> = try await fixture.send(.get, "/v1/audit-records", as: owner).value()
        #expect(page.items.map(\.action) == ["session.sign_in", "token.revoke", "token.create"])
        #expect(page.items.map(\.outcome) == [.failure, .success, .success])
        #expect(page.items.last?.actor == .init(.user, fixture.ours.user(.owner).rawValue))
        #expect(page.items.last?.requestID == "req-1")
        let verification = try await fixture.send(.get, "/v1/audit-records/verification", as: owner)
        #expect(verification.text == #"{"intact":true}"#)
        let theirs: Page<AuditRecord> = try await fixture.send(
            .get, "/v1/audit-records", as: fixture.theirs.session(.owner)
        ).value()
        #expect(theirs.items.isEmpty)
    }

    @Test("A change that fails leaves no audit record, and none is written without its change")
    func together() async throws {
        let fixture = try await Fixture()
        let owner = fixture.ours.session(.owner)
        let body = #"{"name":"default","yaml":"pack: 1"}"#

        #expect(try await fixture.send(.post, "/v1/configurations", as: owner, body).status == 409)

        let page: Page<AuditRecord> = try await fixture.send(.get, "/v1/audit-records", as: owner).value()
        #expect(page.items.isEmpty)
    }

    @Test(
        "Bodies that are too large, of another type or broken are refused with their status",
        arguments: Description.operations.filter { $0.example != nil }
    )
    func bodies(operation: Description.Operation) async throws {
        let fixture = try await Fixture()
        let secret = operation.access == "gateway_runtime" ? fixture.ours.runtime : fixture.ours.session(.owner)
        func send(_ body: String, _ type: String = "application/json") async throws -> Int {
            var changed = operation
            changed.example = body
            return try await fixture.send(changed, secret, in: fixture.ours, type: type).status
        }

        #expect(try await send(String(repeating: " ", count: 9 << 20)) == 413)
        #expect(try await send("{}", "text/plain") == 415)
        #expect(try await send("{") == 400)
        #expect(try await send("[]") == 422)
        #expect(try await send(#"{"surprise":1}"#) == 422)
    }

    @Test("Paths that can be read in two ways lead nowhere")
    func paths() async throws {
        let fixture = try await Fixture()
        for path in [
            "//v1/events", "/v1//events", "/v1/events/", "/V1/events", "/v1/./events", "/v1/x/../events",
            "/v1/%65vents", "/v1/gateway%2fkeys", "/v1/events;a=b",
        ] {
            #expect(try await fixture.send(.get, path, as: fixture.ours.session(.owner)).status == 404, "\(path)")
        }
    }

    @Test("What has ended is removed")
    func cleaning() async throws {
        let fixture = try await Fixture()
        fixture.clock.advance(.seconds(7_200))

        try await Cleaning(plane: fixture.plane, logger: fixture.log.logger).once()

        let left = try await fixture.plane.database.read { try $0.rows("SELECT id FROM session").count }
        #expect(left == 0)
    }
}
