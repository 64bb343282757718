import KeeptrustsCore
import KeeptrustsRouting
import Testing

struct AttemptSequenceTests {
    private typealias Failure = AttemptSequence.Failure

    private static let triggers: Set<FallbackTrigger> = [.rateLimit, .timeout, .serverError, .connection]

    /// Plays an exchange: what each attempt fails with, until it gives up.
    private func play(
        _ failures: [Failure], candidates: [Int] = [4, 7], triggers: Set<FallbackTrigger> = triggers,
        remaining: Duration = .seconds(600), closed: Set<Int> = []
    ) -> [String] {
        var sequence = AttemptSequence(candidates: candidates, triggers: triggers)
        var steps: [String] = []
        var step = sequence.begin { !closed.contains($0) }
        for failure in failures {
            steps.append(text(step))
            guard case .attempt = step else { return steps }
            step = sequence.next(after: failure, plan: RetryPlan(), random: 0.5, remaining: remaining) {
                !closed.contains($0)
            }
        }
        return steps + [text(step)]
    }

    private func text(_ step: AttemptSequence.Step) -> String {
        switch step {
        case .attempt(let target, let wait): wait == .zero ? "\(target)" : "\(target) after \(wait)"
        case .giveUp: "give up"
        }
    }

    @Test("A target is asked as often as its plan says, then the next, then nobody")
    func order() {
        let failures = Array(repeating: Failure(.serverError), count: 4)
        #expect(play(failures) == ["4", "4 after 0.1 seconds", "7", "7 after 0.1 seconds", "give up"])
    }

    @Test("What no other attempt can mend ends it")
    func final() {
        #expect(play([Failure(nil)]) == ["4", "give up"])
    }

    @Test("Nothing follows once the caller has had a byte", arguments: FallbackTrigger.allCases)
    func afterTheFirstByte(trigger: FallbackTrigger) {
        #expect(
            play([Failure(trigger, hasReplied: true)], triggers: Set(FallbackTrigger.allCases)) == ["4", "give up"])
    }

    @Test("A failure that is no trigger is retried, and goes to no other target")
    func noTrigger() {
        let failures = Array(repeating: Failure(.timeout), count: 2)
        #expect(play(failures, triggers: [.connection]) == ["4", "4 after 0.1 seconds", "give up"])
    }

    @Test("A request that is too long goes to the next target at once, where that is a trigger")
    func contextWindow() {
        #expect(play([Failure(.contextWindow)]) == ["4", "give up"])
        #expect(play([Failure(.contextWindow)], triggers: [.contextWindow]) == ["4", "7"])
    }

    @Test("Retry-After is obeyed up to the longest wait; beyond it the next target is asked")
    func retryAfter() {
        #expect(play([Failure(.rateLimit, retryAfter: .seconds(5))]) == ["4", "4 after 5.0 seconds"])
        #expect(play([Failure(.rateLimit, retryAfter: .seconds(6))]) == ["4", "7"])
        #expect(play([Failure(.rateLimit, retryAfter: .zero)]) == ["4", "4"])
    }

    @Test("No wait goes beyond the time that is left")
    func deadline() {
        let failure = Failure(.rateLimit, retryAfter: .seconds(5))
        #expect(play([failure], remaining: .seconds(5)) == ["4", "7"])
        #expect(play([failure], remaining: .zero) == ["4", "give up"])
    }

    @Test("Targets that must be left alone are passed over")
    func breakers() {
        #expect(play([Failure(.connection)], closed: [4]) == ["7", "7 after 0.1 seconds"])
        #expect(play([], closed: [4, 7]) == ["give up"])
        #expect(play([], candidates: []) == ["give up"])
    }

    @Test("A breaker that opens meanwhile stops the retry")
    func opensMeanwhile() {
        var sequence = AttemptSequence(candidates: [4, 7], triggers: Self.triggers)
        _ = sequence.begin { _ in true }

        let step = sequence.next(after: Failure(.connection), plan: RetryPlan(), random: 0, remaining: .seconds(9)) {
            $0 != 4
        }

        #expect(step == .attempt(target: 7, after: .zero))
    }
}

struct RetryPlanTests {
    @Test(
        "The wait is at most the backoff, doubled each time, up to five seconds",
        arguments: [
            (1, 0.0, 0), (1, 0.5, 100), (2, 0.5, 200), (3, 0.5, 400), (5, 0.5, 1_600), (6, 0.5, 2_500), (9, 0.5, 2_500),
        ]
    )
    func waits(attempts: Int, random: Double, milliseconds: Int) {
        var plan = RetryPlan()
        plan.maxAttempts = 10
        #expect(plan.wait(after: attempts, retryAfter: nil, random: random) == .milliseconds(milliseconds))
        #expect(plan.wait(after: 10, retryAfter: nil, random: random) == nil)
    }

    @Test(
        "A wait is cut to the maximum",
        arguments: [
            ("0", Duration.zero), ("7", .seconds(7)), ("90", .seconds(30)), ("99999999999999999999", .seconds(30)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", .seconds(7)), ("Sun, 06 Nov 1994 09:49:37 GMT", .seconds(30)),
            ("Sun, 06 Nov 1994 08:49:29 GMT", .zero),
        ])
    func retryAfter(header: String, expected: Duration) throws {
        #expect(try retryDelay(from: header, maximum: .seconds(30), at: Self.now) == expected)
    }

    /// 1994-11-06T08:49:30Z, and a moment.
    private static let now = Timestamp(rawValue: 784_111_770_000_001)

    @Test(
        "What is neither a number of seconds nor a date is refused",
        arguments: [
            "soon", "", "-1", "+1", "1.5", " 1", "Fri, 31 Dec 1999 23:59:59", "Fri, 32 Dec 1999 23:59:59 GMT",
            "Fri, 31 Dez 1999 23:59:59 GMT", "Friday, 31-Dec-99 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:59 UTC",
            "Fri,  31 Dec 1999 23:59:59 GMT", "Fri, 3x Dec 1999 23:59:59 GMT",
        ])
    func malformed(header: String) {
        #expect(throws: MalformedRetryAfter(header: header)) {
            try retryDelay(from: header, maximum: .seconds(30), at: Self.now)
        }
    }
}

struct TargetSelectorTests {
    private func makeSelector(_ fallback: FallbackPlan = FallbackPlan(), unavailable: Set<String> = [])
        -> TargetSelector
    {
        let targets = [("a", "gpt"), ("b", "claude"), ("c", "gpt"), ("d", "llama"), ("gpt", "other")]
        return TargetSelector(
            targets.map { .init(id: $0.0, model: $0.1, isAvailable: !unavailable.contains($0.0)) }, fallback: fallback)
    }

    @Test("A request finds the targets whose model or id it names, in declared order")
    func names() {
        let selector = makeSelector()
        #expect(selector.candidates(for: "gpt") == [0, 2, 4])
        #expect(selector.candidates(for: "b") == [1])
        #expect(selector.candidates(for: "claude") == [1])
        #expect(selector.candidates(for: "GPT") == nil)
        #expect(selector.candidates(for: "") == nil)
        #expect(selector.names == ["gpt", "a", "claude", "b", "c", "llama", "d", "other"])
    }

    @Test("With fallback the others follow, as many as are allowed")
    func fallback() {
        var plan = FallbackPlan()
        plan.isEnabled = true
        plan.maxFallbackAttempts = 2
        #expect(makeSelector(plan).candidates(for: "claude") == [1, 0, 2])
        #expect(makeSelector(plan).candidates(for: "gpt") == [0, 2, 4, 1, 3])
        #expect(makeSelector(plan).candidates(for: "unknown") == nil)
    }

    @Test("Targets without a credential are never asked, and their names stay known")
    func unavailable() {
        var plan = FallbackPlan()
        plan.isEnabled = true
        #expect(makeSelector(unavailable: ["b"]).candidates(for: "claude") == [])
        #expect(makeSelector(plan, unavailable: ["b", "a"]).candidates(for: "claude") == [2, 3, 4])
    }
}
