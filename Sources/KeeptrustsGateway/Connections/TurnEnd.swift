import NIOCore

/// Sends, at the end of an event loop's turn, what the turn has written to its connections.
///
/// Sent in a row, bytes wake their receiver once; sent one by one, they would find it asleep again each time, and waking
/// it is the larger part of what sending costs.
final class TurnEnd {
    private let eventLoop: any EventLoop
    private var unflushed: [ChannelHandlerContext] = []

    init(of eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Flushes a connection when the turn ends.
    func flush(_ context: ChannelHandlerContext) {
        unflushed.append(context)
        guard unflushed.count == 1 else { return }
        eventLoop.assumeIsolated().execute { self.flushAll() }
    }

    private func flushAll() {
        let all = unflushed
        unflushed.removeAll(keepingCapacity: true)
        for context in all { context.flush() }
    }
}
