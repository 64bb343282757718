import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import KeeptrustsControlPlane

struct OriginTests {
    @Test(
        "Only a server of ours is believed when it says where a person is",
        arguments: [
            ("127.0.0.1", "9.9.9.9", "9.9.9.9"), ("127.0.0.1", "1.1.1.1, 9.9.9.9", "9.9.9.9"),
            ("127.0.0.1", nil, "127.0.0.1"), ("10.0.0.7", "9.9.9.9", "10.0.0.7"), ("10.0.0.7", nil, "10.0.0.7"),
        ] as [(String, String?, String)]
    )
    func forwarded(peer: String, header: String?, address: String) {
        var context = APIContext(
            source: .init(channel: EmbeddedChannel(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        context.peerAddress = peer
        context.isTrustedPeer = ControlPlaneSettings(version: "1").trustedPeers.contains(peer)
        var fields = HTTPFields()
        if let header { fields[.xForwardedFor] = header }
        let head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/", headerFields: fields)

        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        #expect(AuthenticationMiddleware.remoteAddress(request, context) == address)
    }
}
