/// How much happened in the last while, in constant memory.
///
/// Counts for two windows are kept, the running one and the one before. What of the latter still counts is taken to have
/// happened evenly, so there is no edge at which twice as much is let through.
struct RollingCount: Sendable, Equatable {
    let window: Duration
    private var began: Duration
    private var current = 0
    private var before = 0

    /// - Parameters:
    ///   - window: The while; more than nothing.
    ///   - now: The time at which counting begins.
    init(over window: Duration, at now: Duration) {
        self.window = max(window, .nanoseconds(1))
        began = now
    }

    /// Counts `amount` more.
    mutating func add(_ amount: Int = 1, at now: Duration) {
        advance(to: now)
        current += amount
    }

    /// Counts `amount` no more that was counted at `time`.
    mutating func remove(_ amount: Int, countedAt time: Duration) {
        if time >= began {
            current = max(0, current - amount)
        } else if time >= began - window {
            before = max(0, before - amount)
        }
    }

    /// What happened in the window that ends at `now`.
    mutating func count(at now: Duration) -> Double {
        advance(to: now)
        let part = (now - began) / window
        return Double(current) + Double(before) * (1 - min(max(part, 0), 1))
    }

    private mutating func advance(to now: Duration) {
        let passed = now - began
        guard passed >= window else { return }
        if passed >= window * 2 {
            (before, current, began) = (0, 0, now)
        } else {
            (before, current, began) = (current, 0, began + window)
        }
    }
}
