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
