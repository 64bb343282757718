import KeeptrustsAPI
import KeeptrustsCore
import Synchronization

/// Tells those who wait in this process that something changed.
///
/// A waiter takes a ticket before it looks at the database, so that a change between the look and the wait is not missed.
final class ChangeNotifier: Sendable {
    struct Topic: Hashable, Sendable {
        enum Kind: Sendable { case keys, configurations }

        var organisation: Identifier<Organisation>
        var kind: Kind
    }

    private struct State {
        var changes: [Topic: UInt64] = [:]
        var waiting: [Topic: [UInt64: CheckedContinuation<Void, Never>]] = [:]
        var nextWaiter: UInt64 = 0
        var isStopping = false
    }

    private let state = Mutex(State())

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// The organisations that someone waits for.
    var awaited: Set<Identifier<Organisation>> {
        state.withLock { Set($0.waiting.filter { !$0.value.isEmpty }.keys.map(\.organisation)) }
    }

    func isAwaited(_ topic: Topic) -> Bool {
        state.withLock { $0.waiting[topic]?.isEmpty == false }
    }

    /// Wakes all who wait for a topic.
    func changed(_ topic: Topic) {
        let woken = state.withLock { state in
            state.changes[topic, default: 0] += 1
            return state.waiting.removeValue(forKey: topic)?.values.map(\.self) ?? []
        }
        for waiter in woken { waiter.resume() }
    }

    /// Wakes everybody, and lets nobody wait from now on.
    func stop() {
        let woken = state.withLock { state in
            state.isStopping = true
            defer { state.waiting = [:] }
            return state.waiting.values.flatMap(\.values)
        }
        for waiter in woken { waiter.resume() }
    }

    func ticket(for topic: Topic) -> UInt64 {
        state.withLock { $0.changes[topic, default: 0] }
    }

    /// Returns when the topic has changed since the ticket, after `limit`, or when the task is cancelled.
    func wait(for topic: Topic, since ticket: UInt64, atMost limit: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(for: topic, since: ticket) }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait(for topic: Topic, since ticket: UInt64) async {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard state.changes[topic, default: 0] == ticket, !state.isStopping, !Task.isCancelled else {
                        return true
                    }
                    state.waiting[topic, default: [:]][waiter] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting[topic]?.removeValue(forKey: waiter) }?.resume()
        }
    }
}
