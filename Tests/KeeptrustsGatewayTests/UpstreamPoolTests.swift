import KeeptrustsCore
import KeeptrustsExchange
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import KeeptrustsGateway

@Suite("An event loop's connections to others")
struct UpstreamPoolTests {
    /// Makes one call, and says how it ended.
    private final class Call: UpstreamListener {
        private let end: EventLoopPromise<UpstreamEnd>
        private var connection: UpstreamConnection?

        init(_ end: EventLoopPromise<UpstreamEnd>) { self.end = end }

        var isWritable: Bool { true }

        func callBegan(_ connection: UpstreamConnection) { self.connection = connection }
        func isCalling(_ connection: UpstreamConnection) -> Bool { self.connection === connection }
        func upstream(_ event: Exchange.Event, from connection: UpstreamConnection) {}
        func upstreamEnded(_ end: UpstreamEnd, from connection: UpstreamConnection) { self.end.succeed(end) }

        func cancel() {
            connection?.cancel()
            end.succeed(.failed(.cut))
        }
    }

    /// Answers each request with nothing in it, and keeps the connection.
    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        }
    }

    /// A pool of one loop, and servers that it can reach.
    private struct Net {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let pool: NIOLoopBound<UpstreamPool>

        init(_ share: ConnectionShare) async throws {
            let tls = try NIOSSLContext(configuration: .clientDefault)
            pool = try await loop.submit { [loop] in
                let pool = UpstreamPool(
                    eventLoop: loop, tls: tls, proxies: try ProxyRules(environment: [:]), share: share)
                return NIOLoopBound(pool, eventLoop: loop)
            }.get()
        }

        func server(_ initialise: @escaping @Sendable (any Channel) throws -> Void) async throws -> any Channel {
            try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try initialise(channel) }
                }
                .bind(host: "127.0.0.1", port: 0).get()
        }

        /// Begins a call; its end comes later.
        func call(_ server: any Channel) async throws -> (call: NIOLoopBound<Call>, end: EventLoopFuture<UpstreamEnd>) {
            let end = loop.makePromise(of: UpstreamEnd.self)
            let endpoint = Endpoint(isTLS: false, host: "127.0.0.1", port: server.localAddress?.port ?? 0)
            let call = try await loop.submit { [loop, pool] in
                let call = Call(end)
                let route = UpstreamRoute(endpoint: endpoint, connectTimeout: .seconds(10))
                pool.value.send(ByteBuffer(string: "GET / HTTP/1.1\r\nhost: x\r\n\r\n"), by: route, for: call)
                return NIOLoopBound(call, eventLoop: loop)
            }.get()
            return (call, end.futureResult)
        }
    }

    @Test("A call that finds no room fails, and the next one has it")
    func room() async throws {
        let (news, told) = AsyncStream.makeStream(of: ConnectionShare.News.self)
        let (accepted, accept) = AsyncStream.makeStream(of: (any Channel).self)
        let net = try await Net(ConnectionShare(most: 1) { told.yield($0) })
        let server = try await net.server { accept.yield($0) }

        let first = try await net.call(server)
        let second = try await net.call(server)
        #expect(try await second.end.get() == .failed(.unreachable))

        try await net.loop.submit { first.call.value.cancel() }.get()
        var all = news.makeAsyncIterator()
        #expect(await [all.next(), all.next()] == [.full, .roomAgain])
        let third = try await net.call(server)
        var channels = accepted.makeAsyncIterator()
        for _ in 0..<2 { try? await channels.next()?.close() }
        #expect(try await third.end.get() == .failed(.cut))
        try await server.close()
    }

    @Test("A connection that waits for its next call makes room for one to another server")
    func idle() async throws {
        let net = try await Net(ConnectionShare(most: 1))
        let servers = [
            try await net.server { try $0.pipeline.syncOperations.addHandler(Answering()) },
            try await net.server { try $0.pipeline.syncOperations.addHandler(Answering()) },
        ]

        for server in servers + servers {
            #expect(try await net.call(server).end.get() == .done)
        }
        for server in servers { try await server.close() }
        try await net.loop.submit { [pool = net.pool] in pool.value.closeIdle() }.get()
    }
}
