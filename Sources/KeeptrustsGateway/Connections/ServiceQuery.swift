import KeeptrustsExchange
import KeeptrustsPolicy
import NIOCore

/// One question to a service on behalf of an exchange: gathers the answer, within its bounds.
///
/// Lives on the event loop of the caller's connection. Ends once, with a reply or because it is given up.
final class ServiceQuery: UpstreamListener {
    let call: ServiceCall
    private let loop: LoopContext

    /// Takes the reply; nil once it has been given, or nobody wants it.
    private var tell: ((ServiceReply) -> Void)?
    private var connection: UpstreamConnection?
    private var clock: Scheduled<Void>?
    private var contentType: String?
    private var body = ByteBuffer()

    init(_ call: ServiceCall, _ loop: LoopContext, tell: @escaping (ServiceReply) -> Void) {
        self.call = call
        self.loop = loop
        self.tell = tell
    }

    var isWritable: Bool { true }

    /// Sends the question, unless too many are under way.
    func start() {
        guard loop.serviceQueries < Self.mostUnderWay else {
            tell?(.failed(.overloaded))
            tell = nil
            return
        }
        loop.serviceQueries += 1
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        clock = loop.eventLoop.scheduleTask(in: TimeAmount(call.timeout)) { bound.value.giveUp(.failed(.timeout)) }
        let route = UpstreamRoute(
            endpoint: call.endpoint, connectTimeout: call.timeout, isPublicOnly: call.isPublicOnly)
        loop.upstreams.send(call.bytes, by: route, for: self)
    }

    /// Ends without a word to anybody.
    func cancel() {
        guard tell != nil else { return }
        tell = nil
        stop()
    }

    /// Ends before the answer does: the connection is of no use any more.
    private func giveUp(_ reply: ServiceReply) {
        guard let tell else { return }
        self.tell = nil
        stop()
        tell(reply)
    }

    private func stop() {
        clock?.cancel()
        loop.serviceQueries -= 1
        let connection = connection
        self.connection = nil
        connection?.cancel()
    }

    // MARK: The connection

    func callBegan(_ connection: UpstreamConnection) { self.connection = connection }

    func isCalling(_ connection: UpstreamConnection) -> Bool { self.connection === connection }

    func upstream(_ event: Exchange.Event, from connection: UpstreamConnection) {
        guard isCalling(connection) else { return }
        switch event {
        case .upstreamHead(let head):
            guard (200..<300).contains(head.status) else { return giveUp(.failed(.status)) }
            guard !head.isEncoded else { return giveUp(.failed(.malformed)) }
            contentType = connection.contentType
        case .upstreamBody(let bytes):
            take(bytes)
        case .head, .body, .malformed, .upstreamEnded, .done, .checked, .waited, .recorded, .callerLeft,
            .deadlinePassed:
            break
        }
    }

    private func take(_ bytes: ByteBuffer) {
        let room = call.mostBytes - body.readableBytes
        guard bytes.readableBytes > room else {
            body.writeImmutableBuffer(bytes)
            return
        }
        guard call.cutsAnswer else { return giveUp(.failed(.tooLarge)) }
        if let part = bytes.getSlice(at: bytes.readerIndex, length: room) { body.writeImmutableBuffer(part) }
        giveUp(.answer(ServiceAnswer(contentType: contentType, body: body)))
    }

    func upstreamEnded(_ end: UpstreamEnd, from connection: UpstreamConnection) {
        guard isCalling(connection) else { return }
        self.connection = nil
        switch end {
        case .done: giveUp(.answer(ServiceAnswer(contentType: contentType, body: body)))
        case .failed(let cause): giveUp(.failed(ServiceFailure(cause)))
        }
    }

    /// Questions of one event loop at a time.
    private static let mostUnderWay = 256
}

extension ServiceFailure {
    fileprivate init(_ cause: UpstreamBreak) {
        switch cause {
        case .unreachable, .unresolved, .tls, .cut: self = .unreachable
        case .malformed: self = .malformed
        case .tooLarge: self = .tooLarge
        }
    }
}
