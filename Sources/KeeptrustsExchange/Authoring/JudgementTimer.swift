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
    /// Short work is done several times between two looks at the clock, which costs some time itself. Long work is not done
    /// once more to get warm, and what takes a second in all is not repeated further.
    func microseconds(of work: () -> Void) -> Double {
        var repeats = 1
        var once = microseconds(of: work, repeats: 1)
        if once < Self.long {
            once = microseconds(of: work, repeats: 1)
            while once < Self.shortest, repeats < 10_000 {
                repeats *= 4
                once = microseconds(of: work, repeats: repeats)
            }
        }
        var times = [once]
        var total = once
        while times.count < rounds, total < Self.most {
            let time = microseconds(of: work, repeats: repeats)
            times.append(time)
            total += time
        }
        return times.sorted()[times.count / 2] / Double(repeats)
    }

    /// What is measured at once takes this long at least (microseconds).
    private static let shortest = 100.0

    /// What takes longer than this warms the processor's caches within it (microseconds).
    private static let long = 5_000.0

    /// What all repetitions of a measurement take, apart from the last (microseconds).
    private static let most = 1_000_000.0

    private func microseconds(of work: () -> Void, repeats: Int) -> Double {
        let began = processorTime()
        for _ in 0..<repeats { work() }
        return (processorTime() - began) / .microseconds(1)
    }
}
