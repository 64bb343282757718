import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import KeeptrustsConsole

struct APIRelayTests {
    @Test(
        "Resources of pages are passed on, with their queries",
        arguments: [
            (
                "/api/events?limit=50&decision=blocked,redacted&q=a%20b",
                "/v1/events?limit=50&decision=blocked,redacted&q=a%20b"
            ),
            ("/api/events/evt_01J.x", "/v1/events/evt_01J.x"),
            ("/api/tokens/tok_1/rotate", "/v1/tokens/tok_1/rotate"),
            ("/api/whoami", "/v1/whoami"),
            ("/api/account/password", "/v1/auth/password"),
        ])
    func passed(uri: String, target: String) {
        #expect(APIRelay.target(of: uri) == target)
    }

    @Test(
        "Nothing else is, however it is written",
        arguments: [
            "/api/auth/login", "/api/auth/handoff", "/api/auth/sessions", "/api/gateway/keys", "/api/gateway/events",
            "/api/", "/api", "/api//events", "/api/events/", "/api/events//x", "/api/events/../auth/login",
            "/api/events/..", "/api/./events", "/api/%65vents", "/api/events/%2e%2e/auth/login",
            "/api/events%2f..%2fauth",
            "/api/events;x=1", "/api/events\\..\\auth", "/api/Events", "/api/../v1/auth/login",
            "/api/account/password/x",
            "/api/account", "/api/events?x=1#y", "/api/events?a b", "/api/events@evil.example",
            "http://evil.example/api/events", "/v1/events",
            "/api/events/" + String(repeating: "a", count: 600), "/api/events?" + String(repeating: "a", count: 5_000),
        ])
    func refused(uri: String) {
        #expect(APIRelay.target(of: uri) == nil)
    }

    @Test("The token replaces the cookie, and only harmless headers come back")
    func headers() async throws {
        try await withConsole { client, plane in
            let response = try await client.execute(
                uri: "/api/events?limit=1", method: .get,
                headers: [.cookie: try await client.cookie(), .authorization: "Bearer mine"])
            let asked = try #require(plane.asked.last)

            #expect(response.status == .ok)
            #expect(String(buffer: response.body) == #"{"events":[]}"#)
            #expect(asked.authorization == "Bearer \(FakeControlPlane.token)")
            #expect(asked.cookie == nil)
            #expect(response.headers[.setCookie] == nil)
            #expect(response.headers[.own("x-internal")] == nil)
            #expect(response.headers[.eTag] == "\"7\"")
            #expect(response.headers[.cacheControl] == "no-store")
            #expect(response.headers[.contentSecurityPolicy] == "default-src 'none'; frame-ancestors 'none'")
        }
    }

    @Test("Without a session there is nothing", arguments: ["", "kt_console=", "kt_console=guessed", "kt_chat=x"])
    func noSession(cookie: String) async throws {
        try await withConsole { client, plane in
            let response = try await client.execute(uri: "/api/events", method: .get, headers: [.cookie: cookie])

            #expect(response.status == .unauthorized)
            #expect(plane.asked.isEmpty)
        }
    }

    @Test(
        "A change needs our origin and our header",
        arguments: [
            ("http://evil.example", "1"), ("http://localhost", ""), ("", "1"), ("null", "1"),
            ("http://localhost.evil.example", "1"),
        ])
    func crossSiteRequest(origin: String, header: String) async throws {
        try await withConsole { client, plane in
            var headers: HTTPFields = [.cookie: try await client.cookie(), .contentType: "application/json"]
            if !origin.isEmpty { headers[.origin] = origin }
            if !header.isEmpty { headers[.own("x-keeptrusts-request")] = header }
            let asked = plane.asked.count
            let response = try await client.execute(
                uri: "/api/tokens", method: .post, headers: headers, body: ByteBuffer(string: "{}"))

            #expect(response.status == .forbidden)
            #expect(plane.asked.count == asked)
        }
    }

    @Test("A change from our page is passed on with its body")
    func change() async throws {
        try await withConsole { client, plane in
            let response = try await client.execute(
                uri: "/api/tokens", method: .post,
                headers: [
                    .cookie: try await client.cookie(), .contentType: "application/json", .origin: "http://localhost",
                    .own("x-keeptrusts-request"): "1",
                ],
                body: ByteBuffer(string: #"{"name":"x"}"#))

            #expect(response.status == .ok)
            #expect(plane.asked.last?.body == #"{"name":"x"}"#)
            #expect(plane.asked.last?.method == "POST")
        }
    }

    @Test(
        "A body that is too large, or not JSON, goes no further",
        arguments: [
            ("application/json", 1_100_000, 413), ("text/plain", 10, 415),
            ("application/x-www-form-urlencoded", 10, 415),
        ])
    func bodies(type: String, size: Int, status: Int) async throws {
        try await withConsole { client, plane in
            let cookie = try await client.cookie()
            let asked = plane.asked.count
            let response = try await client.execute(
                uri: "/api/tokens", method: .post,
                headers: [
                    .cookie: cookie, .contentType: type, .origin: "http://localhost",
                    .own("x-keeptrusts-request"): "1",
                ],
                body: ByteBuffer(repeating: UInt8(ascii: "a"), count: size))

            #expect(response.status.code == status)
            #expect(plane.asked.count == asked)
        }
    }

    @Test("When the control plane refuses the token, the session ends")
    func sessionEnds() async throws {
        try await withConsole { client, plane in
            let cookie = try await client.cookie()
            plane.endSession()
            let response = try await client.execute(uri: "/api/events", method: .get, headers: [.cookie: cookie])
            let page = try await client.execute(uri: "/", method: .get, headers: [.cookie: cookie])

            #expect(response.status == .unauthorized)
            #expect(String(buffer: response.body).contains("auth.not_signed_in"))
            #expect(page.status == .seeOther)
        }
    }

    @Test(
        "No answer holds the token",
        arguments: ["/", "/api/whoami", "/api/auth/login", "/sign-in", "/account", "/nowhere"])
    func noTokenInAnswers(path: String) async throws {
        try await withConsole { client, _ in
            let cookie = try await client.cookie()
            let response = try await client.execute(
                uri: path, method: .get, headers: [.cookie: cookie, .accept: "text/html"])

            #expect(!String(buffer: response.body).contains(FakeControlPlane.token))
            #expect(!response.headers.contains { $0.value.contains(FakeControlPlane.token) })
        }
    }
}
