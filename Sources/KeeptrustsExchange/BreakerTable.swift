import KeeptrustsRouting

/// The circuit breakers of one event loop, by the id of their target.
struct BreakerTable {
    /// A target's breaker, which outlives a reload of the config.
    final class Entry {
        fileprivate var breaker: CircuitBreaker

        /// The leave that the last question was given.
        fileprivate(set) var permit: CircuitBreaker.Permit?

        fileprivate init(_ settings: CircuitBreaker.Settings) { breaker = CircuitBreaker(settings) }

        func end(_ permit: CircuitBreaker.Permit?, _ result: CircuitBreaker.Result, at now: ContinuousClock.Instant) {
            if let permit { breaker.end(permit, result, at: now) }
        }
    }

    private var entries: [String: Entry] = [:]

    /// The breaker that was asked last: most often the one that is meant next.
    private var last: (target: String, entry: Entry)?

    /// Whether a target may be asked; its ``entry(of:)`` must be told how that ended.
    mutating func mayTry(
        _ target: String, _ settings: CircuitBreaker.Settings, at now: ContinuousClock.Instant
    ) -> Bool {
        let entry = entry(of: target) ?? Entry(settings)
        guard let permit = entry.breaker.begin(at: now) else { return false }
        entry.permit = permit
        if last?.entry !== entry {
            entries[target] = entry
            last = (target, entry)
        }
        return true
    }

    /// How long the first of some targets will rest at least; zero when nobody can say.
    func rest(of targets: some Sequence<String>, at now: ContinuousClock.Instant) -> Duration {
        targets.map { entry(of: $0)?.breaker.rest(at: now) ?? .zero }.min() ?? .zero
    }

    /// The breaker of a target that has been asked for.
    func entry(of target: String) -> Entry? {
        if let last, last.target == target { return last.entry }
        return entries[target]
    }
}
