/// Which targets fail at present, as their operator is told: once when it begins, and once when it is over.
///
/// It is over with the first answer that comes a while after the last failure, so that a target that fails now and then
/// is not told of each time. Pure: the time comes in as an argument. Holds at most as many entries as there were targets.
public struct FailingTargets: Sendable, Equatable {
    /// How long a target has been failing.
    public struct Trouble: Sendable, Equatable {
        public var began: ContinuousClock.Instant
        public var failures = 1

        /// The time of the last failure.
        var last: ContinuousClock.Instant
    }

    /// What must lie between the last failure and an answer that ends the trouble.
    public static let calm = Duration.seconds(5)

    private var troubles: [String: Trouble] = [:]

    public init() {}

    public var isEmpty: Bool { troubles.isEmpty }

    /// Takes in that an attempt has failed.
    ///
    /// - Returns: Whether that is news.
    public mutating func failed(_ target: String, at now: ContinuousClock.Instant) -> Bool {
        guard var trouble = troubles[target] else {
            troubles[target] = Trouble(began: now, last: now)
            return true
        }
        trouble.failures += 1
        trouble.last = max(trouble.last, now)
        troubles[target] = trouble
        return false
    }

    /// Takes in that a target has answered.
    ///
    /// - Returns: The trouble that is over now; nil when there was none, or when it may go on.
    public mutating func answered(_ target: String, at now: ContinuousClock.Instant) -> Trouble? {
        guard let trouble = troubles[target], now - trouble.last >= Self.calm else { return nil }
        return troubles.removeValue(forKey: target)
    }

    /// Forgets all targets but some: those of a new config.
    public mutating func keep(_ targets: Set<String>) {
        troubles = troubles.filter { targets.contains($0.key) }
    }
}
