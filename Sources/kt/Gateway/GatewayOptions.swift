import ArgumentParser
import Foundation
import KeeptrustsClient
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsGateway
import KeeptrustsPolicy
import KeeptrustsWeb
import Logging

/// The options that `kt gateway run` and `kt run` share.
struct GatewayOptions: ParsableArguments {
    @Option(help: "The address to listen on, host:port; port 0 chooses a free one.")
    var listen = "0.0.0.0:41002"

    @Option(help: "Where the spool and the last good config are kept (default: ~/.keeptrusts/gateway-PORT).")
    var stateDir: String?

    @Option(help: "The control plane's address. [env: KEEPTRUSTS_API_URL]")
    var apiURL: String?

    @Option(
        name: [.customLong("api-token"), .customLong("gateway-token")],
        help: "The gateway's credential for the control plane. [env: KEEPTRUSTS_GATEWAY_TOKEN]")
    var apiToken: String?

    @Option(
        help:
            "The address that callers use, when it is not the listen address. [env: KEEPTRUSTS_GATEWAY_ADVERTISE_ADDR]")
    var advertiseAddr: String?

    @Option(help: "The gateway's name in the console.")
    var name: String?

    @Option(help: "What a policy that fails does, unless its own entry says: block or allow.")
    var failMode = FailMode.block

    @Option(
        help: "The most exchanges at a time, in all (default: 10000). [env: KEEPTRUSTS_GATEWAY_MAX_CONCURRENCY]")
    var maxConcurrency: Int?

    @Option(help: "Event loops (default: one for each core).")
    var eventLoops: Int?

    @Flag(help: "Serve callers on this machine without a key.")
    var allowAnonymous = false

    @Option(help: "A PEM file with the certificate chain to serve HTTPS with. [env: KEEPTRUSTS_TLS_CERT_PATH]")
    var tlsCert: String?

    @Option(help: "The PEM file with its private key. [env: KEEPTRUSTS_TLS_KEY_PATH]")
    var tlsKey: String?

    @Option(help: "How long exchanges may go on after SIGTERM (seconds).")
    var drainTimeout = 30

    func validate() throws {
        _ = try HostPort.option("--listen", listen)
        for (name, number) in [("--max-concurrency", maxConcurrency), ("--event-loops", eventLoops)] {
            guard number.map({ $0 > 0 }) != false else { throw ValidationError("\(name) must be above 0.") }
        }
        guard (0...86_400).contains(drainTimeout) else {
            throw ValidationError("--drain-timeout must be 0 to 86400 seconds.")
        }
        try BaseURL.check("--api-url", apiURL)
        try ProcessHTTP.checkAPIURL()
        try UnreadableFile.asUsage { _ = try certificate(ProcessInfo.processInfo.environment) }
    }

    /// The gateway's settings, with the environment where an option is absent.
    func settings(
        _ source: GatewaySettings.Source, http: OutboundHTTP, logger: Logger
    ) throws -> GatewaySettings {
        let files = try OpenFiles(hasGateway: true, logger)
        let environment = ProcessInfo.processInfo.environment
        var settings = GatewaySettings(
            listen: try HostPort(listen), source: source, environment: environment,
            proxies: try ProxyRules(environment: environment))
        settings.advertiseAddress = advertiseAddr ?? environment.value("KEEPTRUSTS_GATEWAY_ADVERTISE_ADDR")
        settings.name = name
        settings.eventLoops = eventLoops ?? ProcessInfo.processInfo.activeProcessorCount
        settings.maxConcurrency = try concurrency(environment)
        settings.callers = files.callers
        settings.upstreams = files.upstreams
        settings.failMode = failMode == .allow ? .allow : .block
        settings.allowsAnonymous = allowAnonymous
        settings.drainTimeout = .seconds(Int64(drainTimeout))
        settings.controlPlane = try controlPlane(environment, http)
        settings.certificate = try certificate(environment)
        return settings
    }

    func stateDirectory(for address: HostPort) throws -> StateDirectory {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["KEEPTRUSTS_STATE_DIR"] ?? HomeDirectory.keeptrusts(environment)
        return try StateDirectory(
            stateDir ?? "\(home)/gateway-\(address.port)", patternCache: environment.value("KEEPTRUSTS_PATTERN_DIR"))
    }

    private func concurrency(_ environment: [String: String]) throws -> Int {
        guard maxConcurrency == nil, let text = environment.value("KEEPTRUSTS_GATEWAY_MAX_CONCURRENCY") else {
            return maxConcurrency ?? 10_000
        }
        guard let number = Int(text), number > 0 else {
            throw ValidationError("KEEPTRUSTS_GATEWAY_MAX_CONCURRENCY must be a whole number above 0.")
        }
        return number
    }

    private func controlPlane(
        _ environment: [String: String], _ http: OutboundHTTP
    ) throws -> GatewaySettings.ControlPlane? {
        let ownToken = apiToken ?? environment.value("KEEPTRUSTS_GATEWAY_TOKEN")
        guard let url = apiURL ?? environment.value("KEEPTRUSTS_API_URL") else {
            guard ownToken == nil else {
                throw ValidationError(
                    "A gateway's token (--api-token) goes to an API: give --api-url or KEEPTRUSTS_API_URL, too.")
            }
            return nil
        }
        guard let parts = URLComponents(string: url), parts.scheme == "http" || parts.scheme == "https",
            parts.host?.isEmpty == false
        else { throw ValidationError("--api-url must be like https://api.example.com, not '\(url)'.") }
        guard let token = ownToken ?? environment.value("KEEPTRUSTS_API_TOKEN"), !token.isEmpty else {
            throw ValidationError(
                "The API at \(url) wants the gateway's token: give --api-token or KEEPTRUSTS_GATEWAY_TOKEN.")
        }
        return GatewaySettings.ControlPlane(
            client: ControlPlaneClient(http: http, baseURL: url), token: Secret(token))
    }

    private func certificate(_ environment: [String: String]) throws -> GatewaySettings.Certificate? {
        let chain = tlsCert ?? environment.value("KEEPTRUSTS_TLS_CERT_PATH")
        let key = tlsKey ?? environment.value("KEEPTRUSTS_TLS_KEY_PATH")
        guard chain != nil || key != nil else { return nil }
        guard let chain, let key else {
            throw ValidationError("HTTPS needs both a certificate (--tls-cert) and its key (--tls-key).")
        }
        for path in [chain, key] { _ = try OpenFile.forReading(path) }
        return GatewaySettings.Certificate(chain: chain, key: key)
    }
}

extension [String: String] {
    /// A variable's value; an empty one is none.
    func value(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }
}

/// The files of a config, read anew at each call.
struct ConfigFiles: Sendable {
    var paths: [String]

    func load() throws -> PolicyConfig { try PolicyConfig(layers: try ConfigLayer.read(paths)) }

    /// Refuses files that cannot be read, and a config with mistakes; compiles nothing.
    ///
    /// - Returns: The config to start with: what comes through a pipe is gone once it is read.
    func checked() throws -> PolicyConfig {
        let config = try load()
        try config.checkPolicies()
        return config
    }

    /// Where a gateway takes its configs from.
    ///
    /// - Parameter first: What it starts with; nil reads it now.
    /// - Returns: The files, which are read anew at each reload.
    /// - Throws: ``UnreadableFile``, or ``ConfigMistakes``.
    func source(startingWith first: PolicyConfig? = nil) throws -> GatewaySettings.Source {
        .local(try first ?? load()) { try load() }
    }
}
