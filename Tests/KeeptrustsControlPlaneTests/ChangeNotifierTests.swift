import HTTPTypes
import KeeptrustsAPI
import KeeptrustsCore
import Testing

@testable import KeeptrustsControlPlane

@Suite(.timeLimit(.minutes(1)))
struct ChangeNotifierTests {
    private let topic = ChangeNotifier.Topic(organisation: "org_1", kind: .keys)
    private let forever = Duration.seconds(3_600)

    @Test("A change wakes all who wait for it, and nobody else")
    func wakes() async throws {
        let notifier = ChangeNotifier()
        let ticket = notifier.ticket(for: topic)
        let waiters = (1...5).map { _ in Task { await notifier.wait(for: topic, since: ticket, atMost: forever) } }
        let other = Task {
            await notifier.wait(for: .init(organisation: "org_2", kind: .keys), since: 0, atMost: forever)
            return Task.isCancelled
        }
        while notifier.awaited != ["org_1", "org_2"] { await Task.yield() }

        notifier.changed(topic)
        for waiter in waiters { await waiter.value }
        other.cancel()
        #expect(await other.value)
        while !notifier.awaited.isEmpty { await Task.yield() }
    }

    @Test("A change between the look and the wait is not missed")
    func race() async {
        let notifier = ChangeNotifier()
        let ticket = notifier.ticket(for: topic)
        notifier.changed(topic)
        await notifier.wait(for: topic, since: ticket, atMost: forever)
    }

    @Test("Time, cancellation and a stop end the waiting")
    func ends() async {
        let notifier = ChangeNotifier()
        await notifier.wait(for: topic, since: 0, atMost: .milliseconds(1))
        let cancelled = Task { await notifier.wait(for: topic, since: 0, atMost: forever) }
        cancelled.cancel()
        await cancelled.value
        let stopped = Task { await notifier.wait(for: topic, since: 0, atMost: forever) }
        notifier.stop()
        await stopped.value
        await notifier.wait(for: topic, since: 0, atMost: forever)
        #expect(notifier.awaited.isEmpty)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct KeyWatchTests {
    @Test("What another replica does to keys is noticed while someone waits")
    func replicas() async throws {
        let fixture = try await Fixture()
        let (notifier, org) = (fixture.plane.notifier, fixture.ours.organisation.id)
        let topic = ChangeNotifier.Topic(organisation: org, kind: .keys)
        let watch = Task { try await KeyWatch(plane: fixture.plane, logger: fixture.log.logger).run() }
        // Someone who begins to wait is told once, because the watch has not seen the generation before.
        await notifier.wait(for: topic, since: notifier.ticket(for: topic), atMost: .seconds(3_600))
        let seen = notifier.ticket(for: topic)

        let waiting = Task { await notifier.wait(for: topic, since: seen, atMost: .seconds(3_600)) }
        _ = try await fixture.with(fixture.plane.database).send(
            .delete, "/v1/tokens/\(fixture.ours.gatewayKeyID.rawValue)", as: fixture.ours.session(.owner))

        await waiting.value
        #expect(notifier.ticket(for: topic) > seen)
        watch.cancel()
        _ = await watch.result
    }
}
