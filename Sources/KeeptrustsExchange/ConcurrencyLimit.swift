import Synchronization

/// How many exchanges may be under way in the whole process.
///
/// Shared by all event loops, for the bound is one for all of them: an exchange changes one number when its request is
/// there and when it ends, without a lock.
public final class ConcurrencyLimit: Sendable {
    public enum News: Sendable { case admitted, refused }

    private let most: Int
    private let underWay = Atomic(0)

    /// Hears of each exchange that began or was refused.
    private let tell: @Sendable (News) -> Void

    /// - Parameters:
    ///   - most: The most exchanges at a time.
    ///   - tell: Called on the loop of the exchange.
    public init(_ most: Int, tell: @escaping @Sendable (News) -> Void = { _ in }) {
        self.most = most
        self.tell = tell
    }

    /// Whether there is a place at the moment; who is told that there is none has been refused.
    func hasRoom() -> Bool {
        if underWay.load(ordering: .relaxed) < most { return true }
        tell(.refused)
        return false
    }

    /// Takes a place for an exchange; false when there is none.
    ///
    /// A place that was taken must be given back once.
    func take() -> Bool {
        var current = underWay.load(ordering: .relaxed)
        while current < most {
            let (isTaken, found) = underWay.weakCompareExchange(
                expected: current, desired: current + 1, ordering: .relaxed)
            if isTaken {
                tell(.admitted)
                return true
            }
            current = found
        }
        tell(.refused)
        return false
    }

    /// Gives back the place of an exchange that is over.
    public func giveBack() { underWay.wrappingSubtract(1, ordering: .relaxed) }
}
