import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import KeeptrustsConsole
@testable import KeeptrustsWeb

struct NeighbourTests {
    private func shown(
        _ configured: String?, to authority: String?, publicURL: String? = nil, at local: String? = nil
    ) throws -> String? {
        let head = HTTPRequest(method: .get, scheme: "http", authority: authority, path: "/")
        return Arrival(Request(head: head, body: RequestBody(buffer: ByteBuffer()))).reachable(
            configured, by: OwnHosts(publicURL: publicURL, names: ["Box", "ai.corp.example"]),
            at: try local.map { try SocketAddress(ipAddress: $0, port: 3000) })
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
            ("10.1.2.3:3000", "http://10.1.2.3:3001"), ("box", "http://box:3001"), ("BOX:80", "http://BOX:3001"),
            ("[fd00::7]:3000", "http://[fd00::7]:3001"), ("[::1]", "http://[::1]:3001"),
            ("ai.corp.example:3000", "http://ai.corp.example:3001"), ("localhost:3000", "http://localhost:3001"),
        ])
    func hosts(authority: String, shown: String) throws {
        #expect(try self.shown("http://127.0.0.1:3001", to: authority) == shown)
        #expect(try self.shown("http://[::1]:3001", to: authority, at: "10.0.0.9") == shown)
    }

    static let foreignHosts = [
        "evil.example:3000", "box.evil.example", "evil.example.", "xbox", "box.", "localhost.evil.example",
        "127.0.0.1.evil.example",
        "203.0.113.9:3000", "8.8.8.8", "[2001:db8::7]:3000", "0.0.0.0", "0x7f000001", "2130706433", "127.1",
    ]

    @Test(
        "A host that is not ours is in no link: it leads to the address that the browser came to",
        arguments: foreignHosts)
    func foreign(authority: String) throws {
        #expect(try shown("http://127.0.0.1:3001", to: authority) == "http://127.0.0.1:3001")
        #expect(try shown("http://127.0.0.1:3001", to: authority, at: "127.0.0.1") == "http://127.0.0.1:3001")
        #expect(try shown("http://0.0.0.0:3001", to: authority, at: "198.51.100.4") == "http://198.51.100.4:3001")
        #expect(try shown("http://[::]:3001", to: authority, at: "fd00::4") == "http://[fd00::4]:3001")
    }

    @Test("Our own address is ours, public or not", arguments: ["203.0.113.9", "2001:db8::7"])
    func address(own: String) throws {
        let host = own.contains(":") ? "[\(own)]" : own
        #expect(try shown("http://127.0.0.1:3001", to: "\(host):3000", at: own) == "http://\(host):3001")
    }

    @Test(
        "A host that was configured for browsers is in every link", arguments: foreignHosts + ["10.1.2.3", "box", ""])
    func published(authority: String) throws {
        let link = try shown(
            "http://127.0.0.1:3001", to: authority, publicURL: "https://ai.example.com", at: "10.0.0.9")

        #expect(link == "http://ai.example.com:3001")
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
    func noHost(authority: String?) throws {
        #expect(try shown("http://127.0.0.1:3001", to: authority) == "http://127.0.0.1:3001")
    }

    @Test(
        "A neighbour with a name of its own is never moved",
        arguments: [
            "https://chat.example.com", "http://chat.example.com:3001", "http://10.0.0.7:3001",
            "http://localhost.evil:1",
            "http://127.0.0.1.example:3001", "http://127.0.0.1", "nonsense", "",
        ])
    func named(configured: String) throws {
        #expect(try shown(configured, to: "box:3000") == configured)
        #expect(try shown(nil, to: "box:3000") == nil)
    }
}
