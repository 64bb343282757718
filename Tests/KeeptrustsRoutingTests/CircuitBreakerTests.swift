import KeeptrustsRouting
import Testing

struct CircuitBreakerTests {
    /// A breaker with a clock that counts seconds.
    private final class Subject {
        private let start = ContinuousClock.now
        private var breaker: CircuitBreaker

        init(_ settings: CircuitBreaker.Settings) { breaker = CircuitBreaker(settings) }

        var isClosed: Bool { breaker.isClosed }

        func begin(_ second: Int) -> CircuitBreaker.Permit? { breaker.begin(at: start + .seconds(second)) }

        func rest(_ second: Int) -> Duration { breaker.rest(at: start + .seconds(second)) }

        func end(_ permit: CircuitBreaker.Permit, _ result: CircuitBreaker.Result, _ second: Int) {
            breaker.end(permit, result, at: start + .seconds(second))
        }
    }

    /// A breaker that opens after 2 failures, for 30 s, and closes after 2 successes.
    private func makeBreaker() -> Subject {
        var settings = CircuitBreaker.Settings()
        settings.failureThreshold = 2
        return Subject(settings)
    }

    /// A breaker that was opened at second 0.
    private func makeOpenBreaker() throws -> Subject {
        let breaker = makeBreaker()
        for _ in 0..<2 { breaker.end(try #require(breaker.begin(0)), .failed, 0) }
        return breaker
    }

    @Test("It opens at the threshold, lets nothing through in the cooldown, then as many probes as it is told")
    func opens() throws {
        let breaker = try makeOpenBreaker()

        let allowed = [0, 29, 30, 31, 31].map { breaker.begin($0) != nil }

        #expect(allowed == [false, false, true, true, false])
    }

    @Test("It says how long it will rest, and nothing of a rest that hangs on probes")
    func rest() throws {
        #expect(makeBreaker().rest(0) == .zero)
        let breaker = try makeOpenBreaker()

        #expect([0, 29, 30, 31].map { breaker.rest($0) } == [.seconds(30), .seconds(1), .zero, .zero])
        _ = [breaker.begin(30), breaker.begin(30)]
        #expect(breaker.begin(31) == nil)
        #expect(breaker.rest(31) == .zero)
    }

    @Test("Failures count only in a row")
    func inARow() throws {
        let breaker = makeBreaker()
        for result in [CircuitBreaker.Result.failed, .succeeded, .failed, .abandoned] {
            breaker.end(try #require(breaker.begin(0)), result, 0)
        }

        #expect(breaker.isClosed)
        breaker.end(try #require(breaker.begin(0)), .failed, 0)
        #expect(!breaker.isClosed)
    }

    @Test("When all probes succeed it closes; the count of failures begins anew")
    func closes() throws {
        let breaker = try makeOpenBreaker()
        let probes = [try #require(breaker.begin(30)), try #require(breaker.begin(30))]

        breaker.end(probes[0], .succeeded, 31)
        #expect(!breaker.isClosed)
        #expect(breaker.begin(31) == nil)
        breaker.end(probes[1], .succeeded, 31)

        #expect(breaker.isClosed)
        breaker.end(try #require(breaker.begin(32)), .failed, 32)
        #expect(breaker.isClosed)
    }

    @Test("When one probe fails it opens for another cooldown, whatever the others say")
    func reopens() throws {
        let breaker = try makeOpenBreaker()
        let probes = [try #require(breaker.begin(30)), try #require(breaker.begin(30))]

        breaker.end(probes[0], .failed, 31)
        breaker.end(probes[1], .succeeded, 32)

        #expect(breaker.begin(60) == nil)
        #expect(breaker.begin(61) != nil)
    }

    @Test("An abandoned probe leaves its place to another")
    func abandonedProbe() throws {
        let breaker = try makeOpenBreaker()
        let probes = [try #require(breaker.begin(30)), try #require(breaker.begin(30))]

        breaker.end(probes[0], .abandoned, 31)

        #expect(breaker.begin(31) != nil)
        #expect(breaker.begin(31) == nil)
    }

    @Test("Probes whose results never come do not keep it half open for ever")
    func lostProbes() throws {
        let breaker = try makeOpenBreaker()
        let lost = [try #require(breaker.begin(30)), try #require(breaker.begin(30))]

        #expect(breaker.begin(59) == nil)
        let probe = try #require(breaker.begin(60))
        breaker.end(lost[0], .failed, 61)
        breaker.end(lost[1], .failed, 61)
        breaker.end(probe, .succeeded, 61)
        breaker.end(try #require(breaker.begin(61)), .succeeded, 61)

        #expect(breaker.isClosed)
    }

    @Test("Late news of attempts that began before it opened changes nothing")
    func lateNews() throws {
        let breaker = makeBreaker()
        let late = [try #require(breaker.begin(0)), try #require(breaker.begin(0))]
        for _ in 0..<2 { breaker.end(try #require(breaker.begin(0)), .failed, 0) }

        breaker.end(late[0], .succeeded, 10)
        #expect(!breaker.isClosed)
        breaker.end(late[1], .failed, 29)
        #expect(breaker.begin(30) != nil)
    }
}
