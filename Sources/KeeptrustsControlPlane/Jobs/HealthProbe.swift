import Synchronization

/// Whether the database does what it is asked, found out for all who want to know at the same time.
///
/// A database that hangs cannot be made to give up, so whoever asks waits no longer than `limit`, and no second question
/// is sent while the first one has no answer. An answer holds for a second: strangers may ask, and each is a write.
final class HealthProbe: Sendable {
    private struct State {
        var isAsking = false
        var answer: (isWell: Bool, at: ContinuousClock.Instant)?
        var waiting: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        var nextWaiter: UInt64 = 0
    }

    private let state = Mutex(State())
    private let limit: Duration
    private let validity: Duration

    init(limit: Duration = .seconds(2), validity: Duration = .seconds(1)) {
        self.limit = limit
        self.validity = validity
    }

    /// Whether `question` is answered in time, and not with an error.
    func isWell(_ question: @escaping @Sendable () async throws -> Void) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.answer(question) }
            // Whichever is first answers; the other is cancelled.
            group.addTask { [limit] in
                try? await Task.sleep(for: limit)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    private func answer(_ question: @escaping @Sendable () async throws -> Void) async -> Bool {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (known, mustAsk) = enter(waiter, continuation)
                if let known { continuation.resume(returning: known) }
                // Awaited by all who wait; it ends when the database answers, and is the only one until then.
                if mustAsk { Task { await self.ask(question) } }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: waiter) }?.resume(returning: false)
        }
    }

    /// What is known already, or else whether this waiter must ask.
    private func enter(
        _ waiter: UInt64, _ continuation: CheckedContinuation<Bool, Never>
    ) -> (known: Bool?, mustAsk: Bool) {
        state.withLock { state -> (known: Bool?, mustAsk: Bool) in
            if let answer = state.answer, ContinuousClock.now - answer.at < validity { return (answer.isWell, false) }
            guard !Task.isCancelled else { return (false, false) }
            state.waiting[waiter] = continuation
            defer { state.isAsking = true }
            return (nil, !state.isAsking)
        }
    }

    private func ask(_ question: @Sendable () async throws -> Void) async {
        let isWell: Bool
        do {
            try await question()
            isWell = true
        } catch {
            isWell = false
        }
        let waiting = state.withLock { state in
            state.isAsking = false
            state.answer = (isWell, .now)
            defer { state.waiting = [:] }
            return state.waiting.values.map(\.self)
        }
        for continuation in waiting { continuation.resume(returning: isWell) }
    }
}
