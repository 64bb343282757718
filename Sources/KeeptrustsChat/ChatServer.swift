import Hummingbird
public import KeeptrustsClient
public import KeeptrustsCore
public import KeeptrustsWeb
public import Logging
public import ServiceLifecycle

/// The chat workbench: a page for browsers, and a way through the gateway to the models for them.
///
/// A person's token and gateway key stay here; browsers get a cookie that stands for them.
public struct ChatServer: Service {
    private let listener: WebListener

    /// - Parameters:
    ///   - settings: Where to listen, and who is who.
    ///   - api: The control plane.
    ///   - http: The pools through which the gateway is called.
    ///   - logger: Where the server logs.
    ///   - onReady: Told once, when connections are accepted, the base URL with the actual port.
    /// - Throws: ``CannotServe`` when certificate or key cannot be used.
    public init(
        settings: ChatSettings, api: ControlPlaneClient, http: OutboundHTTP, logger: Logger,
        onReady: @escaping @Sendable (String) async -> Void
    ) throws {
        listener = try WebListener(
            name: "chat", address: settings.listen, tls: settings.tls,
            router: try ChatApp(settings: settings, api: api, http: http).router(), limits: settings.limits,
            logger: logger, onReady: onReady)
    }

    public func run() async throws { try await listener.run() }
}

/// Where the chat listens, and how it reaches the gateway.
public struct ChatSettings: Sendable {
    public var listen: HostPort
    public var tls: TLSFiles?

    /// How much it takes in.
    public var limits = WebLimits()

    /// The chat's origin as browsers see it, such as `https://chat.example.com`; nil where no proxy stands between.
    public var publicURL: String?

    /// Other names by which browsers may reach the machine.
    public var hostNames: [String]

    /// Proxies that say where a browser is.
    public var trustedPeers = TrustedPeers.loopback

    /// The gateway's base URL as this server reaches it; nil while it is not known.
    public var gatewayURL: @Sendable () -> String?

    /// The console's origin as browsers see it; nil while it is not known, or when there is no console.
    public var consoleURL: @Sendable () -> String?

    public init(
        listen: HostPort, tls: TLSFiles? = nil, publicURL: String? = nil, hostNames: [String] = [],
        gatewayURL: @escaping @Sendable () -> String?, consoleURL: @escaping @Sendable () -> String? = { nil }
    ) {
        self.listen = listen
        self.tls = tls
        self.publicURL = publicURL
        self.hostNames = hostNames
        self.gatewayURL = gatewayURL
        self.consoleURL = consoleURL
    }

    var hosts: OwnHosts { OwnHosts(publicURL: publicURL, names: hostNames) }
    var isTLS: Bool { tls != nil || publicURL?.hasPrefix("https://") == true }
}
