/// Measures how much of a processor's time a piece of work takes.
public struct JudgementTimer {
    private let processorTime: () -> Duration

    /// How often a measurement is repeated; the median counts.
    public let rounds: Int

    /// - Parameters:
    ///   - rounds: How often a measurement is repeated, 1 or more.
    ///   - processorTime: The time that this thread has used so far.
    public init(rounds: Int, processorTime: @escaping () -> Duration) {
        self.rounds = max(1, rounds)
        self.processorTime = processorTime
    }

    /// The median of what `work` takes, in microseconds.
    ///
    /// Short work is done several times between two looks at the clock, which costs some time itself.
    func microseconds(of work: () -> Void) -> Double {
        work()
        var repeats = 1
        var once = microseconds(of: work, repeats: 1)
        while once < Self.shortest, repeats < 10_000 {
            repeats *= 4
            once = microseconds(of: work, repeats: repeats)
        }
        let others = (1..<rounds).map { _ in microseconds(of: work, repeats: repeats) }
        return ([once] + others).sorted()[rounds / 2] / Double(repeats)
    }

    /// What is measured at once takes this long at least (microseconds).
    private static let shortest = 100.0

    private func microseconds(of work: () -> Void, repeats: Int) -> Double {
        let began = processorTime()
        for _ in 0..<repeats { work() }
        return (processorTime() - began) / .microseconds(1)
    }
}
