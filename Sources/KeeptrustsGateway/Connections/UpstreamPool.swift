import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange
import NIOCore
import NIOPosix
import NIOSSL

/// One event loop's connections to providers: those in use, and those that wait for the next call.
final class UpstreamPool {
    private let eventLoop: any EventLoop
    private let tls: NIOSSLContext
    private let proxies: ProxyRules

    /// The connections of all loops.
    private let share: ConnectionShare

    /// Few enough to be looked through, which costs less than a hash of an endpoint.
    private var idle: [Waiting] = []

    /// Sends what this loop writes to its connections, callers' among them.
    let turnEnd: TurnEnd

    init(eventLoop: any EventLoop, tls: NIOSSLContext, proxies: ProxyRules, share: ConnectionShare) {
        self.eventLoop = eventLoop
        self.tls = tls
        self.proxies = proxies
        self.share = share
        turnEnd = TurnEnd(of: eventLoop)
    }

    /// The connections to one endpoint that wait; the last one is used first.
    private final class Waiting {
        let endpoint: Endpoint
        var connections: [UpstreamConnection] = []

        init(_ endpoint: Endpoint) { self.endpoint = endpoint }
    }

    var isEmpty: Bool { idle.allSatisfy(\.connections.isEmpty) }

    /// Sends a request to a target.
    func send(_ bytes: ByteBuffer, to target: Target, for listener: any UpstreamListener) {
        guard let endpoint = target.endpoint else { return }
        let route = UpstreamRoute(endpoint: endpoint, connectTimeout: target.settings.timeouts.connect)
        send(bytes, by: route, for: listener)
    }

    /// Sends a request, on a connection that waits or on a new one.
    func send(_ bytes: ByteBuffer, by route: UpstreamRoute, for listener: any UpstreamListener) {
        guard let connection = takeIdle(route.endpoint) else { return connect(route, bytes, for: listener) }
        listener.callBegan(connection)
        connection.start(bytes, by: route, for: listener)
    }

    /// Opens a connection of its own for a call; also when one that waited turned out to be dead.
    func connect(_ route: UpstreamRoute, _ bytes: ByteBuffer, for listener: any UpstreamListener) {
        let endpoint = route.endpoint
        let proxy = proxies.proxy(for: endpoint.isTLS ? "https" : "http", host: endpoint.host, port: endpoint.port)
        let connection = UpstreamConnection(endpoint: endpoint, proxy: proxy, tls: tls, pool: self)
        listener.callBegan(connection)
        connection.start(bytes, by: route, for: listener)
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        guard share.hasRoom() || closeLongestIdle() else {
            return eventLoop.execute { bound.value.fail(.unreachable) }
        }
        share.opened()
        ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 4)
            .connectTimeout(TimeAmount(route.connectTimeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
            .connect(host: proxy?.address.host ?? endpoint.host, port: proxy?.address.port ?? endpoint.port)
            .whenComplete { [share] outcome in
                switch outcome {
                case .success(let channel):
                    channel.closeFuture.whenComplete { _ in share.closed() }
                case .failure(let error):
                    share.closed()
                    bound.value.fail(UpstreamBreak(connecting: error))
                }
            }
    }

    /// Makes room for a connection; false when none waits here.
    private func closeLongestIdle() -> Bool {
        guard let connection = idle.lazy.compactMap(\.connections.first).first else { return false }
        connection.close()
        return true
    }

    private func takeIdle(_ endpoint: Endpoint) -> UpstreamConnection? {
        waiting(endpoint)?.connections.popLast()
    }

    /// Keeps a connection whose answer is complete for the next call.
    func release(_ connection: UpstreamConnection) {
        guard let waiting = waiting(connection.endpoint) else {
            let waiting = Waiting(connection.endpoint)
            waiting.connections.append(connection)
            return idle.append(waiting)
        }
        guard waiting.connections.count < Self.maxIdle else { return connection.close() }
        waiting.connections.append(connection)
    }

    func forget(_ connection: UpstreamConnection) {
        waiting(connection.endpoint)?.connections.removeAll { $0 === connection }
    }

    /// Closes what has waited too long, and what is so old that its address may have moved.
    func closeExpired(at now: ContinuousClock.Instant) {
        let patience = share.isCrowded ? Self.crowdedPatience : Self.patience
        for waiting in idle {
            for connection in waiting.connections where connection.isExpired(at: now, after: patience) {
                connection.close()
            }
        }
        idle.removeAll(where: \.connections.isEmpty)
    }

    func closeIdle() {
        for waiting in idle { for connection in waiting.connections { connection.close() } }
    }

    private func waiting(_ endpoint: Endpoint) -> Waiting? {
        for waiting in idle where waiting.endpoint == endpoint { return waiting }
        return nil
    }

    /// Connections that wait, for each endpoint.
    private static let maxIdle = 256

    /// How long a connection waits for the next call, and how long when other loops may need its place.
    private static let patience = Duration.seconds(55)
    private static let crowdedPatience = Duration.seconds(1)
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

extension UpstreamBreak {
    /// Why no connection came about.
    fileprivate init(connecting error: any Error) {
        let error = error as? NIOConnectionError
        let hasNoAddress = error?.connectionErrors.isEmpty == true && (error?.dnsAError ?? error?.dnsAAAAError) != nil
        self = hasNoAddress ? .unresolved : .unreachable
    }
}
