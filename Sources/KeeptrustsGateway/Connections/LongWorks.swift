import KeeptrustsExchange
import NIOCore
import NIOPosix

/// Has long bodies of an event loop read and judged on threads beside it, a few at a time.
///
/// Lives on the event loop. Callers take turns, and what is very long never takes the last thread from what is less so: nobody
/// waits for more than one of each other caller, and for what is under way. What nobody waits for any more is not done.
final class LongWorks {
    private let eventLoop: any EventLoop
    private let threads: NIOThreadPool
    private var underWay = (short: 0, long: 0)
    private var short = Turns()
    private var long = Turns()

    init(on eventLoop: any EventLoop, threads: NIOThreadPool) {
        (self.eventLoop, self.threads) = (eventLoop, threads)
    }

    /// Threads that the works of one event loop use at the same time.
    static let mostAtOnce = 2

    /// From here on (bytes) work is very long: it may take a second.
    private static let veryLong = 1 << 20

    /// Has something done; `tell` is called on the event loop when that is so, or at once when the caller has too much waiting,
    /// unless nobody waits any more.
    func begin(_ work: any LongWork, tell: @escaping () -> Void) {
        let isTaken = work.length < Self.veryLong ? short.append(work, tell) : long.append(work, tell)
        guard isTaken else {
            return eventLoop.execute { [bound = NIOLoopBound(tell, eventLoop: eventLoop)] in bound.value() }
        }
        next()
    }

    private func next() {
        while underWay.short + underWay.long < Self.mostAtOnce, let waiting = short.next() {
            underWay.short += 1
            run(waiting)
        }
        while underWay.short + underWay.long < Self.mostAtOnce, underWay.long + 1 < Self.mostAtOnce,
            let waiting = long.next()
        {
            underWay.long += 1
            run(waiting)
        }
    }

    private func run(_ waiting: Turns.Waiting) {
        waiting.work.begin()
        let bound = NIOLoopBound((self, waiting.tell), eventLoop: eventLoop)
        threads.submit { [eventLoop, work = waiting.work] state in
            if case .active = state { work.run() }
            eventLoop.execute { bound.value.0.end(work, tell: bound.value.1) }
        }
    }

    private func end(_ work: any LongWork, tell: () -> Void) {
        if work.length < Self.veryLong { underWay.short -= 1 } else { underWay.long -= 1 }
        work.end()
        if work.isWanted { tell() }
        next()
    }
}

/// What waits, each caller's in its order; callers take turns.
private struct Turns {
    typealias Waiting = (work: any LongWork, tell: () -> Void)

    private var waiting: [Int: CircularBuffer<Waiting>] = [:]

    /// The callers that have something waiting, in the order of their turns.
    private var callers: CircularBuffer<Int> = []

    /// What one caller may have waiting: some seconds of work.
    private static let mostOfOne = 256

    /// Says whether there was room.
    mutating func append(_ work: any LongWork, _ tell: @escaping () -> Void) -> Bool {
        let count = waiting[work.caller]?.count ?? 0
        guard count < Self.mostOfOne else { return false }
        if count == 0 { callers.append(work.caller) }
        waiting[work.caller, default: []].append((work, tell))
        return true
    }

    /// Whose turn it is; nil when nothing waits that anybody wants.
    mutating func next() -> Waiting? {
        while let caller = callers.popFirst() {
            guard var own = waiting.removeValue(forKey: caller) else { continue }
            var first = own.popFirst()
            while let given = first, !given.work.isWanted { first = own.popFirst() }
            if !own.isEmpty {
                waiting[caller] = own
                callers.append(caller)
            }
            if let first { return first }
        }
        return nil
    }
}
