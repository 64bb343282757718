public import KeeptrustsCore
import KeeptrustsWeb
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// Takes callers' connections, until it is told to stop; then lets exchanges finish.
final class Listener: Service {
    let address: HostPort
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup
    private let loops: LoopRoster
    private let drainTimeout: Duration
    private let logger: Logger

    private init(
        _ channel: any Channel, _ group: MultiThreadedEventLoopGroup, _ loops: LoopRoster, host: String,
        drainTimeout: Duration, logger: Logger
    ) {
        self.channel = channel
        self.group = group
        self.loops = loops
        self.drainTimeout = drainTimeout
        self.logger = logger
        address = HostPort(host: host, port: channel.localAddress?.port ?? 0)
    }

    static func bind(
        _ settings: GatewaySettings, _ tls: ServerTLS?, _ loops: LoopRoster, _ group: MultiThreadedEventLoopGroup,
        _ logger: Logger
    ) async throws -> Listener {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Where the whole system has no descriptor left, accepting rests a moment instead of spinning.
                    let rest = AcceptBackoffHandler(shouldForwardIOErrorCaught: false)
                    try channel.pipeline.syncOperations.addHandlers(rest, ListenerGate(settings.callers))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let context = loops.context(of: channel.eventLoop) else { return }
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls.context))
                    }
                    try channel.pipeline.syncOperations.addHandler(CallerHandler(loop: context.value))
                }
            }
        do {
            let channel = try await bootstrap.bind(host: settings.listen.host, port: settings.listen.port).get()
            return Listener(
                channel, group, loops, host: settings.listen.host, drainTimeout: settings.drainTimeout, logger: logger)
        } catch {
            throw CannotListen(address: settings.listen, cause: CannotListen.reason(error))
        }
    }

    func run() async throws {
        try? await gracefulShutdown()
        try? await channel.close()
        let underWay = await loops.figures().inFlight
        logger.info(
            "shutting down; exchanges may finish",
            metadata: ["in_flight": "\(underWay)", "at_most_seconds": "\(drainTimeout.components.seconds)"])
        loops.drain()
        let end = ContinuousClock.now + drainTimeout
        while await loops.figures().inFlight > 0, ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(20))
        }
        let left = await loops.figures().inFlight
        if left > 0 {
            logger.warning("exchanges cut at the end of the drain time", metadata: ["count": "\(left)"])
        } else {
            logger.info("all exchanges have finished")
        }
        loops.abandon()
    }
}

/// An address that cannot be listened on.
public struct CannotListen: UserFacingError, Equatable {
    public var address: HostPort
    public var cause: String

    public var category: ErrorCategory { .unavailable }
    public var code: String { "listen.failed" }
    public var message: String { "The gateway cannot listen on \(address): \(cause)." }
    public var hint: String? {
        "Choose another address (--listen; --gateway of kt up)." + CannotServe.taken(address, cause)
    }

    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        default: "\(error)"
        }
    }
}
