public import AsyncHTTPClient
import Foundation

/// The forward proxies that the environment names, and the hosts that are reached without them.
///
/// `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in upper or lower case; a lower-case name wins.
public struct ProxySettings: Sendable, Equatable {
    var http: HTTPClient.Configuration.Proxy?
    var https: HTTPClient.Configuration.Proxy?
    var exceptions: [String]

    public init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            [environment[name.lowercased()], environment[name]].compactMap(\.self).first { !$0.isEmpty }
        }
        http = value("HTTP_PROXY").flatMap(Self.proxy)
        https = value("HTTPS_PROXY").flatMap(Self.proxy)
        exceptions = (value("NO_PROXY") ?? "").split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces).lowercased()
        }
    }

    /// The proxy for a URL, or nil when it is reached directly.
    public func proxy(for url: String) -> HTTPClient.Configuration.Proxy? {
        guard let parts = URLComponents(string: url), let host = parts.host?.lowercased() else { return nil }
        let isTLS = parts.scheme?.lowercased() == "https"
        guard let proxy = isTLS ? https : http else { return nil }
        let bare = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        let port = parts.port ?? (isTLS ? 443 : 80)
        return exceptions.contains { Self.covers($0, host: bare, port: port) } ? nil : proxy
    }

    /// Whether an entry of `NO_PROXY` names a host: `*`, a name and all below it, an address, a range, each with or
    /// without a port.
    private static func covers(_ entry: String, host: String, port: Int) -> Bool {
        if entry == "*" { return true }
        var name = entry
        if let colon = entry.lastIndex(of: ":"), let only = Int(entry[entry.index(after: colon)...]),
            entry.firstIndex(of: ":") == colon
        {
            guard only == port else { return false }
            name = String(entry[..<colon])
        }
        if let (base, bits) = range(name), let address = address(host) {
            return bits == 0 || (address ^ base) >> (32 - bits) == 0
        }
        let bare =
            name.hasPrefix("*.") ? String(name.dropFirst(2)) : name.hasPrefix(".") ? String(name.dropFirst()) : name
        return !bare.isEmpty && (host == bare || host.hasSuffix(".\(bare)"))
    }

    private static func range(_ text: String) -> (UInt32, Int)? {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let base = address(String(parts[0])), let bits = Int(parts[1]), (0...32).contains(bits)
        else { return nil }
        return (base, bits)
    }

    /// An IPv4 address in dotted decimal.
    private static func address(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4 else { return nil }
        return parts.reduce(UInt32?(0)) { sum, part in
            guard let sum, let part else { return nil }
            return sum << 8 | UInt32(part)
        }
    }

    private static func proxy(_ text: String) -> HTTPClient.Configuration.Proxy? {
        let url = text.contains("://") ? text : "http://\(text)"
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else { return nil }
        let authorization = parts.user.map {
            HTTPClient.Authorization.basic(username: $0, password: parts.password ?? "")
        }
        return .server(host: host, port: parts.port ?? 80, authorization: authorization)
    }
}
