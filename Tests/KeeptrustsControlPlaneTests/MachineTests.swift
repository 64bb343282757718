import Foundation
import HTTPTypes
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb
import Testing

@testable import KeeptrustsControlPlane

struct MachineTests {
    private func registration(_ id: Identifier<Gateway>?, instance: String = "i-2") throws -> String {
        let request = RegisterRequest(
            gatewayID: id, instanceID: instance, name: "edge", version: "1.0", advertiseAddr: "gw.example.com:41002",
            listenAddr: "0.0.0.0:41002", mode: .managed, config: .init(name: "default", version: "1", digest: "d1"))
        return String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
    }

    private func register(
        _ fixture: Fixture, _ secret: Secret, _ id: Identifier<Gateway>? = nil
    ) async throws -> Fixture.Reply {
        try await fixture.send(.post, "/v1/gateway/register", as: secret, try registration(id))
    }

    @Test("A new gateway gets an id, which its token then stands for")
    func registers() async throws {
        let fixture = try await Fixture()
        let token = fixture.ours.freshRuntime

        let first: RegisterResponse = try await register(fixture, token).value()
        #expect(first.organisationID == fixture.ours.organisation.id)
        #expect(first.heartbeatSeconds == 10)
        #expect(try await register(fixture, token).value(RegisterResponse.self).gatewayID == first.gatewayID)
        #expect(try await register(fixture, token, first.gatewayID).status == 200)
        let path = "/v1/gateways/\(first.gatewayID.rawValue)"
        let gateway: Gateway = try await fixture.send(.get, path, as: fixture.ours.session(.viewer)).value()
        #expect(gateway.name == "edge")
        #expect(gateway.status == .healthy)
    }

    @Test("No token speaks for another's gateway")
    func forged() async throws {
        let fixture = try await Fixture()

        let taken = try await register(fixture, fixture.ours.freshRuntime, fixture.ours.gateway)
        let other = try await register(fixture, fixture.ours.runtime, "gw_OTHER")
        #expect(taken.code == "gateway.wrong_identity")
        #expect(other.code == "gateway.wrong_identity")
        for bad in ["", "x", "gw_", "gw_'; DROP TABLE gateway", "gw_\(String(repeating: "x", count: 200))"] {
            #expect(try await register(fixture, fixture.ours.freshRuntime, Identifier(rawValue: bad)).status == 422)
        }
        // The same id in another organisation is another gateway.
        #expect(try await register(fixture, fixture.ours.freshRuntime, fixture.theirs.gateway).status == 200)
        let theirs: Gateway = try await fixture.send(
            .get, "/v1/gateways/\(fixture.theirs.gateway.rawValue)", as: fixture.theirs.session(.owner)
        ).value()
        #expect(theirs.instanceID == "i-1")
    }

    @Test("Until it has registered, a gateway can do nothing but that")
    func unregistered() async throws {
        let fixture = try await Fixture()

        for (method, path, body) in [
            (HTTPRequest.Method.get, "config", nil), (.post, "events", #"{"events":[]}"#), (.post, "heartbeat", "{}"),
        ] as [(HTTPRequest.Method, String, String?)] {
            let reply = try await fixture.send(method, "/v1/gateway/\(path)", as: fixture.ours.freshRuntime, body)
            #expect(reply.code == "gateway.not_registered")
        }
    }

    @Test("A silent gateway is degraded, then offline, until it beats again")
    func heartbeats() async throws {
        let fixture = try await Fixture()
        let path = "/v1/gateways/\(fixture.ours.gateway.rawValue)"
        func status() async throws -> Gateway.Status {
            fixture.clock.advance(.zero)
            return try await fixture.send(.get, path, as: fixture.ours.session(.viewer)).value(Gateway.self).status
        }
        func beat(_ id: Identifier<Gateway>, _ failure: String? = nil) async throws -> Fixture.Reply {
            let beat = Heartbeat(
                gatewayID: id, instanceID: "i-1", config: .init(name: "default", version: "1", digest: "d1"),
                configFailure: failure.map { ConfigFailure(time: fixture.clock.now, message: $0) },
                counters: .init(uptimeSeconds: 5, requests: 7))
            let body = String(decoding: try JSONEncoder().encode(beat), as: UTF8.self)
            return try await fixture.send(.post, "/v1/gateway/heartbeat", as: fixture.ours.runtime, body)
        }

        #expect(try await status() == .healthy)
        fixture.clock.advance(.seconds(29))
        #expect(try await status() == .healthy)
        fixture.clock.advance(.seconds(2))
        #expect(try await status() == .degraded)
        fixture.clock.advance(.seconds(60))
        #expect(try await status() == .offline)
        #expect(try await beat(fixture.ours.gateway).status == 200)
        #expect(try await status() == .healthy)
        #expect(try await beat(fixture.theirs.gateway).code == "gateway.wrong_identity")
        #expect(try await beat(fixture.ours.gateway, "config.yaml:1:1: error: it is empty.").status == 200)
        #expect(try await status() == .degraded)
    }

    @Test("The assigned configuration comes with its digest, and not twice")
    func config() async throws {
        let fixture = try await Fixture()
        func ask(_ known: String?) async throws -> Fixture.Reply {
            try await fixture.send(
                .get, "/v1/gateway/config", as: fixture.ours.runtime, headers: known.map { [.ifNoneMatch: $0] } ?? [:])
        }

        #expect(try await ask(nil).code == "assigned_configuration.not_found")
        try await deploy(fixture)
        let reply = try await ask(nil)
        #expect(try reply.value(AssignedConfig.self).yaml == "pack: 1")
        #expect(reply.headers[.eTag] == #""d1""#)
        #expect(try await ask(#""d1""#).status == 304)
        #expect(try await ask(#"W/"d0", "d1""#).status == 304)
        #expect(try await ask(#""d0""#).status == 200)
    }

    private func deploy(_ fixture: Fixture) async throws {
        let path = "/v1/configurations/\(fixture.ours.configuration.rawValue)/deploy"
        let reply = try await fixture.send(.post, path, as: fixture.ours.session(.owner), #"{"all":true}"#)
        #expect(reply.status == 200)
    }

    @Test("A deployment wakes the gateway that waits for it")
    func configPoll() async throws {
        let fixture = try await Fixture()
        let waiting = Task {
            try await fixture.send(.get, "/v1/gateway/config?wait_seconds=30", as: fixture.ours.runtime)
        }
        try await fixture.untilSomeoneWaits(for: .configurations)

        try await deploy(fixture)
        #expect(try await waiting.value.value(AssignedConfig.self).digest == "d1")
    }

    @Test("A revocation wakes the gateway that waits for it, and names the key")
    func revocationPoll() async throws {
        let fixture = try await Fixture()
        let all: KeySet = try await fixture.send(.get, "/v1/gateway/keys", as: fixture.ours.runtime).value()
        #expect(all.isFull)
        #expect(all.keys.map(\.id) == [fixture.ours.gatewayKeyID])
        let waiting = Task {
            try await fixture.send(
                .get, "/v1/gateway/keys?since=\(all.generation)&wait_seconds=30", as: fixture.ours.runtime)
        }
        try await fixture.untilSomeoneWaits(for: .keys)

        let path = "/v1/tokens/\(fixture.ours.gatewayKeyID.rawValue)"
        #expect(try await fixture.send(.delete, path, as: fixture.ours.session(.owner)).status == 204)
        let news: KeySet = try await waiting.value.value()
        #expect(!news.isFull)
        #expect(news.keys.map(\.status) == [.revoked])
        #expect(news.generation > all.generation)
    }

    @Test("Nothing new: the answer is empty and keeps the generation")
    func noNews() async throws {
        let fixture = try await Fixture()
        let all: KeySet = try await fixture.send(.get, "/v1/gateway/keys", as: fixture.ours.runtime).value()

        let none: KeySet = try await fixture.send(
            .get, "/v1/gateway/keys?since=\(all.generation)", as: fixture.ours.runtime
        ).value()

        #expect(none == KeySet(generation: all.generation, hashKey: all.hashKey, isFull: false, keys: []))
        let ahead: KeySet = try await fixture.send(
            .get, "/v1/gateway/keys?since=\(all.generation + 5)&wait_seconds=30", as: fixture.ours.runtime
        ).value()
        #expect(ahead.isFull)
    }

    @Test("A gateway whose token ends stops learning keys, even while it waits")
    func revokedWhileWaiting() async throws {
        let fixture = try await Fixture()
        let all: KeySet = try await fixture.send(.get, "/v1/gateway/keys", as: fixture.ours.runtime).value()
        let tokens: Page<Token> = try await fixture.send(
            .get, "/v1/tokens?purpose=gateway_runtime", as: fixture.ours.session(.owner)
        ).value()
        let own = try #require(tokens.items.first { $0.gatewayID == fixture.ours.gateway })
        let waiting = Task {
            try await fixture.send(
                .get, "/v1/gateway/keys?since=\(all.generation)&wait_seconds=30", as: fixture.ours.runtime)
        }
        try await fixture.untilSomeoneWaits(for: .keys)

        _ = try await fixture.send(.delete, "/v1/tokens/\(own.id.rawValue)", as: fixture.ours.session(.owner))

        #expect(try await waiting.value.status == 401)
    }

    @Test("Keys of another organisation, and what hashes them, stay there")
    func keysOfOthers() async throws {
        let fixture = try await Fixture()

        let ours: KeySet = try await fixture.send(.get, "/v1/gateway/keys", as: fixture.ours.runtime).value()
        let theirs: KeySet = try await fixture.send(.get, "/v1/gateway/keys", as: fixture.theirs.runtime).value()

        #expect(ours.hashKey != theirs.hashKey)
        #expect(Set(ours.keys.map(\.id)).isDisjoint(with: theirs.keys.map(\.id)))
    }

    @Test("Only so many requests wait, in all and for each token")
    func bound() async throws {
        let polls = LongPolls(most: 3, mostEach: 2)
        let (held, release) = AsyncStream.makeStream(of: Void.self)
        let (started, count) = AsyncStream.makeStream(of: Void.self)
        let first = Task<Void, any Error> {
            try await polls.counting("tok_a") {
                try await polls.counting("tok_a") {
                    count.yield()
                    for await _ in held {}
                }
            }
        }
        for await _ in started.prefix(1) {}

        await #expect(throws: RequestFault.self) { try await polls.counting("tok_a") {} }
        _ = try await polls.counting("tok_b") {
            await #expect(throws: RequestFault.self) { try await polls.counting("tok_c") {} }
        }
        release.finish()
        try await first.value
        try await polls.counting("tok_a") {}
    }

    @Test("A stop of the server ends the waiting")
    func stop() async throws {
        let fixture = try await Fixture()
        let waiting = Task {
            try await fixture.send(.get, "/v1/gateway/config?wait_seconds=30", as: fixture.ours.runtime)
        }
        try await fixture.untilSomeoneWaits(for: .configurations)

        fixture.plane.notifier.stop()

        #expect(try await waiting.value.status == 404)
    }

    @Test("Events count once, and belong to whom the token says")
    func events() async throws {
        let fixture = try await Fixture()
        let now = fixture.clock.now
        let events = (2...4).map { number in
            Fixture.event(
                Identifier(rawValue: "evt_\(number)"), fixture.theirs.gateway, sequence: number, at: now)
        }
        let body = String(decoding: try JSONEncoder().encode(EventBatch(events: events + [events[0]])), as: UTF8.self)
        func deliver() async throws -> EventReceipt {
            try await fixture.send(.post, "/v1/gateway/events", as: fixture.ours.runtime, body).value()
        }

        #expect(try await deliver() == EventReceipt(accepted: 3, duplicates: 1))
        #expect(try await deliver() == EventReceipt(accepted: 0, duplicates: 4))
        let event: DecisionEvent = try await fixture.send(
            .get, "/v1/events/evt_2", as: fixture.ours.session(.viewer)
        ).value()
        #expect(event.gatewayID == fixture.ours.gateway)
        #expect(try await fixture.send(.get, "/v1/events/evt_2", as: fixture.theirs.session(.owner)).status == 404)
        // An id that another organisation has used is free here.
        let receipt: EventReceipt = try await fixture.send(
            .post, "/v1/gateway/events", as: fixture.theirs.runtime, body
        ).value()
        #expect(receipt.accepted == 3)
    }

    @Test("A gateway cannot take the id of another one's event, and the audit log says who tried")
    func claimedEvents() async throws {
        let fixture = try await Fixture()
        let owner = fixture.ours.session(.owner)
        let other: Identifier<Gateway> = "gw_other"
        let forged = Fixture.event("evt_real", other, at: fixture.clock.now)
        let org = fixture.ours.organisation.id
        _ = try await fixture.plane.database.write {
            try $0.ingest([forged], from: other, in: org, at: fixture.clock.now)
        }
        let real = Fixture.event("evt_real", fixture.ours.gateway, at: fixture.clock.now)
        let body = String(decoding: try JSONEncoder().encode(EventBatch(events: [real])), as: UTF8.self)
        func deliver() async throws -> EventReceipt {
            try await fixture.send(.post, "/v1/gateway/events", as: fixture.ours.runtime, body).value()
        }

        #expect(try await deliver() == EventReceipt(accepted: 1, duplicates: 0))
        #expect(try await deliver() == EventReceipt(accepted: 0, duplicates: 1))

        let id = "evt_real.of.\(fixture.ours.gateway.rawValue)"
        let event: DecisionEvent = try await fixture.send(.get, "/v1/events/\(id)", as: owner).value()
        #expect(event.gatewayID == fixture.ours.gateway)
        let records: Page<AuditRecord> = try await fixture.send(
            .get, "/v1/audit-records?action=event.claim", as: owner
        ).value()
        #expect(records.items.map(\.resource) == ["evt_real"])
        #expect(
            records.items.first?.details == [
                "count": "1", "gateway": fixture.ours.gateway.rawValue, "holders": "gw_other", "ids": "evt_real",
            ])
        #expect(fixture.log.text.contains("events came with ids that events of another gateway have"))
        let long = String(
            decoding: try JSONEncoder().encode(
                EventBatch(events: [
                    Fixture.event(
                        .init(rawValue: "evt_" + String(repeating: "x", count: 125)), other, at: fixture.clock.now)
                ])), as: UTF8.self)
        #expect(try await fixture.send(.post, "/v1/gateway/events", as: fixture.ours.runtime, long).status == 422)
    }

    @Test("What callers made an event say does not stop it")
    func hostileEvents() async throws {
        let fixture = try await Fixture()
        var event = Fixture.event("evt_nul", fixture.ours.gateway, at: fixture.clock.now)
        event.model = "a\u{0}b'; DROP TABLE decision_event; --"
        event.userID = String(repeating: "é", count: 5_000)
        let body = String(decoding: try JSONEncoder().encode(EventBatch(events: [event])), as: UTF8.self)

        let reply = try await fixture.send(.post, "/v1/gateway/events", as: fixture.ours.runtime, body)

        #expect(try reply.value() == EventReceipt(accepted: 1, duplicates: 0))
    }

    @Test("A batch that is too long, too large or not a batch is refused")
    func badBatches() async throws {
        let fixture = try await Fixture()
        let many = (0...500).map { Fixture.event(Identifier(rawValue: "evt_\($0)"), "gw_1", at: fixture.clock.now) }
        let tooMany =
            #"{"events":[\#(try many.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }.joined(separator: ","))]}"#
        func status(_ body: String) async throws -> Int {
            try await fixture.send(.post, "/v1/gateway/events", as: fixture.ours.runtime, body).status
        }

        #expect(try await status(tooMany) == 422)
        #expect(try await status(#"{"events":["# + String(repeating: " ", count: 8 << 20) + "]}") == 413)
        #expect(try await status(#"{"events":[{}]}"#) == 422)
        #expect(try await status(#"{"events":[],"org_id":"x"}"#) == 422)
        #expect(try await status(#"{"events":"#) == 400)
    }
}

extension Fixture {
    /// Returns when a request waits for news of this kind.
    func untilSomeoneWaits(for kind: ChangeNotifier.Topic.Kind) async throws {
        while !plane.notifier.isAwaited(.init(organisation: ours.organisation.id, kind: kind)) {
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
