public import AsyncHTTPClient
import Foundation
public import KeeptrustsCore
public import Logging
public import NIOCore
import NIOSSL
public import ServiceLifecycle
import Synchronization

/// How the slow servers call others: one pool for each way out, certificates verified, no redirect followed.
///
/// A service: its connections close when the group that runs it stops, so it stands before those that use it.
public final class OutboundHTTP: Service {
    private let proxies: ProxyRules?
    private let direct: HTTPClient
    private let configuration: HTTPClient.Configuration
    private let logger: Logger
    private let proxied = Mutex<[HTTPClient.Configuration.Proxy: HTTPClient]>([:])

    /// - Parameters:
    ///   - proxies: Which way to take; the default takes none.
    ///   - trustRoots: A PEM file of authorities to trust instead of the system's.
    ///   - logger: Where the pools log.
    public init(
        proxies: ProxyRules? = nil, trustRoots: String? = nil, logger: Logger
    ) {
        var tls = TLSConfiguration.makeClientConfiguration()
        // Nothing is lost by closing without the peer's word, which it owes only while it reads: five seconds otherwise.
        tls.shutdownTimeout = .milliseconds(200)
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
        guard let proxy = proxies?.proxy(forURL: url) else { return direct }
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

extension ProxyRules {
    /// The proxy for a URL, or nil when it is reached directly.
    func proxy(forURL url: String) -> HTTPClient.Configuration.Proxy? {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(), let host = parts.host
        else {
            return nil
        }
        let bare = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        let port = parts.port ?? (scheme == "https" ? 443 : 80)
        guard let proxy = proxy(for: scheme, host: bare, port: port) else { return nil }
        let authorization = proxy.authorization.map { secret in
            HTTPClient.Authorization.basic(credentials: String(secret.reveal().trimmingPrefix("Basic ")))
        }
        return .server(host: proxy.address.host, port: proxy.address.port, authorization: authorization)
    }
}
