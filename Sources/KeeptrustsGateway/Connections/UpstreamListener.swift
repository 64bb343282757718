import KeeptrustsCore
import KeeptrustsExchange
import NIOCore

/// Whoever has sent a request through an ``UpstreamPool``, and is told what comes back.
///
/// Lives on the event loop of the pool.
protocol UpstreamListener: AnyObject {
    /// Whether it takes what comes; while it does not, nothing is read.
    var isWritable: Bool { get }

    /// Called before a connection is given a request of this listener's.
    func callBegan(_ connection: UpstreamConnection)

    /// Whether it still waits for this connection.
    func isCalling(_ connection: UpstreamConnection) -> Bool

    /// Takes in what the connection says.
    func upstream(_ event: Exchange.Event, from connection: UpstreamConnection)

    /// Takes in that the connection has given its last.
    func upstreamEnded(_ end: UpstreamEnd, from connection: UpstreamConnection)
}

/// Where a request goes, and how a connection to there is made.
struct UpstreamRoute {
    var endpoint: Endpoint
    var connectTimeout: Duration

    /// Whether nothing may be sent to an address of a private network.
    var isPublicOnly = false
}

extension SocketAddress {
    /// Whether this is an address that anybody may be behind.
    var isPublic: Bool { ipAddress.flatMap { IPAddress($0) }?.isPublic ?? false }
}
