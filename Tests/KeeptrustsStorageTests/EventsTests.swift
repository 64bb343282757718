import KeeptrustsAPI
import KeeptrustsCore
import Testing

@testable import KeeptrustsStorage

struct EventsTests {
    private func ingest(
        _ events: [DecisionEvent], into database: any Database, from gateway: Identifier<Gateway> = "gw_1",
        _ org: Identifier<Organisation> = "org_1"
    ) async throws -> EventReceipt {
        try await database.write { try $0.ingest(events, from: gateway, in: org, at: second(100)) }
    }

    @Test("An event comes back as it was delivered", arguments: Engine.available)
    func roundTrip(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let event = DecisionEvent.sample()

        let receipt = try await ingest([event], into: database)

        #expect(receipt == EventReceipt(accepted: 1, duplicates: 0))
        #expect(try await database.read { try $0.event("evt_1", in: "org_1") } == event)
        #expect(try await database.read { try $0.event("evt_2", in: "org_1") } == nil)
        let page = try await database.read { try $0.events(EventFilter(), PageRequest(), in: "org_1") }
        #expect(page == Page(items: [event]))
    }

    @Test("An event that comes again is a duplicate and changes nothing", arguments: Engine.available)
    func duplicates(engine: Engine) async throws {
        let database = try await engine.makeSample()
        var changed = DecisionEvent.sample()
        changed.verdict = .allow

        let receipts = [
            try await ingest([.sample("evt_1"), .sample("evt_2"), .sample("evt_1")], into: database),
            try await ingest([changed, .sample("evt_3")], into: database),
            try await ingest([], into: database),
            try await ingest([.sample("evt_1")], into: database, "org_2"),
        ]

        #expect(
            receipts == [
                EventReceipt(accepted: 2, duplicates: 1), EventReceipt(accepted: 1, duplicates: 1),
                EventReceipt(accepted: 0, duplicates: 0), EventReceipt(accepted: 1, duplicates: 0),
            ])
        #expect(try await database.read { try $0.event("evt_1", in: "org_1") } == .sample())
    }

    @Test("An event belongs to the gateway that delivered it, whatever it says", arguments: Engine.available)
    func gateway(engine: Engine) async throws {
        let database = try await engine.makeSample()

        _ = try await ingest([.sample()], into: database, from: "gw_7")

        #expect(try await database.read { try $0.event("evt_1", in: "org_1")?.gatewayID } == "gw_7")
    }

    @Test("An event whose id another gateway has taken is kept beside it, once", arguments: Engine.available)
    func claims(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let (forged, real) = (DecisionEvent.sample(model: "forged"), DecisionEvent.sample(model: "real"))
        // As if for the id under which the real one will be kept, too.
        let second = DecisionEvent.sample("evt_1.of.gw_1", sequence: 2, model: "forged")
        _ = try await ingest([forged, second], into: database, from: "gw_2")

        let receipts = [
            try await ingest([real, .sample("evt_2", sequence: 2), real], into: database),
            try await ingest([real, .sample("evt_2", sequence: 2)], into: database),
            try await ingest([forged, second], into: database, from: "gw_2"),
        ]

        #expect(
            receipts == [
                EventReceipt(accepted: 2, duplicates: 1, claimed: [.init(id: "evt_1", holder: "gw_2")]),
                EventReceipt(accepted: 0, duplicates: 2), EventReceipt(accepted: 0, duplicates: 2),
            ])
        let page = try await database.read { try $0.events(EventFilter(), PageRequest(), in: "org_1") }
        #expect(
            Set(page.items.map { "\($0.id.rawValue) \($0.gatewayID.rawValue) \($0.model)" }) == [
                "evt_1 gw_2 forged", "evt_1.of.gw_1.of.gw_2 gw_2 forged", "evt_1.of.gw_1 gw_1 real",
                "evt_2 gw_1 gpt-4o",
            ])
        #expect(try await database.read { try $0.event("evt_1.of.gw_1", in: "org_1")?.model } == "real")
    }

    @Test("Two gateways that deliver one id at the same time lose nothing", arguments: Engine.available)
    func concurrentClaims(engine: Engine) async throws {
        let database = try await engine.makeSample(connections: 4)
        let events = (0..<50).map { DecisionEvent.sample(.init(rawValue: "evt_\($0)"), sequence: $0) }

        let receipts = try await withThrowingTaskGroup { group in
            for number in 0..<8 {
                group.addTask {
                    try await self.ingest(events, into: database, from: .init(rawValue: "gw_\(number % 4)"))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }

        #expect(receipts.map(\.accepted).reduce(0, +) == 200)
        #expect(receipts.map(\.duplicates).reduce(0, +) == 200)
        for number in 0..<4 {
            let gateway = Identifier<Gateway>(rawValue: "gw_\(number)")
            let own = try await database.read { db in
                var filter = EventFilter()
                filter.gatewayIDs = [gateway]
                return try db.events(filter, PageRequest(limit: 100), in: "org_1").items.map(\.sequence)
            }
            #expect(Set(own) == Set(0..<50))
        }
    }

    @Test("Pages go on behind events of one id, with gateways' ids of any length", arguments: Engine.available)
    func pagesOfClaims(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let long = Identifier<DecisionEvent>(rawValue: "evt_" + String(repeating: "x", count: 124))
        let gateways = (1...4).map { Identifier<Gateway>(rawValue: "gw_\($0)" + String(repeating: "y", count: 124)) }
        for gateway in gateways { _ = try await ingest([.sample(long)], into: database, from: gateway) }

        var (found, cursor) = ([Identifier<Gateway>](), String?.none)
        repeat {
            let request = PageRequest(limit: 1, cursor: cursor)
            let page = try await database.read { try $0.events(EventFilter(), request, in: "org_1") }
            found += page.items.map(\.gatewayID)
            cursor = page.nextCursor
        } while cursor != nil

        #expect(found.count == 4)
        #expect(Set(found) == Set(gateways))
    }

    @Test("Deliveries of the same events at the same time count each once", arguments: Engine.available)
    func concurrentDeliveries(engine: Engine) async throws {
        let database = try await engine.makeSample(connections: 3)
        let events = (0..<100).map { DecisionEvent.sample(.init(rawValue: "evt_\($0)"), sequence: $0) }

        let receipts = try await withThrowingTaskGroup { group in
            for number in 0..<6 {
                group.addTask {
                    try await self.ingest(number.isMultiple(of: 2) ? events : events.reversed(), into: database)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }

        #expect(receipts.map(\.accepted).reduce(0, +) == 100)
        #expect(receipts.map(\.duplicates).reduce(0, +) == 500)
    }

    @Test("Whatever a caller or a provider made an event say, it is taken in", arguments: Engine.available)
    func hostileContent(engine: Engine) async throws {
        let database = try await engine.makeSample()
        var event = DecisionEvent.sample()
        event.model = "a\0b'; DROP TABLE decision_event; --" + String(repeating: "é", count: 5_000)
        event.requestID = "\u{1}\t\\N\r\n{\"}"
        event.userID = "\0"
        event.usage = Usage(inputTokens: .max, outputTokens: -5)
        event.cost = Money(micros: .max, currency: "\0")
        event.timings.totalUS = .max
        event.findings[0].start = .min
        let hostile = event

        let receipt = try await ingest([hostile, hostile, .sample("evt_2")], into: database)

        #expect(receipt == EventReceipt(accepted: 2, duplicates: 1))
        #expect(try await database.read { try $0.event("evt_1", in: "org_1") } == hostile)
        let summary = try await database.read { db in
            var filter = EventFilter()
            (filter.since, filter.until) = (second(0), second(60))
            return try db.eventSummary(filter, bucketSeconds: 60, in: "org_1")
        }
        #expect(summary.total.inputTokens == 100_000_000_012)
        #expect(summary.total.outputTokens == 34)
    }

    @Test("Each filter lets through what fulfils it", arguments: Engine.available)
    func filters(engine: Engine) async throws {
        let database = try await engine.makeSample()
        var odd = DecisionEvent.sample("evt_2", sequence: 2, time: second(20), verdict: .block, model: "claude")
        odd.provider = "anthropic"
        odd.keyID = "token_2"
        odd.userID = "bob"
        odd.teamID = "sales"
        odd.consumerGroup = "silver"
        odd.policy = "prompt-injection"
        odd.reasonCode = "prompt_injection.detected"
        odd.outcome = .blocked
        odd.degraded = true
        odd.requestID = "REQ-77"
        _ = try await ingest([.sample(), odd], into: database)
        let cases: [(String, @Sendable (inout EventFilter) -> Void)] = [
            ("since", { $0.since = second(20) }), ("decisions", { $0.decisions = [.blocked, .flagged] }),
            ("outcomes", { $0.outcomes = [.blocked] }), ("models", { $0.models = ["claude", "x"] }),
            ("providers", { $0.providers = ["anthropic"] }), ("keyID", { $0.keyID = "token_2" }),
            ("userID", { $0.userID = "bob" }), ("teamID", { $0.teamID = "sales" }),
            ("consumerGroup", { $0.consumerGroup = "silver" }), ("policy", { $0.policy = "prompt-injection" }),
            ("reasonCode", { $0.reasonCode = "prompt_injection.detected" }), ("degraded", { $0.degraded = true }),
            ("requestID", { $0.requestID = "REQ-77" }), ("text of the model", { $0.text = "LAUD" }),
            ("text of the request's id", { $0.text = "eq-77" }), ("text of the reason", { $0.text = "injection." }),
            ("text of the id", { $0.text = "EVT_2" }), ("text of the key's id", { $0.text = "OKEN_2" }),
        ]

        for (name, set) in cases {
            var filter = EventFilter()
            set(&filter)
            let (asked, ids) = (filter, ["evt_2"] as [Identifier<DecisionEvent>])
            let found = try await database.read { try $0.events(asked, PageRequest(), in: "org_1").items.map(\.id) }
            #expect(found == ids, "\(name)")
        }
        var filter = EventFilter()
        (filter.until, filter.gatewayIDs) = (second(20), ["gw_1"])
        let early = filter
        #expect(
            try await database.read { try $0.events(early, PageRequest(), in: "org_1").items.map(\.id) } == ["evt_1"])
        filter.gatewayIDs = ["gw_2"]
        let elsewhere = filter
        #expect(try await database.read { try $0.events(elsewhere, PageRequest(), in: "org_1").items } == [])
    }

    @Test(
        "In a text that is looked for, wildcards are letters", arguments: ["%", "t_1", "!", "\\", "'", "evt-1", "\n%"])
    func likeMetacharacters(text: String) async throws {
        for engine in Engine.available {
            let database = try await engine.makeSample()
            _ = try await ingest([.sample("evt.1")], into: database)
            var filter = EventFilter()
            filter.text = text
            let asked = filter

            #expect(try await database.read { try $0.events(asked, PageRequest(), in: "org_1").items } == [])
        }
    }

    @Test("Pages follow each other, also among events of the same time", arguments: Engine.available)
    func pages(engine: Engine) async throws {
        let database = try await engine.makeSample()
        _ = try await ingest(
            (1...7).map {
                .sample(.init(rawValue: "evt_\($0)"), sequence: $0, time: second(Int64(10 + $0 / 3)))
            }, into: database)

        var (ids, cursor) = ([String](), String?.none)
        repeat {
            let request = PageRequest(limit: 3, cursor: cursor)
            let page = try await database.read { try $0.events(EventFilter(), request, in: "org_1") }
            ids += page.items.map(\.id.rawValue)
            cursor = page.nextCursor
        } while cursor != nil

        #expect(ids == ["evt_7", "evt_6", "evt_5", "evt_4", "evt_3", "evt_2", "evt_1"])
    }

    @Test("Numbers that did not arrive are named", arguments: Engine.available)
    func gaps(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let numbers = [3, 4, 7, 8, 20]
        _ = try await ingest(
            numbers.map { .sample(.init(rawValue: "evt_\($0)"), sequence: $0) }, into: database)
        _ = try await ingest([.sample("evt_x", sequence: 5)], into: database, from: "gw_2")

        let (gaps, first, others) = try await database.read { db in
            (
                try db.gaps(of: "gw_1", in: "org_1"), try db.gaps(of: "gw_1", limit: 1, in: "org_1"),
                try db.gaps(of: "gw_1", in: "org_2")
            )
        }

        #expect(
            gaps == [
                EventGap(gatewayID: "gw_1", first: 5, last: 6), EventGap(gatewayID: "gw_1", first: 9, last: 19),
            ])
        #expect(first == [EventGap(gatewayID: "gw_1", first: 5, last: 6)])
        #expect(others == [])
    }

    @Test("What was refused, failed or was cancelled is no allowed exchange", arguments: Engine.available)
    func endings(engine: Engine) async throws {
        let database = try await engine.makeSample()
        _ = try await ingest(
            [
                .sample("evt_1", verdict: .allow), .sample("evt_2", verdict: nil, outcome: .refused),
                .sample("evt_3", verdict: .redact, outcome: .failed),
                .sample("evt_4", verdict: .allow, flagged: true, outcome: .cancelled),
                .sample("evt_5", verdict: .block, outcome: .blocked),
            ], into: database)

        let expected: [(DecisionEvent.Decision, Identifier<DecisionEvent>)] = [
            (.allowed, "evt_1"), (.refused, "evt_2"), (.failed, "evt_3"), (.cancelled, "evt_4"), (.blocked, "evt_5"),
        ]
        for (decision, id) in expected {
            var filter = EventFilter()
            filter.decisions = [decision]
            let asked = filter
            let found = try await database.read { try $0.events(asked, PageRequest(), in: "org_1").items }
            #expect(found.map(\.id) == [id], "\(decision)")
            #expect(found.map { $0.verdict == nil } == [decision == .refused])
        }
    }

    @Test("A summary counts decisions by time, and sums tokens and cost", arguments: Engine.available)
    func summary(engine: Engine) async throws {
        let database = try await engine.makeSample()
        var free = DecisionEvent.sample("evt_6", time: second(70), verdict: .allow, outcome: .failed)
        (free.cost, free.usage) = (nil, nil)
        var euro = DecisionEvent.sample("evt_5", time: second(61), verdict: .escalate)
        euro.cost = Money(micros: 7, currency: "EUR")
        _ = try await ingest(
            [
                .sample("evt_1", time: second(0), verdict: .allow), .sample("evt_2", time: second(59)),
                .sample("evt_3", time: second(60), verdict: .allow, flagged: true),
                .sample("evt_4", time: second(60), verdict: .block, outcome: .blocked), euro, free,
                .sample("evt_7", time: second(180)),
            ], into: database)

        var filter = EventFilter()
        (filter.since, filter.until) = (second(0), second(180))
        let asked = filter
        let summary = try await database.read { try $0.eventSummary(asked, bucketSeconds: 60, in: "org_1") }

        var (first, later) = (EventSummary.Tally(), EventSummary.Tally())
        (first.allowed, first.redacted, first.inputTokens, first.outputTokens) = (1, 1, 24, 68)
        (later.flagged, later.blocked, later.escalated, later.failed) = (1, 1, 1, 1)
        (later.inputTokens, later.outputTokens) = (36, 102)
        var total = EventSummary.Tally()
        (total.allowed, total.redacted, total.flagged, total.blocked, total.escalated) = (1, 1, 1, 1, 1)
        (total.failed, total.inputTokens, total.outputTokens) = (1, 60, 170)
        #expect(
            summary
                == EventSummary(
                    since: second(0), until: second(180), bucketSeconds: 60, total: total,
                    cost: [Money(micros: 7, currency: "EUR"), Money(micros: 6_000, currency: "USD")],
                    buckets: [.init(start: second(0), tally: first), .init(start: second(60), tally: later)]))
    }

    @Test(
        "A summary of no time, or of too many stretches, is refused",
        arguments: [(10, 10, 60), (0, 200_000, 60), (0, 9, 0)])
    func wrongSummary(since: Int64, until: Int64, bucket: Int) async throws {
        let database = try await Engine.sqlite.makeSample()
        var filter = EventFilter()
        (filter.since, filter.until) = (second(since), second(until))
        let asked = filter

        let error = await #expect(throws: StorageError.self) {
            _ = try await database.read { try $0.eventSummary(asked, bucketSeconds: bucket, in: "org_1") }
        }

        #expect(error?.category == .invalidInput)
    }

    @Test("A key's last use is noted when its events arrive", arguments: Engine.available)
    func keyUse(engine: Engine) async throws {
        let database = try await engine.makeSample()
        try await database.write { try $0.insert(.sample(), hash: hash(1), in: "org_1") }

        _ = try await ingest([.sample()], into: database)

        let token = try await database.read { try $0.token("token_1", in: "org_1", at: second(101)) }
        #expect(token?.lastUsed == second(100))
    }
}
