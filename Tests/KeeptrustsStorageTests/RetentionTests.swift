import KeeptrustsAPI
import KeeptrustsCore
import Testing

@testable import KeeptrustsStorage

@Suite("How long events are kept")
struct RetentionTests {
    /// Long enough ago for a year to be over, by the database's own clock.
    private static let longAgo = Timestamp(rawValue: 1_577_836_800_000_000)

    private static func event(
        _ id: Identifier<DecisionEvent>, sequence: Int, kept: Int? = nil, guarded: Int? = nil
    ) -> DecisionEvent {
        var event = DecisionEvent.sample(id, sequence: sequence)
        (event.retentionDays, event.immutableDays) = (kept, guarded)
        return event
    }

    private static func ingest(
        _ events: [DecisionEvent], into database: any Database, from gateway: Identifier<Gateway> = "gw_1"
    ) async throws -> EventReceipt {
        try await database.write { try $0.ingest(events, from: gateway, in: "org_1", at: longAgo) }
    }

    private static func left(in database: any Database) async throws -> [String] {
        try await database.read { db in
            try db.rows("SELECT id FROM decision_event ORDER BY id").map { row -> String in try row["id"] }
        }
    }

    private static func remove(_ limit: Int = 2_000, from database: any Database) async throws -> Int {
        try await database.write { try $0.removeEndedEvents(limit: limit, in: "org_1") }
    }

    @Test("Those whose time is over are removed, some at a time; others stay", arguments: Engine.available)
    func removal(engine: Engine) async throws {
        let database = try await engine.makeSample()
        _ = try await Self.ingest(
            [
                Self.event("evt_1", sequence: 1, kept: 365, guarded: 365), Self.event("evt_2", sequence: 2),
                Self.event("evt_3", sequence: 3, kept: 1), Self.event("evt_4", sequence: 4, kept: 2),
                Self.event("evt_5", sequence: 5, kept: 36_500), Self.event("evt_6", sequence: 6, guarded: 1),
                Self.event("evt_7", sequence: 7, kept: 1, guarded: 36_500),
            ], into: database)

        #expect(try await database.write { try $0.removeEndedEvents(in: "org_2") } == 0)
        #expect(try await Self.remove(2, from: database) == 2)
        #expect(try await Self.left(in: database) == ["evt_1", "evt_2", "evt_5", "evt_6", "evt_7"])
        #expect(try await Self.remove(2, from: database) == 1)
        #expect(try await Self.remove(2, from: database) == 0)
        #expect(try await Self.left(in: database) == ["evt_2", "evt_5", "evt_6", "evt_7"])
    }

    @Test(
        "An event says until when it is kept from its arrival on, whatever its gateway says",
        arguments: Engine.available)
    func moments(engine: Engine) async throws {
        let database = try await engine.makeSample()
        var forged = Self.event("evt_2", sequence: 2)
        (forged.retainedUntil, forged.immutableUntil) = (Self.longAgo, Self.longAgo)
        _ = try await Self.ingest([Self.event("evt_1", sequence: 1, kept: 1, guarded: 2), forged], into: database)

        let (kept, other) = try await database.read { db in
            (try db.event("evt_1", in: "org_1"), try db.event("evt_2", in: "org_1"))
        }

        #expect(kept?.retainedUntil == Self.longAgo.advanced(by: .seconds(86_400)))
        #expect(kept?.immutableUntil == Self.longAgo.advanced(by: .seconds(172_800)))
        #expect(other != nil && other?.retainedUntil == nil && other?.immutableUntil == nil)
    }

    @Test("What was removed is no gap, what never arrived still is", arguments: Engine.available)
    func gaps(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let numbers = [1, 2, 3, 5, 6, 8, 9, 20, Int.max]
        _ = try await Self.ingest(
            numbers.map { number in
                Self.event(.init(rawValue: "evt_\(number)"), sequence: number, kept: [1, 9].contains(number) ? nil : 1)
            }, into: database)
        let before = try await database.read { try $0.gaps(of: "gw_1", in: "org_1") }

        while try await Self.remove(2, from: database) > 0 {}
        _ = try await Self.ingest([Self.event("evt_again", sequence: 5)], into: database)

        #expect(try await Self.left(in: database) == ["evt_1", "evt_9", "evt_again"])
        #expect(try await database.read { try $0.gaps(of: "gw_1", in: "org_1") } == before)
        #expect(
            before
                == [(4, 4), (7, 7), (10, 19), (21, Int.max - 1)].map {
                    EventGap(gatewayID: "gw_1", first: $0, last: $1)
                })
        let stretches = try await database.read { db in
            try db.rows("SELECT first_sequence FROM removed_events ORDER BY 1").map { row -> Int in try row[0] }
        }
        #expect(stretches == [2, 5, 8, 20, Int.max])
    }

    @Test(
        "The database itself lets nobody change or remove one that must stay",
        arguments: Engine.available,
        [
            "UPDATE decision_event SET record = '{}'", "DELETE FROM decision_event",
            "UPDATE decision_event SET immutable_until = 1, retained_until = 1 WHERE id = 'evt_1'",
            "DELETE FROM decision_event WHERE id = 'evt_1'",
        ] as [SQL])
    func immutability(engine: Engine, statement: SQL) async throws {
        let database = try await engine.makeSample()
        _ = try await Self.ingest(
            [Self.event("evt_1", sequence: 1, guarded: 36_500), Self.event("evt_2", sequence: 2)], into: database)
        let before = try await database.read { try $0.event("evt_1", in: "org_1") }

        let error = await #expect(throws: StorageError.self) {
            try await database.write { _ = try $0.execute(statement) }
        }

        #expect(error?.cause?.contains("may not be changed or removed yet") == true)
        #expect(try await database.read { try $0.event("evt_1", in: "org_1") } == before)
        #expect(try await Self.left(in: database) == ["evt_1", "evt_2"])
    }

    @Test("It is free when its time is over, or when it never was guarded", arguments: Engine.available)
    func free(engine: Engine) async throws {
        let database = try await engine.makeSample()
        _ = try await Self.ingest(
            [Self.event("evt_1", sequence: 1, guarded: 365), Self.event("evt_2", sequence: 2, kept: 36_500)],
            into: database)

        let counts = try await database.write { db in
            [try db.execute("UPDATE decision_event SET model = 'x'"), try db.execute("DELETE FROM decision_event")]
        }

        #expect(counts == [2, 2])
    }

    @Test("A second delivery changes nothing, and is no error", arguments: Engine.available)
    func redelivery(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let event = Self.event("evt_1", sequence: 1, guarded: 36_500)
        _ = try await Self.ingest([event], into: database)

        let again = try await Self.ingest([event, Self.event("evt_2", sequence: 2)], into: database)
        let other = try await Self.ingest([event], into: database, from: "gw_2")

        #expect(again == EventReceipt(accepted: 1, duplicates: 1))
        #expect(other.accepted == 1)
        #expect(try await Self.left(in: database) == ["evt_1", "evt_1.of.gw_2", "evt_2"])
    }

    @Test("SQLite replaces none that must stay")
    func replacement() async throws {
        let database = try await Engine.sqlite.makeSample()
        _ = try await Self.ingest(
            [Self.event("evt_1", sequence: 1, guarded: 36_500), Self.event("evt_2", sequence: 2)], into: database)
        let before = try await database.read { try $0.event("evt_1", in: "org_1") }

        _ = try await database.write { db in
            try db.execute(
                """
                INSERT OR REPLACE INTO decision_event SELECT org_id, 'evt_1', gateway_id, sequence, time, received, request_id,
                    key_id, user_id, team_id, consumer_group, model, provider, verdict, flagged, degraded, decision, policy,
                    reason_code, outcome, status, input_tokens, output_tokens, cost_micros, cost_currency, total_us, search,
                    '{}', NULL, NULL FROM decision_event WHERE id = 'evt_2'
                """)
        }
        await #expect(throws: StorageError.self) {
            try await database.write { db in
                _ = try db.execute("UPDATE OR REPLACE decision_event SET id = 'evt_1' WHERE id = 'evt_2'")
            }
        }

        #expect(try await database.read { try $0.event("evt_1", in: "org_1") } == before)
    }

    @Test("PostgreSQL empties no table of events that must stay")
    func truncation() async throws {
        let database = try await Engine.postgres.makeSample()
        _ = try await Self.ingest([Self.event("evt_1", sequence: 1, guarded: 36_500)], into: database)

        let error = await #expect(throws: StorageError.self) {
            try await database.write { _ = try $0.execute("TRUNCATE decision_event") }
        }

        #expect(error?.cause?.contains("may not be removed yet") == true)
    }

    @Test("Events from before there was a retention stay, and are nobody's to guard", arguments: Engine.available)
    func older(engine: Engine) async throws {
        let database = try await engine.makeStore().open()
        try await database.migrate(through: Array(Migration.all.prefix { $0.name != "0007-retention" }))
        try await database.write { db in
            try db.insert(Organisation.one)
            _ = try db.execute(
                """
                INSERT INTO decision_event (org_id, id, gateway_id, sequence, time, received, request_id, model, verdict,
                    flagged, degraded, decision, outcome, status, input_tokens, output_tokens, total_us, search, record)
                VALUES ('org_1', 'evt_1', 'gw_1', 1, 1, 1, 'r', 'm', 'allow', \(false), \(false), 'allowed', 'completed', 200, 0,
                    0, 0, 'evt', '{}')
                """)
        }

        try await database.migrate()

        #expect(try await Self.remove(from: database) == 0)
        #expect(try await database.write { try $0.execute("UPDATE decision_event SET model = 'x'") } == 1)
        #expect(try await Self.left(in: database) == ["evt_1"])
    }
}
