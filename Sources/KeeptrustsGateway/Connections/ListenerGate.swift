import KeeptrustsCore
import NIOCore

/// Takes callers' connections while the listener's share has room; the others wait in the system's queue.
///
/// Lives on the event loop of the listener.
final class ListenerGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private let share: ConnectionShare
    private var context: ChannelHandlerContext?
    private var isWaiting = false

    init(_ share: ConnectionShare) { self.share = share }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let caller = unwrapInboundIn(data)
        let address = caller.remoteAddress
        let isAdmitted = share.admit(address)
        share.opened()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        caller.closeFuture.hop(to: context.eventLoop).whenComplete { _ in
            bound.value.closed(isAdmitted ? address : nil)
        }
        if isAdmitted { context.fireChannelRead(data) } else { caller.close(promise: nil) }
    }

    func read(context: ChannelHandlerContext) {
        isWaiting = !share.hasRoom()
        if !isWaiting { context.read() }
    }

    private func closed(_ address: SocketAddress?) {
        share.closed()
        share.left(address)
        guard isWaiting, let context else { return }
        read(context: context)
    }
}
