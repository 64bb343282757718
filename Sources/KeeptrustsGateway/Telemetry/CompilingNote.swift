import KeeptrustsPolicy
import NIOCore
import NIOPosix
import Synchronization

/// Tells whoever waits that patterns are being compiled, which takes seconds where the cache has none.
public final class CompilingNote: Sendable {
    private let isGiven = Atomic(false)
    private let say: @Sendable () -> Void

    /// When it is looked whether there is something to say, after the beginning of the work.
    private static let delays = [TimeAmount.milliseconds(500), .seconds(2)]

    /// - Parameter say: Called at most once.
    public init(_ say: @escaping @Sendable () -> Void) { self.say = say }

    /// Does work, and gives the note when patterns are still being compiled after half a second.
    public func given<Value>(during work: () throws -> Value) rethrows -> Value {
        let timer = MultiThreadedEventLoopGroup.singleton.any()
        let looks = Self.delays.map { delay in timer.scheduleTask(in: delay) { self.look() } }
        defer { for look in looks { look.cancel() } }
        return try work()
    }

    private func look() {
        guard PolicyChain.isCompilingPatterns, !isGiven.exchange(true, ordering: .relaxed) else { return }
        say()
    }
}
