/// Where the API of a provider or of another service begins: `https://api.example.com/v1`.
public struct BaseURL: Sendable, Hashable, CustomStringConvertible {
    public var isTLS: Bool
    public var host: String
    public var port: Int

    /// Empty, or begins with `/` and does not end with one.
    public var path: String

    /// Why a text is not a base URL; the text itself may hold a password, and is not repeated.
    public struct Problem: Error, Equatable {
        public var message: String
        public var hint: String?
    }

    /// Reads a URL of the scheme `http` or `https` that has no user, no query and no fragment (RFC 3986).
    public init(_ text: String) throws(Problem) {
        guard let mark = text.firstRange(of: "://") else {
            throw Problem(message: "is not a URL", hint: "write it as in https://api.example.com/v1")
        }
        switch text[..<mark.lowerBound].lowercased() {
        case "https": isTLS = true
        case "http": isTLS = false
        default: throw Problem(message: "must begin with 'http://' or 'https://'")
        }
        let rest = text[mark.upperBound...]
        guard !rest.contains("?"), !rest.contains("#") else {
            throw Problem(message: "must not have a query or a fragment")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        guard !authority.contains("@") else {
            throw Problem(message: "must not hold a user or a password", hint: "say 'secret_key_ref: {env: NAME}'")
        }
        guard let place = try? HostPort(String(authority), defaultHost: "", defaultPort: isTLS ? 443 : 80),
            !place.host.isEmpty, place.port > 0
        else { throw Problem(message: "has no valid host and port") }
        (host, port) = (place.host.lowercased(), place.port)
        path = try Self.path(rest[slash...])
    }

    private static func path(_ text: Substring) throws(Problem) -> String {
        let allowed = text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                || "-._~!$&'()*+,;=:@%/".utf8.contains(byte)
        }
        let segments = text.split(separator: "/")
        guard allowed, !segments.contains("."), !segments.contains("..") else {
            throw Problem(message: "has a path that no provider has")
        }
        return segments.map { "/\($0)" }.joined()
    }

    public func hasSameOrigin(as other: BaseURL) -> Bool {
        isTLS == other.isTLS && host == other.host && port == other.port
    }

    /// Whether it leads to this machine, where nobody else can listen in.
    public var isLoopback: Bool {
        if let address = IPAddress(host) {
            return AddressRange("127.0.0.0/8")?.contains(address) == true || address == IPAddress("::1")
        }
        return host == "localhost" || host.hasSuffix(".localhost")
    }

    public var description: String {
        let standard = isTLS ? 443 : 80
        let address = HostPort(host: host, port: port).description
        let shown = port == standard ? String(address.dropLast(":\(port)".utf8.count)) : address
        return "\(isTLS ? "https" : "http")://\(shown)\(path)"
    }
}
