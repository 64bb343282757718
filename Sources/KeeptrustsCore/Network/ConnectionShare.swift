public import NIOCore
import Synchronization

/// One listener's part of the connections that a process can have: counts them, and says when there are enough.
///
/// Told once for each connection that begins or ends, from any thread; never for a request.
public final class ConnectionShare: Sendable {
    /// What an operator may have to know.
    ///
    /// An episode is told once, and no more than one begins in a minute.
    public enum News: Sendable, Equatable {
        /// There is no room for one more.
        case full

        /// One client has as many as one client may have; what it opens beyond them is closed.
        case clientFull(String)

        /// It is over.
        case roomAgain
    }

    private struct State {
        var open = 0
        var ofClient: [UInt128: Int] = [:]
        var isFull = false
        var isClientFull = false
        var quietUntil: ContinuousClock.Instant?
    }

    /// Connections at a time; above 0.
    public let most: Int

    /// Connections of one client at a time, which leave some for others.
    public let mostOfClient: Int
    private let state = Mutex(State())
    private let now: @Sendable () -> ContinuousClock.Instant
    private let tell: @Sendable (News) -> Void

    /// - Parameters:
    ///   - most: Connections at a time; at least 1.
    ///   - tell: Takes the news.
    ///   - now: The clock.
    public init(
        most: Int, tell: @escaping @Sendable (News) -> Void = { _ in },
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.most = max(1, most)
        mostOfClient = max(1, self.most - self.most / 4)
        self.now = now
        self.tell = tell
    }

    /// A connection has begun.
    public func opened() { state.withLock { $0.open += 1 } }

    /// A connection has ended.
    public func closed() {
        let isOver = state.withLock { state in
            state.open -= 1
            guard state.isFull || state.isClientFull, state.open < mostOfClient else { return false }
            (state.isFull, state.isClientFull) = (false, false)
            state.quietUntil = now() + .seconds(60)
            return true
        }
        if isOver { tell(.roomAgain) }
    }

    /// Whether one more may begin.
    public func hasRoom() -> Bool {
        let (hasRoom, isNews) = state.withLock { state in
            guard state.open >= most else { return (true, false) }
            guard !state.isFull, isLoud(&state) else { return (false, false) }
            state.isFull = true
            return (false, true)
        }
        if isNews { tell(.full) }
        return hasRoom
    }

    /// Whether so many are open that those without a request have to make room.
    public var isCrowded: Bool { state.withLock { $0.open >= mostOfClient } }

    /// Whether a client may have one more, which counts then until it has ``left(_:)``.
    ///
    /// - Parameter address: The client's; a peer without one, such as a socket in the file system, counts for nobody.
    /// - Returns: False when it has as many as one client may have.
    public func admit(_ address: SocketAddress?) -> Bool {
        guard let address, let client = address.client else { return true }
        let (isAdmitted, isNews) = state.withLock { state in
            let count = state.ofClient[client, default: 0]
            guard count >= mostOfClient else {
                state.ofClient[client] = count + 1
                return (true, false)
            }
            guard !state.isClientFull, isLoud(&state) else { return (false, false) }
            state.isClientFull = true
            return (false, true)
        }
        if isNews { tell(.clientFull(address.ipAddress ?? "")) }
        return isAdmitted
    }

    /// A connection that was admitted has ended.
    public func left(_ address: SocketAddress?) {
        guard let client = address?.client else { return }
        state.withLock { state in
            let count = state.ofClient[client, default: 0]
            state.ofClient[client] = count > 1 ? count - 1 : nil
        }
    }

    private func isLoud(_ state: inout State) -> Bool {
        guard let quietUntil = state.quietUntil, now() < quietUntil else { return true }
        return false
    }
}

extension SocketAddress {
    /// What stands for the client behind an address: an IPv4 address, or the network of 64 bits that one client of IPv6 has.
    fileprivate var client: UInt128? {
        guard let address = ipAddress.flatMap({ IPAddress($0.prefix { $0 != "%" }) }) else { return nil }
        return address.isIPv4 ? address.bits : (address.bits >> 64) << 64
    }
}
