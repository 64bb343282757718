import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange
import KeeptrustsWire
import NIOCore
import NIOSSL

/// A connection to a provider or another service: sends one request at a time, and tells who sent it what comes back.
final class UpstreamConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Mode {
        case connecting

        /// Waits for the proxy's answer to CONNECT.
        case tunnelling

        /// Waits for the head of an answer.
        case head
        case body(HTTPBodyDecoder, keepsAlive: Bool)
        case idle
        case closed
    }

    let endpoint: Endpoint
    private let proxy: ProxyRules.Proxy?
    private let tls: NIOSSLContext
    private unowned let pool: UpstreamPool
    private var context: ChannelHandlerContext?
    private var mode = Mode.connecting
    private var listener: (any UpstreamListener)?
    private var route: UpstreamRoute?

    /// The request, until the first byte of its answer is there.
    private var request = ByteBuffer()
    private var input = ByteBuffer()
    private var head = HTTPResponseHead()
    private var calls = 0
    private var heldRead = false
    private let opened = ContinuousClock.now

    /// The connection leads to an address of the public network.
    private var isPublic = false
    private var idleSince = ContinuousClock.now

    init(endpoint: Endpoint, proxy: ProxyRules.Proxy?, tls: NIOSSLContext, pool: UpstreamPool) {
        self.endpoint = endpoint
        self.proxy = proxy
        self.tls = tls
        self.pool = pool
    }

    // MARK: Calls

    func start(_ bytes: ByteBuffer, by route: UpstreamRoute, for listener: any UpstreamListener) {
        self.listener = listener
        self.route = route
        request = proxy != nil && !endpoint.isTLS ? absoluteForm(of: bytes) : bytes
        calls += 1
        guard case .idle = mode else { return }
        send()
    }

    private func send() {
        mode = .head
        guard let context else { return }
        guard mayTalk else { return fail(.unreachable) }
        context.write(wrapOutboundOut(request), promise: nil)
        pool.turnEnd.flush(context)
    }

    /// Whether the request at hand may go where the connection leads; what is behind a proxy is the proxy's to know.
    private var mayTalk: Bool { proxy != nil || route?.isPublicOnly != true || isPublic }

    /// Gives the call up: nobody wants the answer, so the connection is of no use any more.
    func cancel() {
        listener = nil
        close()
    }

    func close() {
        pool.forget(self)
        mode = .closed
        context?.close(promise: nil)
    }

    /// Goes on reading, now that the caller takes what is sent.
    func resume() {
        guard heldRead else { return }
        heldRead = false
        context?.read()
    }

    /// The media type of the answer at hand.
    var contentType: String? { head.value(of: "content-type").map { String(buffer: $0) } }

    func isExpired(at now: ContinuousClock.Instant, after patience: Duration) -> Bool {
        now - idleSince >= patience || now - opened >= .seconds(300)
    }

    /// Ends the call without an answer.
    func fail(_ cause: UpstreamBreak) {
        let listener = listener
        self.listener = nil
        close()
        listener?.upstreamEnded(.failed(cause), from: self)
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { connected(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        connected(context)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        if let listener, !listener.isWritable { heldRead = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
        do throws(HTTPFault) {
            while try step(context) {}
        } catch {
            fail(error.code == "http.body_too_large" ? .tooLarge : .malformed)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError ? .tls : .cut)
    }

    // MARK: What comes

    private func connected(_ context: ChannelHandlerContext) {
        // The call may have been given up before there was a connection.
        if case .closed = mode { context.close(promise: nil) }
        guard case .connecting = mode else { return }
        isPublic = context.remoteAddress?.isPublic == true
        // Before a name is told in a TLS handshake.
        guard mayTalk else { return fail(.unreachable) }
        if let proxy, endpoint.isTLS {
            mode = .tunnelling
            context.writeAndFlush(wrapOutboundOut(connectRequest(proxy)), promise: nil)
        } else {
            secureAndSend(context)
        }
    }

    private func secureAndSend(_ context: ChannelHandlerContext) {
        guard endpoint.isTLS else { return send() }
        do {
            let name = (try? SocketAddress(ipAddress: endpoint.host, port: 0)) == nil ? endpoint.host : nil
            let handler = try NIOSSLClientHandler(context: tls, serverHostname: name)
            try context.pipeline.syncOperations.addHandler(handler, position: .first)
            send()
        } catch {
            fail(.tls)
        }
    }

    private func step(_ context: ChannelHandlerContext) throws(HTTPFault) -> Bool {
        switch mode {
        case .tunnelling:
            guard try head.parse(&input, toMethod: .connect, limits: HTTPLimits()) else { return false }
            guard (200..<300).contains(head.status), input.readableBytes == 0 else {
                fail(.unreachable)
                return false
            }
            secureAndSend(context)
            return false
        case .head:
            return try takeHead()
        case .body(let decoder, let keepsAlive):
            return try takeBody(decoder, keepsAlive)
        case .connecting, .idle:
            // An answer to nothing: somebody is out of step, and the next answer could be another caller's.
            if input.readableBytes > 0 { fail(.malformed) }
            return false
        case .closed:
            input.clear()
            return false
        }
    }

    private func takeHead() throws(HTTPFault) -> Bool {
        guard input.readableBytes > 0 else { return false }
        request = ByteBuffer()
        guard try head.parse(&input, toMethod: .post, limits: HTTPLimits()) else { return false }
        mode = .body(HTTPBodyDecoder(head.framing, maxBytes: .max), keepsAlive: head.keepsAlive)
        listener?.upstream(.upstreamHead(UpstreamHead(head)), from: self)
        return true
    }

    private func takeBody(_ decoder: HTTPBodyDecoder, _ keepsAlive: Bool) throws(HTTPFault) -> Bool {
        var decoder = decoder
        var body = ByteBuffer()
        let isComplete = try decoder.decode(&input, into: &body)
        mode = .body(decoder, keepsAlive: keepsAlive)
        if body.readableBytes > 0 { listener?.upstream(.upstreamBody(body), from: self) }
        // The caller may have given the call up by now.
        guard isComplete, case .body = mode else { return false }
        finish(keepsAlive: keepsAlive && input.readableBytes == 0)
        return false
    }

    private func finish(keepsAlive: Bool) {
        let listener = listener
        self.listener = nil
        route = nil
        if keepsAlive {
            mode = .idle
            idleSince = .now
            pool.release(self)
            resume()
        } else {
            close()
        }
        listener?.upstreamEnded(.done, from: self)
    }

    private func ended() {
        switch mode {
        case .closed, .connecting:
            break
        case .idle:
            pool.forget(self)
        case .head where calls > 1 && request.readableBytes > 0:
            sendElsewhere()
        case .body(var decoder, _):
            if (try? decoder.end()) != nil { finish(keepsAlive: false) } else { fail(.cut) }
        case .head, .tunnelling:
            fail(.cut)
        }
        mode = .closed
    }

    /// The provider closed a connection that had waited, at the moment it was used again: nobody saw the request.
    private func sendElsewhere() {
        guard let listener, let route, listener.isCalling(self) else { return }
        let bytes = request
        self.listener = nil
        pool.connect(route, bytes, for: listener)
    }

    // MARK: Proxies

    private func connectRequest(_ proxy: ProxyRules.Proxy) -> ByteBuffer {
        let name = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
        var out = ByteBuffer(string: "CONNECT \(name):\(endpoint.port) HTTP/1.1\r\nhost: \(name):\(endpoint.port)\r\n")
        if let credential = proxy.authorization { out.writeString("proxy-authorization: \(credential.reveal())\r\n") }
        out.writeStaticString("\r\n")
        return out
    }

    /// A request as a proxy wants it: `POST http://host/path` (RFC 9112 §3.2.2).
    private func absoluteForm(of bytes: ByteBuffer) -> ByteBuffer {
        var rest = bytes
        let methodEnd = rest.readableBytesView.firstIndex(of: 0x20).map { $0 + 1 } ?? rest.readerIndex
        let name = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
        var out = rest.readSlice(length: methodEnd - rest.readerIndex) ?? ByteBuffer()
        out.writeString("http://\(name):\(endpoint.port)")
        guard let credential = proxy?.authorization else {
            out.writeBuffer(&rest)
            return out
        }
        let lineEnd = rest.readableBytesView.firstIndex(of: 0x0A).map { $0 + 1 } ?? rest.writerIndex
        out.writeBytes(rest.readableBytesView[..<lineEnd])
        out.writeString("proxy-authorization: \(credential.reveal())\r\n")
        out.writeBytes(rest.readableBytesView[lineEnd...])
        return out
    }
}

extension ByteBuffer {
    /// Whether this is the media type of an event stream, with or without parameters.
    fileprivate var isEventStream: Bool {
        let type: StaticString = "text/event-stream"
        return withUnsafeReadableBytes { bytes in
            guard bytes.count >= type.utf8CodeUnitCount else { return false }
            for index in 0..<type.utf8CodeUnitCount {
                let byte = bytes[index]
                guard (byte &- 0x41 < 26 ? byte | 0x20 : byte) == type.utf8Start[index] else { return false }
            }
            return true
        }
    }
}

extension UpstreamHead {
    fileprivate init(_ head: HTTPResponseHead) {
        let coding = head.value(of: "content-encoding").map { String(buffer: $0) } ?? "identity"
        self.init(
            status: head.status, isEventStream: head.value(of: "content-type")?.isEventStream ?? false,
            isEncoded: coding.lowercased() != "identity",
            retryAfter: head.value(of: "retry-after").map { String(buffer: $0) })
    }
}
