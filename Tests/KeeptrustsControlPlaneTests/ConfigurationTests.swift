import Dispatch
import HTTPTypes
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb
import Testing

@testable import KeeptrustsControlPlane

struct ConfigurationTests {
    private func append(_ fixture: Fixture, _ body: String, _ match: String? = nil) async throws -> Fixture.Reply {
        try await fixture.send(
            .post, "/v1/configurations/\(fixture.ours.configuration.rawValue)/versions",
            as: fixture.ours.session(.editor), body, headers: match.map { [.ifMatch: $0] } ?? [:])
    }

    @Test("Each save is a version with its note; none replaces what it has not seen")
    func versions() async throws {
        let fixture = try await Fixture()

        let second: ConfigurationVersion = try await append(fixture, #"{"yaml":"pack: 2","note":"why"}"#, #""1""#)
            .value()
        #expect(second.version == 2)
        #expect(second.note == "why")
        #expect(second.createdBy == fixture.ours.user(.editor).rawValue)
        #expect(second.digest.count == 64)
        let stale = try await append(fixture, #"{"yaml":"pack: 3"}"#, #""1""#)
        #expect(stale.status == 412)
        let conflict = try await append(fixture, #"{"yaml":"pack: 3","base_version":1}"#)
        #expect(conflict.status == 409)
        let page: Page<ConfigurationVersion> = try await fixture.send(
            .get, "/v1/configurations/\(fixture.ours.configuration.rawValue)/versions",
            as: fixture.ours.session(.viewer)
        ).value()
        #expect(page.items.map(\.yaml) == ["pack: 2", "pack: 1"])
    }

    @Test("A text with a mistake is not kept, and the mistake has its place")
    func mistakes() async throws {
        let fixture = try await Fixture()
        let editor = fixture.ours.session(.editor)

        let validation: Validation = try await fixture.send(
            .post, "/v1/configurations/validate", as: editor, #"{"yaml":"wrong: 1"}"#
        ).value()
        #expect(!validation.valid)
        #expect(validation.diagnostics.map(\.line) == [1])
        let version = try await append(fixture, #"{"yaml":"wrong: 1"}"#)
        #expect(version.status == 422)
        #expect(version.code == "config.unknown_key")
        let new = try await fixture.send(
            .post, "/v1/configurations", as: editor, #"{"name":"x","yaml":"wrong: 1"}"#)
        #expect(new.status == 422)
        #expect(
            try await fixture.send(.get, "/v1/configurations", as: editor).value(Page<Configuration>.self).items.count
                == 1)
    }

    @Test("While a configuration is checked all else is answered; few wait, and nobody fills the queue alone")
    func checking() async throws {
        let (begun, isBegun) = AsyncStream.makeStream(of: Void.self)
        let end = DispatchSemaphore(value: 0)
        let fixture = try await Fixture { yaml in
            isBegun.yield()
            end.wait()
            return Fixture.validate(yaml)
        }
        @Sendable func check(_ role: SeededRole) async throws -> Fixture.Reply {
            try await fixture.send(
                .post, "/v1/configurations/validate", as: fixture.ours.session(role), #"{"yaml":"wrong: 1"}"#)
        }
        // As many as there are threads to block, and more.
        let roles: [SeededRole] = [.owner, .admin, .editor, .viewer]
        let waiting = (roles + roles).map { role in Task { try await check(role) } }
        for await _ in begun.prefix(1) {}
        while fixture.plane.check.count < 8 { try await Task.sleep(for: .milliseconds(5)) }

        let refused = try await check(.viewer)
        #expect(refused.status == 503)
        #expect(refused.code == "configuration.check_busy")
        #expect(refused.headers[.retryAfter] == "2")
        #expect(try await append(fixture, #"{"yaml":"pack: 2"}"#).code == "configuration.check_busy")
        #expect(try await fixture.send(.get, "/v1/events", as: fixture.ours.session(.viewer)).status == 200)
        for _ in waiting { end.signal() }
        for reply in waiting { #expect(try await reply.value.value(Validation.self).valid == false) }
        end.signal()
        #expect(try await check(.viewer).status == 200)
    }

    @Test("Of one person, two checks wait at most")
    func ownChecks() async throws {
        let end = DispatchSemaphore(value: 0)
        let check = ConfigurationCheck(most: 8, mostEach: 2) { _ in
            end.wait()
            return []
        }
        let waiting = (1...2).map { _ in Task { try await check.problems(in: "", for: .init(.user, "a")) } }
        while check.count < 2 { try await Task.sleep(for: .milliseconds(5)) }

        await #expect(throws: RequestFault.self) { try await check.problems(in: "", for: .init(.user, "a")) }
        for _ in 1...3 { end.signal() }
        #expect(try await check.problems(in: "", for: .init(.user, "b")).isEmpty)
        for each in waiting { _ = try await each.value }
    }

    @Test("A name is one configuration's, and what runs cannot be removed")
    func names() async throws {
        let fixture = try await Fixture()
        let (editor, path) = (
            fixture.ours.session(.editor), "/v1/configurations/\(fixture.ours.configuration.rawValue)"
        )

        let twice = try await fixture.send(
            .post, "/v1/configurations", as: editor, #"{"name":"default","yaml":"pack: 1"}"#)
        #expect(twice.status == 409)
        #expect(try await fixture.send(.post, "\(path)/deploy", as: editor, #"{"all":true}"#).status == 200)
        #expect(try await fixture.send(.delete, path, as: editor).code == "configuration.in_use")
        let other: Configuration = try await fixture.send(
            .post, "/v1/configurations", as: editor, #"{"name":"other","yaml":"pack: 1"}"#
        ).value()
        let target = "/v1/configurations/\(other.id.rawValue)"
        #expect(try await fixture.send(.post, "\(target)/deploy", as: editor, #"{"all":true}"#).status == 200)
        #expect(try await fixture.send(.delete, path, as: editor, headers: [.ifMatch: #""7""#]).status == 412)
        #expect(try await fixture.send(.delete, path, as: editor, headers: [.ifMatch: #""1""#]).status == 204)
    }

    @Test(
        "A deployment names its gateways, which are one's own, and a version that exists",
        arguments: [
            "{}", #"{"all":true,"gateway_ids":["x"]}"#, #"{"gateway_ids":[]}"#, #"{"gateway_ids":["gw_none"]}"#,
            #"{"gateway_ids":["THEIRS"]}"#, #"{"all":true,"version":2}"#, #"{"all":true,"version":-1}"#,
            #"{"all":"yes"}"#,
        ]
    )
    func deployments(body: String) async throws {
        let fixture = try await Fixture()

        let reply = try await fixture.send(
            .post, "/v1/configurations/\(fixture.ours.configuration.rawValue)/deploy",
            as: fixture.ours.session(.editor), body.replacing("THEIRS", with: fixture.theirs.gateway.rawValue))

        #expect(reply.status == 422)
        let page: Page<ConfigurationAssignment> = try await fixture.send(
            .get, "/v1/configurations/assignments", as: fixture.ours.session(.viewer)
        ).value()
        #expect(page.items.isEmpty)
    }
}
