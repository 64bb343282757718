import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import KeeptrustsConsole
@testable import KeeptrustsWeb

struct NeighbourTests {
    private func shown(_ configured: String?, to authority: String?) -> String? {
        let head = HTTPRequest(method: .get, scheme: "http", authority: authority, path: "/")
        return Arrival(Request(head: head, body: RequestBody(buffer: ByteBuffer()))).reachable(configured)
    }

    @Test(
        "The chat is where the browser reaches this host, unless it has a name of its own",
        arguments: [
            ("http://127.0.0.1:3001", "http://localhost:3001"), ("http://0.0.0.0:3001", "http://localhost:3001"),
            ("http://[::]:3001", "http://localhost:3001"), ("https://chat.example.com", "https://chat.example.com"),
        ])
    func chat(configured: String, shown: String) async throws {
        try await withConsole(chatURL: configured) { client, _ in
            let page = try await client.execute(uri: "/", method: .get, headers: [.cookie: try await client.cookie()])

            #expect(String(buffer: page.body).contains(#"href="\#(shown)/sign-in/console""#))
        }
    }

    @Test(
        "Of Host only the host is taken, with the neighbour's own scheme and port",
        arguments: [
            ("10.1.2.3:3000", "http://10.1.2.3:3001"), ("box", "http://box:3001"), ("box:80", "http://box:3001"),
            ("[2001:db8::7]:3000", "http://[2001:db8::7]:3001"), ("[::1]", "http://[::1]:3001"),
        ])
    func hosts(authority: String, shown: String) {
        #expect(self.shown("http://127.0.0.1:3001", to: authority) == shown)
        #expect(self.shown("http://[::1]:3001", to: authority) == shown)
    }

    @Test(
        "What is no host changes nothing",
        arguments: [
            nil, "", ":3000", "user@evil.example", "evil.example/", "evil.example/path", "evil.example?x",
            "evil.example#",
            #"evil.example\"#, "a b", "a\tb", "a,b", "évil.example", "%65vil", "[evil]", "[::1", "::1", "[::1]x",
            "box:",
            "box:99999", "box:-1", "box:3000:80", "http://evil.example", #""><script>"#, "javascript:0x",
            String(repeating: "a", count: 254),
        ])
    func noHost(authority: String?) {
        #expect(shown("http://127.0.0.1:3001", to: authority) == "http://127.0.0.1:3001")
    }

    @Test(
        "A neighbour with a name of its own is never moved",
        arguments: [
            "https://chat.example.com", "http://chat.example.com:3001", "http://10.0.0.7:3001",
            "http://localhost.evil:1",
            "http://127.0.0.1.example:3001", "http://127.0.0.1", "nonsense", "",
        ])
    func named(configured: String) {
        #expect(shown(configured, to: "box:3000") == configured)
        #expect(shown(nil, to: "box:3000") == nil)
    }
}
