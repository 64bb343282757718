public import Hummingbird
public import KeeptrustsCore

/// Peers that are believed when they say in `X-Forwarded-For` where a request comes from: proxies, and servers of ours.
public struct TrustedPeers: Sendable, Equatable {
    private let ranges: [AddressRange]

    /// The machine itself.
    public static let loopback = TrustedPeers(["127.0.0.1", "::1"].compactMap { AddressRange($0) })

    public init(_ ranges: [AddressRange]) { self.ranges = ranges }

    /// These and others.
    public func and(_ others: [AddressRange]) -> TrustedPeers { TrustedPeers(ranges + others) }

    public func contains(_ peer: String?) -> Bool {
        guard let peer, let address = IPAddress(peer.prefix { $0 != "%" }) else { return false }
        return ranges.contains { $0.contains(address) }
    }

    /// Where a request comes from: what a trusted peer saw, which it added as the last element of `X-Forwarded-For`; else
    /// the peer.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - peer: The other end of the connection; nil in memory.
    /// - Returns: An address, or the peer where the field has none.
    public func origin(of request: Request, from peer: String?) -> String? {
        guard contains(peer), let last = request.headers[values: .named("x-forwarded-for")].last else { return peer }
        let seen = last.split(separator: ",").last.map { $0.filter { $0 != " " } } ?? ""
        return IPAddress(seen) == nil ? peer : seen
    }
}
