/// Where a provider listens: what a connection must agree in to be used again.
public struct Endpoint: Sendable, Hashable {
    public var isTLS: Bool
    public var host: String
    public var port: Int

    public init(isTLS: Bool, host: String, port: Int) {
        self.isTLS = isTLS
        self.host = host
        self.port = port
    }

    /// The value of `Host` (RFC 9112 §3.2): without the scheme's own port.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }
}
