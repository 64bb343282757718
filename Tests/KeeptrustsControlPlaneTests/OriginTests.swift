import HTTPTypes
import Hummingbird
import KeeptrustsCore
import KeeptrustsWeb
import NIOCore
import Testing

@testable import KeeptrustsControlPlane

struct OriginTests {
    @Test(
        "Only a server of ours is believed when it says where a person is",
        arguments: [
            ("127.0.0.1", "9.9.9.9", "9.9.9.9"), ("127.0.0.1", "1.1.1.1, 9.9.9.9", "9.9.9.9"),
            ("127.0.0.1", nil, "127.0.0.1"), ("10.0.0.7", "9.9.9.9", "10.0.0.7"), ("10.0.0.7", nil, "10.0.0.7"),
            ("::1", "2001:db8::9", "2001:db8::9"), ("::ffff:127.0.0.1", "9.9.9.9", "9.9.9.9"),
            ("127.0.0.1", "unknown", "127.0.0.1"), ("127.0.0.1", "", "127.0.0.1"),
            ("172.16.0.9", "9.9.9.9", "9.9.9.9"), ("172.17.0.9", "9.9.9.9", "172.17.0.9"),
        ] as [(String, String?, String)]
    )
    func forwarded(peer: String, header: String?, address: String) throws {
        let named = try #require(AddressRange("172.16.0.0/16"))
        var fields = HTTPFields()
        if let header { fields[HTTPField.Name("x-forwarded-for") ?? .via] = header }
        let head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/", headerFields: fields)

        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        let peers = ControlPlaneSettings(version: "1").trustedPeers.and([named])
        #expect(peers.origin(of: request, from: peer) == address)
    }
}
