import KeeptrustsRouting
import Testing

struct FailingTargetsTests {
    private let start = ContinuousClock.now

    @Test("The first failure of a target is news, and no later one")
    func first() {
        var targets = FailingTargets()

        let news = [("a", 0), ("a", 1), ("b", 1), ("a", 60)].map { targets.failed($0.0, at: start + .seconds($0.1)) }

        #expect(news == [true, false, true, false])
    }

    @Test("It is over with an answer that comes 5 seconds after the last failure, and is news again after that")
    func over() {
        var targets = FailingTargets()
        for second in [0, 2] { _ = targets.failed("a", at: start + .seconds(second)) }

        #expect(targets.answered("a", at: start + .seconds(1)) == nil)
        #expect(targets.answered("a", at: start + .milliseconds(6_999)) == nil)
        #expect(targets.answered("b", at: start + .seconds(7)) == nil)
        let trouble = targets.answered("a", at: start + .seconds(7))
        #expect(trouble?.began == start && trouble?.failures == 2)

        #expect(targets.isEmpty)
        #expect(targets.answered("a", at: start + .seconds(8)) == nil)
        let isNews = targets.failed("a", at: start + .seconds(9))
        #expect(isNews)
    }

    @Test("A target that fails now and then is told of once")
    func flapping() {
        var targets = FailingTargets()
        var lines = 0
        for step in 0..<200 {
            let now = start + .milliseconds(50 * step)
            if step % 2 == 0 {
                if targets.failed("a", at: now) { lines += 1 }
            } else if targets.answered("a", at: now) != nil {
                lines += 1
            }
        }

        #expect(lines == 1)
    }

    @Test("What a new config no longer has is forgotten")
    func forgets() {
        var targets = FailingTargets()
        for name in ["a", "b"] { _ = targets.failed(name, at: start) }

        targets.keep(["b", "c"])

        #expect(targets.answered("a", at: start + .seconds(10)) == nil)
        #expect(targets.answered("b", at: start + .seconds(10)) != nil)
    }
}
