import HTTPTypes
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import Testing

@testable import KeeptrustsControlPlane

@Suite("The job that removes events")
struct RetentionTests {
    /// Our organisation's event of the fixture, and as many that ended long ago.
    private func fixture(ended count: Int) async throws -> Fixture {
        let fixture = try await Fixture()
        let events = (2..<count + 2).map { number in
            var event = Fixture.event(
                Identifier(rawValue: "evt_N\(number)"), fixture.ours.gateway, sequence: number, at: fixture.clock.now)
            (event.retentionDays, event.immutableDays) = (30, 30)
            return event
        }
        try await fixture.plane.database.write {
            _ = try $0.ingest(
                events, from: fixture.ours.gateway, in: fixture.ours.organisation.id,
                at: Timestamp(rawValue: 1_577_836_800_000_000))
        }
        return fixture
    }

    private func job(_ fixture: Fixture, mostBatches: Int = 10) -> RetentionJob {
        RetentionJob(plane: fixture.plane, logger: fixture.log.logger, batch: 2, mostBatches: mostBatches)
    }

    private func events(_ fixture: Fixture) async throws -> Page<DecisionEvent> {
        try await fixture.send(.get, "/v1/events", as: fixture.ours.session(.viewer)).value()
    }

    @Test("An event shows until when it is kept")
    func shown() async throws {
        let fixture = try await fixture(ended: 1)

        let event: DecisionEvent = try await fixture.send(
            .get, "/v1/events/evt_N2", as: fixture.ours.session(.viewer)
        ).value()

        #expect(event.retainedUntil == Timestamp(rawValue: 1_580_428_800_000_000))
        #expect(event.immutableUntil == event.retainedUntil)
    }

    @Test("It goes on until nothing is left to remove, and the audit log counts what went")
    func batches() async throws {
        let fixture = try await fixture(ended: 5)

        try await job(fixture).once()
        try await job(fixture).once()

        #expect(try await events(fixture).items.map(\.id) == [fixture.ours.event.id])
        let records: Page<AuditRecord> = try await fixture.send(
            .get, "/v1/audit-records?action=event.remove", as: fixture.ours.session(.owner)
        ).value()
        #expect(records.items.map { $0.details["count"] } == ["1", "2", "2"])
        #expect(records.items.allSatisfy { $0.actor == .init(.system, "kt") })
    }

    @Test("It leaves the rest for the next time when there is too much")
    func bound() async throws {
        let fixture = try await fixture(ended: 9)

        try await job(fixture, mostBatches: 3).once()

        #expect(try await events(fixture).items.count == 4)
    }

    @Test("Two of them at a time remove each event once")
    func together() async throws {
        let fixture = try await fixture(ended: 20)

        async let one: Void = job(fixture, mostBatches: 50).once()
        async let other: Void = job(fixture, mostBatches: 50).once()
        _ = try await (one, other)

        #expect(try await events(fixture).items.count == 1)
        let records: Page<AuditRecord> = try await fixture.send(
            .get, "/v1/audit-records?action=event.remove&limit=100", as: fixture.ours.session(.owner)
        ).value()
        #expect(records.items.compactMap { $0.details["count"].flatMap { Int($0) } }.reduce(0, +) == 20)
    }
}
