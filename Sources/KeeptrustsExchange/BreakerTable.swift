import KeeptrustsRouting

/// The circuit breakers of one event loop, by the id of their target.
struct BreakerTable {
    private var breakers: [String: CircuitBreaker] = [:]
    private var permits: [String: CircuitBreaker.Permit] = [:]

    /// Whether a target may be asked; what is asked must be told of its end with ``end(_:_:at:)``.
    mutating func mayTry(
        _ target: String, _ settings: CircuitBreaker.Settings, at now: ContinuousClock.Instant
    ) -> Bool {
        guard let permit = breakers[target, default: CircuitBreaker(settings)].begin(at: now) else { return false }
        permits[target] = permit
        return true
    }

    /// The leave that the last ``mayTry(_:_:at:)`` was given.
    func permit(for target: String) -> CircuitBreaker.Permit? { permits[target] }

    mutating func end(
        _ target: String, _ permit: CircuitBreaker.Permit?, _ result: CircuitBreaker.Result,
        at now: ContinuousClock.Instant
    ) {
        guard let permit else { return }
        breakers[target]?.end(permit, result, at: now)
    }
}
