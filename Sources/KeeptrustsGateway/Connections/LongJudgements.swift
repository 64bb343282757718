import KeeptrustsExchange
import NIOCore
import NIOPosix

/// Has the long texts of an event loop judged on threads beside it, a few at a time and the others in their order.
///
/// Lives on the event loop. What nobody waits for any more when its turn comes is not judged.
final class LongJudgements {
    private typealias Waiting = (judgement: LongJudgement, tell: () -> Void)

    private let eventLoop: any EventLoop
    private let threads: NIOThreadPool
    private var underWay = 0
    private var waiting: CircularBuffer<Waiting> = []

    init(on eventLoop: any EventLoop, threads: NIOThreadPool) {
        (self.eventLoop, self.threads) = (eventLoop, threads)
    }

    /// Has texts judged; `tell` is called on the event loop when that is done, unless nobody waits any more.
    func begin(_ judgement: LongJudgement, tell: @escaping () -> Void) {
        waiting.append((judgement, tell))
        next()
    }

    private func next() {
        while underWay < Self.mostAtOnce, let (judgement, tell) = waiting.popFirst() {
            guard judgement.isWanted else { continue }
            underWay += 1
            judgement.begin()
            let bound = NIOLoopBound((self, tell), eventLoop: eventLoop)
            threads.submit { [eventLoop] state in
                if case .active = state { judgement.run() }
                eventLoop.execute { bound.value.0.end(judgement, tell: bound.value.1) }
            }
        }
    }

    private func end(_ judgement: LongJudgement, tell: () -> Void) {
        underWay -= 1
        judgement.end()
        if judgement.isWanted { tell() }
        next()
    }

    /// Judgements of one event loop at the same time: another may begin while one takes long.
    private static let mostAtOnce = 2
}
