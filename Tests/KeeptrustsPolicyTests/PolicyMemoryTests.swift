import Testing

@testable import KeeptrustsPolicy

@Suite("What policies remember")
struct PolicyMemoryTests {
    private func count(
        _ memory: PolicyMemory, _ key: String, of policy: String = "p", idle: Duration = .seconds(10),
        at now: Duration = .zero
    ) -> Int {
        let state = memory.state(key, of: policy, idle: idle, at: now) { 0 }
        state.value += 1
        return state.value
    }

    @Test("A state is found again under its policy and key")
    func again() {
        let memory = PolicyMemory()

        #expect(["a", "a", "b", "a"].map { count(memory, $0) } == [1, 2, 1, 3])
        #expect(count(memory, "a", of: "q") == 1)
    }

    @Test("A state that is not used is forgotten, one that is used lives on")
    func idle() {
        let memory = PolicyMemory()

        #expect([0, 9, 18, 28, 29].map { count(memory, "a", at: .seconds($0)) } == [1, 2, 3, 1, 2])
    }

    @Test("When there is no room, the state goes that was used longest ago; other policies keep theirs")
    func bound() {
        let memory = PolicyMemory(limit: 3)
        _ = count(memory, "a", of: "q")
        for key in ["a", "b", "c", "a", "d"] { _ = count(memory, key) }

        #expect(count(memory, "c") == 2)
        #expect(count(memory, "a") == 3)
        #expect(count(memory, "b") == 1)
        #expect(count(memory, "d") == 1)
        #expect(count(memory, "a", of: "q") == 2)
    }

    @Test("A state of another type under a key that is in use begins anew")
    func types() {
        let memory = PolicyMemory()
        _ = count(memory, "a")

        #expect(memory.state("a", of: "p", idle: .seconds(1), at: .zero) { "x" }.value == "x")
        #expect(count(memory, "a") == 1)
    }

    @Test("Many keys take constant time each", .timeLimit(.minutes(1)))
    func many() {
        let memory = PolicyMemory(limit: 100)
        for number in 0..<200_000 { _ = count(memory, "\(number % 1_000)") }

        #expect(count(memory, "999") == 2)
        #expect(count(memory, "0") == 1)
    }

    @Test("A rolling count has no edge at which twice as much passes")
    func rolling() {
        var count = RollingCount(over: .seconds(10), at: .zero)
        for _ in 0..<8 { count.add(at: .seconds(9)) }

        #expect(count.count(at: .seconds(9)) == 8)
        #expect(count.count(at: .seconds(10)) == 8)
        #expect(count.count(at: .seconds(15)) == 4)
        count.add(2, at: .seconds(15))
        #expect(count.count(at: .seconds(15)) == 6)
        #expect(count.count(at: .seconds(20)) == 2)
        #expect(count.count(at: .seconds(50)) == 0)
    }
}
