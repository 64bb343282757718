/// The attempts of one exchange: which target is asked next, after what wait, and when to stop.
///
/// Asks one target up to its plan's number of attempts, then the next candidate. Pure: time, randomness and the state
/// of the breakers come in as arguments.
public struct AttemptSequence: Sendable, Equatable {
    public enum Step: Sendable, Equatable {
        /// Ask this target, after this wait.
        case attempt(target: Int, after: Duration)

        /// Ask nobody any more; the last failure is the answer.
        case giveUp
    }

    /// How an attempt failed.
    public struct Failure: Sendable, Equatable {
        /// nil for a failure that no other attempt can mend, such as a refused request.
        public var trigger: FallbackTrigger?

        /// What the upstream asked for in `Retry-After`.
        public var retryAfter: Duration?

        /// Whether a byte of this attempt's answer has gone to the caller; nothing may follow it then.
        public var hasReplied: Bool

        public init(_ trigger: FallbackTrigger?, retryAfter: Duration? = nil, hasReplied: Bool = false) {
            self.trigger = trigger
            self.retryAfter = retryAfter
            self.hasReplied = hasReplied
        }
    }

    private let candidates: [Int]
    private let triggers: Set<FallbackTrigger>
    private var position = 0
    private var attemptsHere = 0

    public init(candidates: [Int], triggers: Set<FallbackTrigger>) {
        self.candidates = candidates
        self.triggers = triggers
    }

    /// Chooses the first target.
    ///
    /// - Parameter mayTry: Whether a target may be asked now. The target it says yes to is asked, so it may reserve a
    ///   breaker's permit.
    /// - Returns: The first attempt, or to give up when no candidate may be asked.
    public mutating func begin(mayTry: (Int) -> Bool) -> Step { moveOn(from: 0, mayTry) }

    /// Chooses what to do after a failed attempt.
    ///
    /// - Parameters:
    ///   - failure: What went wrong.
    ///   - plan: The retry plan of the target that failed.
    ///   - random: A number in 0..<1.
    ///   - remaining: The time left for the whole exchange; no wait goes beyond it.
    ///   - mayTry: As for ``begin(mayTry:)``.
    /// - Returns: The next attempt, or to give up.
    public mutating func next(
        after failure: Failure, plan: RetryPlan, random: Double, remaining: Duration, mayTry: (Int) -> Bool
    ) -> Step {
        guard let trigger = failure.trigger, !failure.hasReplied, remaining > .zero, position < candidates.count else {
            return .giveUp
        }
        if trigger.isTransient,
            let wait = plan.wait(after: attemptsHere, retryAfter: failure.retryAfter, random: random),
            wait < remaining, mayTry(candidates[position])
        {
            attemptsHere += 1
            return .attempt(target: candidates[position], after: wait)
        }
        return triggers.contains(trigger) ? moveOn(from: position + 1, mayTry) : .giveUp
    }

    private mutating func moveOn(from start: Int, _ mayTry: (Int) -> Bool) -> Step {
        position = candidates[start...].firstIndex(where: mayTry) ?? candidates.count
        guard position < candidates.count else { return .giveUp }
        attemptsHere = 1
        return .attempt(target: candidates[position], after: .zero)
    }
}
