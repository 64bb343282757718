import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// Whom a gateway without keys serves: programs of the machine that it runs on.
///
/// A web page of any site, shown by a browser of that machine, comes by the loopback network, too. What a browser lets it
/// send without asking first has no `Content-Type` of JSON; newer browsers say who sends (Fetch Metadata, W3C, and RFC 6454
/// §7); and a name that leads a page's own host here (DNS rebinding) is none of this machine's.
enum AnonymousCaller {
    /// - Throws: Why the request is not served without a key.
    static func check(_ head: HTTPRequestHead, from peer: Peer) throws(Refusal) {
        guard peer.isLoopback, !isForwarded(head) else { throw .missingKey }
        guard let host = head.value(of: "host"), isLoopback(String(buffer: host)) else { throw .foreignHost }
        guard head.values(of: "sec-fetch-site").allSatisfy(isOwnSite) else { throw .foreignPage }
        guard head.values(of: "origin").allSatisfy({ isOrigin($0, of: host) }) else { throw .foreignPage }
        guard head.framing == .none || head.count(of: "content-type") > 0 else { throw .noContentType }
    }

    /// Whether a proxy says that it has passed the request on; one that says nothing cannot be told from a caller.
    private static func isForwarded(_ head: HTTPRequestHead) -> Bool {
        head.fields.indices.contains { index in
            proxyFields.contains { head.isField(index, $0) }
                || proxyPrefixes.contains { head.isField(index, beginningWith: $0) }
        }
    }

    private static func isLoopback(_ authority: String) -> Bool {
        guard let host = (try? HostPort(authority, defaultHost: "", defaultPort: 0))?.host else { return false }
        guard let address = IPAddress(host) else { return host.lowercased() == "localhost" }
        return loopback.contains { $0.contains(address) }
    }

    /// Whether a browser sends the request for a page of the same origin, or for nobody but its user.
    private static func isOwnSite(_ value: ByteBuffer) -> Bool {
        ["none", "same-origin"].contains(String(buffer: value).lowercased())
    }

    private static func isOrigin(_ origin: ByteBuffer, of host: ByteBuffer) -> Bool {
        let (origin, host) = (String(buffer: origin).lowercased(), String(buffer: host).lowercased())
        return origin == "http://\(host)" || origin == "https://\(host)"
    }

    /// What proxies, load balancers and content networks add: their own names, and where the request came from.
    private static let proxyFields: [StaticString] = [
        "forwarded", "via", "cdn-loop", "x-real-ip", "x-client-ip", "client-ip", "true-client-ip",
        "x-cluster-client-ip", "x-remote-ip", "x-remote-addr", "x-originating-ip",
        "x-azure-clientip", "x-appengine-user-ip",
        "fastly-client-ip", "fly-client-ip", "wl-proxy-client-ip",
    ]
    private static let proxyPrefixes: [StaticString] = [
        "x-forwarded", "x-original-", "x-envoy-", "x-proxy", "cf-",
    ]

    private static let loopback = ["127.0.0.0/8", "::1"].compactMap { AddressRange($0) }
}

extension Refusal {
    fileprivate static let foreignHost = Refusal(
        403, type: "permission_error", code: "anonymous_host",
        "Without a key, only requests to localhost or a loopback address are served.",
        hint: "Call http://localhost or http://127.0.0.1 with the gateway's port, or send a key.")
    fileprivate static let foreignPage = Refusal(
        403, type: "permission_error", code: "anonymous_web_page",
        "Without a key, no requests of web pages are served.",
        hint: "Let a program of this machine call, or send a key.")
    fileprivate static let noContentType = Refusal(
        415, type: "validation_error", code: "unsupported_media_type",
        "Without a key, the body's type must be said.", hint: "Send the header Content-Type: application/json.")
}
