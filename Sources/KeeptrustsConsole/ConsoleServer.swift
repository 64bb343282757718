import Hummingbird
public import KeeptrustsClient
public import KeeptrustsCore
public import KeeptrustsWeb
public import Logging
public import ServiceLifecycle

/// The management console: pages for browsers, and a way to the control plane's API for them.
///
/// People's tokens stay here; browsers get a cookie that stands for one. Holds nothing that a restart must keep.
public struct ConsoleServer: Service {
    private let listener: WebListener

    /// - Parameters:
    ///   - settings: Where to listen, and who is who.
    ///   - api: The control plane.
    ///   - logger: Where the server logs.
    ///   - onReady: Told once, when connections are accepted, the base URL with the actual port.
    /// - Throws: ``CannotServe`` when certificate or key cannot be used.
    public init(
        settings: ConsoleSettings, api: ControlPlaneClient, logger: Logger,
        onReady: @escaping @Sendable (String) async -> Void
    ) throws {
        listener = try WebListener(
            name: "console", address: settings.listen, tls: settings.tls,
            router: try ConsoleApp(settings: settings, api: api).router(), limits: settings.limits, logger: logger,
            onReady: onReady)
    }

    public func run() async throws { try await listener.run() }
}

/// Where the console listens, and how browsers reach it and the chat.
public struct ConsoleSettings: Sendable {
    public var listen: HostPort
    public var tls: TLSFiles?

    /// How much it takes in.
    public var limits = WebLimits()

    /// The console's origin as browsers see it, such as `https://console.example.com`; nil where no proxy stands
    /// between.
    public var publicURL: String?

    /// Other names by which browsers may reach the machine.
    public var hostNames: [String]

    /// Proxies that say where a browser is.
    public var trustedPeers = TrustedPeers.loopback

    /// The chat's origin as browsers see it; nil while it is not known, or when there is no chat.
    public var chatURL: @Sendable () -> String?

    public init(
        listen: HostPort, tls: TLSFiles? = nil, publicURL: String? = nil, hostNames: [String] = [],
        chatURL: @escaping @Sendable () -> String? = { nil }
    ) {
        self.listen = listen
        self.tls = tls
        self.publicURL = publicURL
        self.hostNames = hostNames
        self.chatURL = chatURL
    }

    var hosts: OwnHosts { OwnHosts(publicURL: publicURL, names: hostNames) }
    var isTLS: Bool { tls != nil || publicURL?.hasPrefix("https://") == true }
}
