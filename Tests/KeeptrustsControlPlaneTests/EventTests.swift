import HTTPTypes
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import Testing

@testable import KeeptrustsControlPlane

struct EventTests {
    private func fixture(events count: Int) async throws -> Fixture {
        let fixture = try await Fixture()
        let events = (2...count).map { number in
            Fixture.event(
                Identifier(rawValue: "evt_N\(number)"), fixture.ours.gateway, sequence: number,
                at: fixture.clock.now.advanced(by: .seconds(-number)))
        }
        try await fixture.plane.database.write {
            _ = try $0.ingest(
                events, from: fixture.ours.gateway, in: fixture.ours.organisation.id, at: fixture.clock.now)
        }
        return fixture
    }

    @Test("Pages hold every event once, the newest first")
    func pages() async throws {
        let fixture = try await fixture(events: 25)
        var (seen, cursor): ([Int], String?) = ([], nil)
        repeat {
            let from = cursor.map { "&cursor=\($0)" } ?? ""
            let page: Page<DecisionEvent> = try await fixture.send(
                .get, "/v1/events?limit=10\(from)", as: fixture.ours.session(.viewer)
            ).value()
            seen += page.items.map(\.sequence)
            cursor = page.nextCursor
        } while cursor != nil

        #expect(seen == Array(1...25))
    }

    @Test(
        "Filters find what they say",
        arguments: [
            ("decision=redacted", 5), ("decision=blocked,allowed", 0), ("model=gpt-4o", 5), ("model=gpt-4o,x", 5),
            ("model=x", 0), ("request_id=req_3", 1), ("q=REQ_4", 1), ("q=%25", 0), ("q=_", 5), ("since=3s", 3),
            ("since=1d&until=2s", 3), ("degraded=true", 0), ("outcome=completed", 5), ("policy=pii", 0),
        ]
    )
    func filters(query: String, count: Int) async throws {
        let fixture = try await fixture(events: 5)

        let page: Page<DecisionEvent> = try await fixture.send(
            .get, "/v1/events?\(query)", as: fixture.ours.session(.viewer)
        ).value()

        #expect(page.items.count == count)
    }

    @Test(
        "No filter leads out of the organisation or into the query",
        arguments: [
            "model=x'%20OR%20'1'='1", "user_id=';DROP%20TABLE%20decision_event;--", "q=%27%29%20OR%201=1--",
            "gateway_id=x%27%29%20OR%20%28%271%27=%271", "request_id=%5C%27%20OR%201=1", "policy=$1", "reason_code=%3F",
        ]
    )
    func injection(query: String) async throws {
        let fixture = try await fixture(events: 2)

        let reply = try await fixture.send(.get, "/v1/events?\(query)", as: fixture.ours.session(.viewer))

        #expect(reply.status == 200)
        #expect(try reply.value(Page<DecisionEvent>.self).items.isEmpty)
        #expect(
            try await fixture.send(.get, "/v1/events", as: fixture.ours.session(.viewer)).value(
                Page<DecisionEvent>.self
            ).items.count == 2)
    }

    @Test(
        "A query that makes no sense is refused by name",
        arguments: [
            "limit=0", "limit=501", "limit=x", "limit=1e3", "decision=maybe", "since=yesterday", "since=-5m",
            "degraded=1",
            "sort=time", "org_id=org_x", "model=a&model=b", "limit=10&limit=20", "since=99999999999999999999d",
        ]
    )
    func refused(query: String) async throws {
        let fixture = try await Fixture()

        let reply = try await fixture.send(.get, "/v1/events?\(query)", as: fixture.ours.session(.viewer))

        #expect(reply.status == 422)
        let name = query.split(separator: "=")[0].split(separator: "&").last ?? ""
        #expect(reply.text.contains(#""param":"\#(name)""#))
    }

    @Test(
        "What was meant is named",
        arguments: [
            ("verdict=block", "Did you mean 'decision'?"), ("decison=blocked", "Did you mean 'decision'?"),
            ("decision=block", "Did you mean 'blocked'?"), ("decision=allow", "Did you mean 'allowed'?"),
            ("outcome=redacted", "Did you mean 'decision=redacted'?"), ("outcome=block", "Did you mean 'blocked'?"),
            ("sort=time", "It takes consumer_group, cursor, decision, "),
        ])
    func meant(query: String, hint: String) async throws {
        let fixture = try await Fixture()

        let reply = try await fixture.send(.get, "/v1/events?\(query)", as: fixture.ours.session(.viewer))

        #expect(reply.status == 422)
        #expect(reply.text.contains(#""hint":"\#(hint)"#), "\(reply.text)")
    }

    @Test("A cursor of someone's own making is refused", arguments: ["x", "1", ":", "1:'", "9999999999999999999999:a"])
    func cursors(cursor: String) async throws {
        let fixture = try await Fixture()

        let reply = try await fixture.send(.get, "/v1/events?cursor=\(cursor)", as: fixture.ours.session(.viewer))

        #expect(reply.code == "storage.invalid_cursor")
    }

    @Test("The summary counts a time's exchanges by their decisions")
    func summary() async throws {
        let fixture = try await fixture(events: 5)
        let viewer = fixture.ours.session(.viewer)

        let day: EventSummary = try await fixture.send(.get, "/v1/events/summary?until=0s", as: viewer).value()
        #expect(day.total.redacted == 4)
        #expect(day.buckets.count == 1)
        for bad in ["bucket_seconds=0", "since=1h&until=2h", "since=30d&bucket_seconds=1"] {
            #expect(try await fixture.send(.get, "/v1/events/summary?\(bad)", as: viewer).status == 422)
        }
    }
}
