import Foundation
import HTTPTypes
public import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import KeeptrustsCore
public import Logging
import NIOCore
import NIOSSL
public import ServiceLifecycle

/// Serves a router on an address, over HTTP or HTTPS, until it is asked to stop; requests in progress then finish.
public struct WebListener: Service {
    private let application: any Service
    private let name: String
    private let address: HostPort
    private let logger: Logger

    /// - Parameters:
    ///   - name: The server's name in logs, such as `api`.
    ///   - address: Where to listen; port 0 takes a free one.
    ///   - tls: Certificate and key; nil serves plain HTTP.
    ///   - router: What answers.
    ///   - limits: How much the listener takes in.
    ///   - logger: Where the server logs.
    ///   - onReady: Told once, when connections are accepted, the base URL with the actual port.
    /// - Throws: ``CannotServe`` when certificate or key cannot be used.
    public init<Context: RequestContext>(
        name: String, address: HostPort, tls: TLSFiles? = nil, router: Router<Context>,
        limits: WebLimits = WebLimits(), logger: Logger, onReady: @escaping @Sendable (String) async -> Void
    ) throws(CannotServe) where Context.Source == ApplicationRequestContextSource {
        let scheme = tls == nil ? "http" : "https"
        (self.name, self.address, self.logger) = (name, address, logger)
        application = Application(
            responder: router.buildResponder(), server: try Self.server(tls, limits),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), backlog: 512,
                availableConnectionsDelegate: AcceptingWhileRoom(share: limits.connections)
            ),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? address.port
                await onReady("\(scheme)://\(HostPort(host: address.host, port: port))")
            },
            logger: logger
        )
    }

    public func run() async throws {
        do {
            try await withGracefulShutdownHandler {
                try await application.run()
            } onGracefulShutdown: { [name, logger] in
                logger.info("shutting down; requests may finish", metadata: ["server": "\(name)"])
            }
            logger.info("all requests have finished", metadata: ["server": "\(name)"])
        } catch {
            guard let cause = CannotServe.reason(error) else { throw error }
            throw CannotServe(name, address, cause: cause)
        }
    }

    private static func server(_ tls: TLSFiles?, _ limits: WebLimits) throws(CannotServe) -> HTTPServerBuilder {
        let configuration = HTTP1Channel.Configuration(
            idleTimeout: .seconds(limits.idleSeconds),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.maxHeadBytes, maxHeaderListSize: limits.maxHeadBytes,
                maxHeaderFieldCount: limits.maxHeaderFields))
        let http = HTTPServerBuilder { responder in
            GuardedChannel(http: HTTP1Channel(responder: responder, configuration: configuration), limits: limits)
        }
        guard let tls else { return http }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(tls.certificate)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: tls.key, format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            // A peer that keeps a connection open without reading from it would hold up the end by five seconds.
            configuration.shutdownTimeout = .seconds(1)
            return try .tls(http, tlsConfiguration: configuration)
        } catch {
            throw CannotServe(
                code: "server.bad_certificate",
                message: "Certificate '\(tls.certificate)' and key '\(tls.key)' cannot be used.",
                hint: "Both must be readable PEM files that belong together.")
        }
    }
}

/// How much a listener of the slow servers takes in.
public struct WebLimits: Sendable {
    public var connections: ConnectionShare

    /// All bytes of a request's head.
    public var maxHeadBytes = 32_768
    public var maxHeaderFields = 128

    /// How long a connection may send nothing while it owes us something or waits for nothing.
    public var idleSeconds = Int64(60)

    /// The same, while others may be waiting for its place.
    public var crowdedIdleSeconds = Int64(2)

    /// How long a body may take before its rate counts.
    public var bodyGraceSeconds = Int64(10)

    /// The bytes of a body that must come in each second after that, on the average; at least 1.
    public var minimumBodyRate = 16_384

    /// How long a body may take at all.
    public var maxBodySeconds = Int64(120)

    /// - Parameter connections: The listener's share, which no other listener has.
    public init(connections: ConnectionShare = ConnectionShare(most: DescriptorShares.mostOfWeb)) {
        self.connections = connections
    }
}

/// A listener that cannot start.
public struct CannotServe: UserFacingError, Equatable {
    public var code: String
    public var message: String
    public var hint: String?

    public var category: ErrorCategory { .unavailable }
}

extension CannotServe {
    /// - Parameters:
    ///   - name: The server's name, which is that of its option of `kt up`.
    ///   - address: Where it cannot listen.
    ///   - cause: Why, as a sentence ends.
    public init(_ name: String, _ address: HostPort, cause: String) {
        self.init(
            code: "server.cannot_listen", message: "The \(name) cannot listen on \(address): \(cause).",
            hint: "Choose another address (--listen; --\(name) of kt up)." + Self.taken(address, cause))
    }

    /// What else to know of a port that is taken: Linux gives those from 32768 to 60999 to clients, too.
    ///
    /// - Returns: A sentence behind a space, or nothing.
    public static func taken(_ address: HostPort, _ cause: String) -> String {
        let isTaken = cause == String(cString: strerror(EADDRINUSE))
        guard isTaken, (32_768...60_999).contains(address.port) else { return "" }
        return " A client on this machine may have got this port: docs/reference/operations.md says how to reserve it."
    }

    /// Why an address could not be listened on; nil for an error of another kind.
    public static func reason(_ error: any Error) -> String? {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as SocketAddressError: "\(error)"
        default: nil
        }
    }
}

extension Router {
    /// Adds what every answer of the slow servers passes through; to be called before routes are added.
    public func addSharedMiddleware(isTLS: Bool) {
        add(middleware: RequestIDMiddleware())
        add(middleware: SecurityHeadersMiddleware(isTLS: isTLS))
        add(middleware: ErrorMiddleware())
        add(middleware: StrictTargetMiddleware())
    }

    /// Answers 405 with `Allow` where a path exists but not for the method; to be called after routes are added.
    public func addMethodNotAllowed() {
        for (path, routes) in Dictionary(grouping: routes, by: { $0.path.description }) {
            let known = routes.map(\.method)
            let allowed = known.map(\.rawValue)
            for method in [HTTPRequest.Method.get, .head, .post, .put, .patch, .delete, .options]
            where !known.contains(method) {
                on(RouterPath(path), method: method) { _, _ -> Response in
                    throw RequestFault.methodNotAllowed(allowed: allowed)
                }
            }
        }
    }
}
