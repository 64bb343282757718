public import AsyncHTTPClient
public import Logging
public import NIOCore
import NIOSSL
public import ServiceLifecycle
import Synchronization

/// How the slow servers call others: one pool for each way out, certificates verified, no redirect followed.
///
/// A service: its connections close when the group that runs it stops, so it stands before those that use it.
public final class OutboundHTTP: Service {
    private let proxies: ProxySettings
    private let direct: HTTPClient
    private let configuration: HTTPClient.Configuration
    private let logger: Logger
    private let proxied = Mutex<[HTTPClient.Configuration.Proxy: HTTPClient]>([:])

    /// - Parameters:
    ///   - proxies: Which way to take; the default takes none.
    ///   - trustRoots: A PEM file of authorities to trust instead of the system's.
    ///   - logger: Where the pools log.
    public init(
        proxies: ProxySettings = ProxySettings(environment: [:]), trustRoots: String? = nil, logger: Logger
    ) {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let trustRoots { tls.trustRoots = .file(trustRoots) }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: .seconds(60)))
        configuration.connectionPool.idleTimeout = .seconds(50)
        configuration.httpVersion = .http1Only
        self.proxies = proxies
        self.configuration = configuration
        self.logger = logger
        direct = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Sends a request; the answer's body is read by the caller.
    public func execute(_ request: HTTPClientRequest, timeout: TimeAmount) async throws -> HTTPClientResponse {
        try await client(for: request.url).execute(request, timeout: timeout, logger: logger)
    }

    public func run() async throws {
        try? await gracefulShutdown()
        try await shutdown()
    }

    /// Closes every connection; for users without a service group.
    public func shutdown() async throws {
        for client in proxied.withLock({ Array($0.values) }) { try await client.shutdown() }
        try await direct.shutdown()
    }

    private func client(for url: String) -> HTTPClient {
        guard let proxy = proxies.proxy(for: url) else { return direct }
        return proxied.withLock { clients in
            if let client = clients[proxy] { return client }
            var configuration = configuration
            configuration.proxy = proxy
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            clients[proxy] = client
            return client
        }
    }
}
