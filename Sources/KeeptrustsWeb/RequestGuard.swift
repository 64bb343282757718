import HTTPTypes
import Hummingbird
import KeeptrustsCore
import NIOCore
import NIOHTTP1

/// Keeps from a server what it must not read: bytes that are no request, heads that are ambiguous, and bodies that come
/// too slowly.
///
/// Stands right behind the decoder, where a head still has all its fields. What it refuses is answered once, in its turn
/// after the requests before it; then the connection ends.
final class RequestGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// A body on its way.
    private struct Body {
        var began: NIODeadline
        var received = 0
    }

    /// A request that is not served.
    private struct Refused {
        var fault: RequestFault

        /// Whether the server has its head already, and so may be answering it.
        var isPassedOn: Bool
        var isAnswered = false
    }

    private let limits: WebLimits
    private let now: @Sendable () -> Timestamp
    private var context: ChannelHandlerContext?
    private var body: Body?
    private var refused: Refused?
    private var alarm: Scheduled<Void>?
    private var idleWatch: RepeatedTask?

    /// Since when the connection has no request.
    private var idleSince = NIODeadline.distantFuture

    /// Requests that the server has, and whose answers have not ended.
    private var open = 0

    /// Whether the first of these answers has begun.
    private var hasBegun = false

    init(limits: WebLimits, now: @escaping @Sendable () -> Timestamp = { .systemClock() }) {
        self.limits = limits
        self.now = now
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        idleSince = context.eventLoop.now
        watchForCrowds(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        alarm?.cancel()
        idleWatch?.cancel()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What follows a request that was refused belongs to nothing.
        guard refused == nil else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let fault = StrictHead.fault(of: head) { return refuse(fault, isPassedOn: false) }
            open += 1
            body = Body(began: context.eventLoop.now)
        case .body(let bytes):
            body?.received += bytes.readableBytes
        case .end:
            body = nil
            alarm?.cancel()
            alarm = nil
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        watch()
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard refused?.isAnswered != true else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        context.write(data, promise: promise)
        switch unwrapOutboundIn(data) {
        case .head(let head): hasBegun = head.status.code >= 200
        case .body: break
        case .end:
            (open, hasBegun) = (open - 1, false)
            idleSince = context.eventLoop.now
            answerInTurn()
        }
    }

    /// Bytes that the decoder cannot read; it reads no further.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return context.fireErrorCaught(error) }
        if refused == nil { refuse(.unreadable, isPassedOn: body != nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if refused?.isAnswered == true, case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: Time

    /// Looks again when the body's time may be up.
    private func watch() {
        guard let body, alarm == nil, let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        alarm = context.eventLoop.scheduleTask(deadline: deadline(of: body)) { bound.value.look() }
    }

    /// Looks now and then whether the connection, while it has no request, keeps others from theirs.
    private func watchForCrowds(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let pause = TimeAmount.seconds(limits.crowdedIdleSeconds)
        idleWatch = context.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in
            bound.value.makeRoom()
        }
    }

    private func makeRoom() {
        guard let context, open == 0, refused == nil, limits.connections.isCrowded else { return }
        guard context.eventLoop.now - idleSince >= .seconds(limits.crowdedIdleSeconds) else { return }
        context.close(promise: nil)
    }

    private func look() {
        alarm = nil
        guard let body, let context else { return }
        guard context.eventLoop.now >= deadline(of: body) else { return watch() }
        refuse(.bodyTooSlow, isPassedOn: true)
    }

    /// Until when a body must be complete, given what has come of it.
    private func deadline(of body: Body) -> NIODeadline {
        let seconds = limits.bodyGraceSeconds + Int64(body.received / limits.minimumBodyRate)
        return body.began + .seconds(min(seconds, limits.maxBodySeconds))
    }

    // MARK: Refusal

    private func refuse(_ fault: RequestFault, isPassedOn: Bool) {
        refused = Refused(fault: fault, isPassedOn: isPassedOn)
        body = nil
        answerInTurn()
    }

    /// Answers what was refused once the requests before it have their answers.
    private func answerInTurn() {
        guard let refused, !refused.isAnswered, let context else { return }
        guard open <= (refused.isPassedOn ? 1 : 0) else { return }
        self.refused?.isAnswered = true
        // The server may have answered before it had the body: then only the connection is left to end.
        if !refused.isPassedOn || (open == 1 && !hasBegun) { answer(refused.fault, context) }
        linger(context)
    }

    private func answer(_ fault: RequestFault, _ context: ChannelHandlerContext) {
        let id = Identifier<Request>(prefix: "req", at: now()).rawValue
        let answer = ErrorAnswer(fault, requestID: id)
        let body = answer.body
        var headers = HTTPHeaders(answer.headers.map { ($0.name.rawName, $0.value) })
        for (name, value) in SecurityHeaders.always { headers.replaceOrAdd(name: name.rawName, value: value) }
        headers.replaceOrAdd(name: "x-request-id", value: id)
        headers.replaceOrAdd(name: "content-length", value: "\(body.readableBytes)")
        headers.replaceOrAdd(name: "connection", value: "close")
        let status = HTTPResponseStatus(statusCode: answer.status.code, reasonPhrase: answer.status.reasonPhrase)
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Closes for writing, and reads on for a moment: closing at once could destroy the answer on its way (RFC 9112 §9.6).
    private func linger(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.close(mode: .output).whenFailure { _ in bound.value.close(promise: nil) }
        alarm?.cancel()
        alarm = context.eventLoop.scheduleTask(in: .seconds(2)) { bound.value.close(promise: nil) }
    }
}

extension RequestFault {
    fileprivate static let unreadable = RequestFault(
        .invalidInput, code: "http.malformed", "The bytes are not a request of HTTP/1.1.")

    fileprivate static let bodyTooSlow = RequestFault(
        .invalidInput, code: "http.body_too_slow", "The request's body did not arrive in time.",
        status: .requestTimeout)
}
