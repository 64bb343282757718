import HummingbirdCore
import KeeptrustsCore
import Logging
import NIOCore
import NIOHTTP1

/// A connection of HTTP/1.1 whose requests a ``RequestGuard`` sees first.
struct GuardedChannel: ServerChildChannel, HTTPChannelHandler {
    typealias Value = HTTP1Channel.Value

    let http: HTTP1Channel
    let limits: WebLimits

    var responder: Responder { http.responder }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let (share, address) = (limits.connections, channel.remoteAddress)
        let isAdmitted = share.admit(address)
        if isAdmitted { channel.closeFuture.whenComplete { _ in share.left(address) } }
        return http.setup(channel: channel, logger: logger).flatMapThrowing { [limits] value in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(RequestGuard(limits: limits), position: .after(decoder))
            // The server has to have it before it ends.
            if !isAdmitted { channel.eventLoop.execute { channel.close(promise: nil) } }
            return value
        }
    }

    func handle(value: Value, logger: Logger) async { await http.handle(value: value, logger: logger) }
}
