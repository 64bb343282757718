public import KeeptrustsClient
public import KeeptrustsConfig
public import KeeptrustsCore
import KeeptrustsExchange
public import KeeptrustsPolicy

/// What a gateway is told at its start.
public struct GatewaySettings: Sendable {
    /// How the gateway comes to its config.
    public enum Source: Sendable {
        /// Starts with one, and reads it anew at each call; for files of the gateway's own operator.
        case local(PolicyConfig, reload: @Sendable () throws -> PolicyConfig)

        /// The control plane assigns it; parses a document that it sent, which may name these variables only.
        case managed(parse: @Sendable (_ yaml: String) throws -> PolicyConfig, AllowedVariables)
    }

    /// Where the control plane is, and the gateway's credential for it.
    public struct ControlPlane: Sendable {
        public var client: ControlPlaneClient
        public var token: Secret

        public init(client: ControlPlaneClient, token: Secret) {
            self.client = client
            self.token = token
        }
    }

    /// A certificate chain and its private key, as PEM files.
    public struct Certificate: Sendable {
        public var chain: String
        public var key: String

        public init(chain: String, key: String) {
            self.chain = chain
            self.key = key
        }
    }

    public var listen: HostPort
    public var source: Source
    public var environment: [String: String]
    public var proxies: ProxyRules
    public var controlPlane: ControlPlane?

    /// What the control plane shows as the gateway's address; the listen address when nil.
    public var advertiseAddress: String?
    public var name: String?
    public var certificate: Certificate?

    /// Event loops; each takes a core.
    public var eventLoops = 1
    public var maxConcurrency = 10_000

    /// How many connections callers may have.
    public var callers = ConnectionShare(most: DescriptorShares.mostCallers)

    /// How many connections to providers and services all event loops together may have.
    public var upstreams = ConnectionShare(most: DescriptorShares.mostCallers)
    public var allowsAnonymous = false

    /// What a policy that fails does, unless it is of a security kind or its own entry says.
    public var failMode = PolicyChain.OnError.block

    /// How long exchanges may go on after SIGTERM.
    public var drainTimeout = Duration.seconds(30)

    /// Compiles a config for this gateway, with what the config may have of the environment.
    ///
    /// - Throws: A ``UserFacingError`` that says what is wrong with it.
    func compile(_ config: PolicyConfig, in directory: StateDirectory) throws -> Snapshot {
        let allowed: AllowedVariables? =
            switch source {
            case .local: nil
            case .managed(_, let allowed): allowed
            }
        return try Snapshot(
            config, cacheDirectory: directory.patternCache, failMode: failMode,
            environment: ConfigEnvironment(allowing: allowed) { [environment] in environment[$0] })
    }

    /// Where callers reach the gateway, as the control plane shows it; with `https://` where they need TLS.
    func advertised(at address: HostPort) -> String {
        let shown = advertiseAddress ?? "\(address)"
        return certificate == nil || shown.contains("://") ? shown : "https://\(shown)"
    }

    public init(listen: HostPort, source: Source, environment: [String: String], proxies: ProxyRules) {
        self.listen = listen
        self.source = source
        self.environment = environment
        self.proxies = proxies
    }
}
