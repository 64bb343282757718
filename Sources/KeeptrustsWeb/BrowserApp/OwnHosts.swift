import Foundation
import Glibc
import KeeptrustsCore
import NIOCore

/// The hosts by which browsers reach this server, as far as it knows them.
///
/// `Host` is what the caller says: a link to a neighbour of ours must not lead to whatever is written there.
public struct OwnHosts: Sendable {
    /// The host of the address that was configured for browsers; every link names it then.
    private let published: String?

    /// Names of this machine, in small letters.
    private let names: Set<String>

    /// - Parameters:
    ///   - publicURL: The server's origin as browsers see it, when that is configured.
    ///   - names: Other names by which browsers may come, such as the machine's own.
    public init(publicURL: String? = nil, names: [String] = []) {
        published = publicURL.flatMap { (try? BaseURL($0))?.host }
        self.names = Set(names.map { $0.lowercased() })
    }

    /// The host that a link to a neighbour on this machine may name.
    ///
    /// A name that the browser came by counts only where it is one of ours, and so does an address of the public network.
    /// One of a private network may be that of a machine in front of us: no name server sends a browser there.
    ///
    /// - Parameters:
    ///   - authority: What the request says in `Host`.
    ///   - local: The address of ours that the connection came to.
    /// - Returns: A name or an address; nil when none is known that browsers elsewhere can use.
    func host(asked authority: String?, at local: SocketAddress?) -> String? {
        if let published { return published }
        let own = local?.ipAddress.flatMap { IPAddress($0.prefix { $0 != "%" }) }
        if let authority, let asked = try? HostPort(authority, defaultHost: "", defaultPort: 0),
            isOurs(asked.host, own)
        {
            return asked.host
        }
        guard let own, !Self.loopback.contains(where: { $0.contains(own) }) else { return nil }
        return local?.ipAddress
    }

    private func isOurs(_ host: String, _ own: IPAddress?) -> Bool {
        if let address = IPAddress(host) { return address == own || Self.near.contains { $0.contains(address) } }
        return host.lowercased() == "localhost" || names.contains(host.lowercased())
    }

    private static let loopback = ["127.0.0.0/8", "::1"].compactMap { AddressRange($0) }

    /// Addresses that mean another machine in each network (RFC 1918, RFC 3927, RFC 6598, RFC 4193, RFC 4291).
    private static let near =
        loopback
        + [
            "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10",
        ].compactMap { AddressRange($0) }

    /// The name that this machine has in its network, bare and in the domain of multicast DNS (RFC 6762).
    public static func machineNames() -> [String] {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return [] }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard HostPort.isHost(name) else { return [] }
        return name.contains(".") ? [name] : [name, "\(name).local"]
    }
}
