import Foundation

/// Which connections go through a forward proxy, as `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say.
///
/// Resolves nothing: a host is matched as it is written, and the proxy resolves its name.
public struct ProxyRules: Sendable {
    /// A forward proxy, spoken to over HTTP.
    public struct Proxy: Sendable, Hashable {
        public var address: HostPort

        /// The value of `Proxy-Authorization`, when the variable names a user (RFC 7617).
        public var authorization: Secret?

        public init(address: HostPort, authorization: Secret? = nil) {
            self.address = address
            self.authorization = authorization
        }
    }

    private let http: Proxy?
    private let https: Proxy?
    private let exceptions: ProxyExceptions

    /// The entries of `NO_PROXY` that mean nothing; they are passed over.
    public var ignored: [String] { exceptions.ignored }

    /// Whether any connection at all goes through a proxy.
    public var isEmpty: Bool { http == nil && https == nil }

    /// Reads the variables; of two spellings the lower-case one wins, and an empty value is none.
    ///
    /// `HTTP_PROXY` is passed over where `REQUEST_METHOD` is set: there, a caller's header `Proxy` may have set it.
    ///
    /// - Parameter environment: The process's environment.
    /// - Throws: ``InvalidProxy`` when a variable does not name a proxy.
    public init(environment: [String: String]) throws(InvalidProxy) {
        func variable(_ name: String) -> String? {
            [name.lowercased(), name].lazy.compactMap { environment[$0] }.first.flatMap { $0.isEmpty ? nil : $0 }
        }
        let isGatewayScript = environment["REQUEST_METHOD"] != nil
        let plain =
            isGatewayScript ? environment["http_proxy"].flatMap { $0.isEmpty ? nil : $0 } : variable("HTTP_PROXY")
        http = try plain.map { text throws(InvalidProxy) in try Self.proxy(text, variable: "HTTP_PROXY") }
        https = try variable("HTTPS_PROXY").map { text throws(InvalidProxy) in
            try Self.proxy(text, variable: "HTTPS_PROXY")
        }
        exceptions = ProxyExceptions(variable("NO_PROXY") ?? "")
    }

    /// Finds the proxy for a connection.
    ///
    /// - Parameters:
    ///   - scheme: `http` or `https`, of the request, not of the proxy.
    ///   - host: A name or an address, without brackets.
    ///   - port: The port, written or implied.
    /// - Returns: The proxy, or nil when the connection is made directly.
    public func proxy(for scheme: String, host: String, port: Int) -> Proxy? {
        guard let proxy = scheme.lowercased() == "https" ? https : http else { return nil }
        return exceptions.contains(host: host, port: port) ? nil : proxy
    }

    /// Reads `http://user:password@host:port`; scheme, user and port may be absent (80 then), a path may be `/`.
    private static func proxy(_ text: String, variable: String) throws(InvalidProxy) -> Proxy {
        var rest = Substring(text)
        if let scheme = text.range(of: "://") {
            guard text[..<scheme.lowerBound].lowercased() == "http" else {
                throw InvalidProxy(variable: variable, problem: "it names a scheme other than http")
            }
            rest = text[scheme.upperBound...]
        }
        if rest.hasSuffix("/") { rest.removeLast() }
        var authorization: Secret?
        if let at = rest.lastIndex(of: "@") {
            guard let user = rest[..<at].removingPercentEncoding else {
                throw InvalidProxy(variable: variable, problem: "its user name or password is not percent-encoded")
            }
            let pair = user.contains(":") ? user : "\(user):"
            authorization = Secret("Basic \(Data(pair.utf8).base64EncodedString())")
            rest = rest[rest.index(after: at)...]
        }
        guard let address = try? HostPort(String(rest), defaultHost: "", defaultPort: 80), !address.host.isEmpty,
            address.port > 0
        else { throw InvalidProxy(variable: variable, problem: "it names no host and port") }
        return Proxy(address: address, authorization: authorization)
    }
}

/// A variable that should name a proxy, and does not.
///
/// Its value may hold a password, so it is not repeated.
public struct InvalidProxy: UserFacingError, Equatable {
    public var variable: String
    public var problem: String

    public init(variable: String, problem: String) {
        self.variable = variable
        self.problem = problem
    }

    public var category: ErrorCategory { .invalidInput }
    public var code: String { "proxy.invalid" }
    public var message: String { "The variable \(variable) does not name a proxy: \(problem)." }
    public var hint: String? { "Write it as http://host:port or http://user:password@host:port." }
}
