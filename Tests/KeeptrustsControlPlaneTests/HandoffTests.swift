import Crypto
import Foundation
import HTTPTypes
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb
import Testing

@testable import KeeptrustsControlPlane

struct HandoffTests {
    private let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    private func begin(_ fixture: Fixture, _ role: SeededRole = .chatUser) async throws -> String {
        let challenge = Base64URL.encode(Data(SHA256.hash(data: Data(verifier.utf8))))
        let reply = try await fixture.send(
            .post, "/v1/auth/handoff", as: fixture.ours.session(role), #"{"code_challenge":"\#(challenge)"}"#)
        return try reply.value(Handoff.Code.self).code.reveal()
    }

    private func exchange(_ fixture: Fixture, _ code: String, _ verifier: String) async throws -> Fixture.Reply {
        try await fixture.send(
            .post, "/v1/auth/handoff/exchange", as: nil, #"{"code":"\#(code)","code_verifier":"\#(verifier)"}"#)
    }

    @Test("A code becomes a session and a gateway key of the person, once")
    func course() async throws {
        let fixture = try await Fixture()
        let code = try await begin(fixture)

        let handedOff: HandedOff = try await exchange(fixture, code, verifier).value()
        #expect(try await exchange(fixture, code, verifier).code == "auth.handoff_not_valid")

        let me: WhoAmI = try await fixture.send(.get, "/v1/whoami", as: handedOff.token).value()
        #expect(me.user?.id == fixture.ours.user(.chatUser))
        let keys: KeySet = try await fixture.send(.get, "/v1/gateway/keys", as: fixture.ours.runtime).value()
        let hash = fixture.plane.key.gatewayKeyHash(handedOff.gatewayKey, in: fixture.ours.organisation.id)
        let key = try #require(keys.keys.first { $0.hash == hash })
        #expect(key.userID == fixture.ours.user(.chatUser))
        #expect(key.expiresAt == handedOff.expiresAt)
        #expect(try await fixture.send(.get, "/v1/whoami", as: handedOff.gatewayKey).status == 401)
    }

    @Test("A chat session sees the events of its own key, and no others")
    func ownEvents() async throws {
        let fixture = try await Fixture()
        let mine: HandedOff = try await exchange(fixture, try await begin(fixture), verifier).value()
        let others: HandedOff = try await exchange(fixture, try await begin(fixture, .editor), verifier).value()
        let keys: KeySet = try await fixture.send(.get, "/v1/gateway/keys", as: fixture.ours.runtime).value()
        let hash = fixture.plane.key.gatewayKeyHash(mine.gatewayKey, in: fixture.ours.organisation.id)
        let key = try #require(keys.keys.first { $0.hash == hash })
        let (gateway, now) = (fixture.ours.gateway, fixture.clock.now)
        var own = Fixture.event("evt_OWN", gateway, sequence: 8, at: now)
        own.keyID = key.id
        // An application that may name its users has named this one: still not an exchange of the person's own.
        var named = Fixture.event("evt_NAMED", gateway, sequence: 9, at: now)
        named.userID = fixture.ours.user(.chatUser).rawValue
        let events = [own, named]
        try await fixture.plane.database.write {
            _ = try $0.ingest(events, from: gateway, in: fixture.ours.organisation.id, at: now)
        }
        func seen(_ query: String, by person: Secret) async throws -> [Identifier<DecisionEvent>] {
            let reply = try await fixture.send(.get, "/v1/events/own\(query)", as: person)
            return try reply.value(Page<DecisionEvent>.self).items.map(\.id)
        }

        #expect(try await seen("", by: mine.token) == ["evt_OWN"])
        #expect(try await seen("?request_id=req_8", by: mine.token) == ["evt_OWN"])
        #expect(try await seen("?request_id=req_9", by: mine.token).isEmpty)
        #expect(try await seen("", by: others.token).isEmpty)
        #expect(try await seen("", by: fixture.ours.session(.chatUser)).isEmpty)
        #expect(try await fixture.send(.get, "/v1/events", as: mine.token).code == "auth.no_permission")
        #expect(try await fixture.send(.get, "/v1/events/own?key_id=x", as: mine.token).status == 422)
    }

    @Test("Signing out of the chat ends its key at the gateways")
    func signOut() async throws {
        let fixture = try await Fixture()
        let handedOff: HandedOff = try await exchange(fixture, try await begin(fixture), verifier).value()
        let before: KeySet = try await fixture.send(.get, "/v1/gateway/keys", as: fixture.ours.runtime).value()

        #expect(try await fixture.send(.post, "/v1/auth/logout", as: handedOff.token).status == 204)

        let after: KeySet = try await fixture.send(
            .get, "/v1/gateway/keys?since=\(before.generation)", as: fixture.ours.runtime
        ).value()
        #expect(after.keys.map(\.status) == [.revoked])
    }

    @Test("Who may no longer use the chat loses its key at the gateways")
    func rolesTaken() async throws {
        let fixture = try await Fixture()
        _ = try await exchange(fixture, try await begin(fixture), verifier)
        let before: KeySet = try await fixture.send(.get, "/v1/gateway/keys", as: fixture.ours.runtime).value()
        let path = "/v1/users/\(fixture.ours.user(.chatUser).rawValue)"
        func changes() async throws -> [KeySet.Key] {
            let since = "/v1/gateway/keys?since=\(before.generation)"
            return try await fixture.send(.get, since, as: fixture.ours.runtime).value(KeySet.self).keys
        }

        let owner = fixture.ours.session(.owner)
        #expect(try await fixture.send(.patch, path, as: owner, #"{"roles":["reviewer"]}"#).status == 200)
        #expect(try await changes().isEmpty)
        #expect(try await fixture.send(.patch, path, as: owner, #"{"roles":[]}"#).status == 200)
        #expect(try await changes().map(\.status) == [.revoked])
    }

    @Test("A wrong verifier uses the code up")
    func wrongVerifier() async throws {
        let fixture = try await Fixture()
        let code = try await begin(fixture)

        #expect(try await exchange(fixture, code, String(repeating: "x", count: 43)).status == 401)
        #expect(try await exchange(fixture, code, verifier).status == 401)
    }

    @Test("A code ends after a minute, with the session behind it, and with the person's access")
    func ends() async throws {
        let fixture = try await Fixture()

        let late = try await begin(fixture)
        fixture.clock.advance(.seconds(60))
        #expect(try await exchange(fixture, late, verifier).status == 401)

        let orphan = try await begin(fixture, .editor)
        _ = try await fixture.send(.post, "/v1/auth/logout", as: fixture.ours.session(.editor))
        #expect(try await exchange(fixture, orphan, verifier).status == 401)

        let suspended = try await begin(fixture)
        _ = try await fixture.send(
            .patch, "/v1/users/\(fixture.ours.user(.chatUser).rawValue)", as: fixture.ours.session(.owner),
            #"{"roles":[]}"#)
        #expect(try await exchange(fixture, suspended, verifier).status == 401)
    }

    @Test(
        "A challenge that is no SHA-256 is refused",
        arguments: ["", "x", "plain", String(repeating: "=", count: 43), String(repeating: "a", count: 44)]
    )
    func challenges(challenge: String) async throws {
        let fixture = try await Fixture()

        let reply = try await fixture.send(
            .post, "/v1/auth/handoff", as: fixture.ours.session(.owner), #"{"code_challenge":"\#(challenge)"}"#)
        #expect(reply.status == 422)
    }
}
