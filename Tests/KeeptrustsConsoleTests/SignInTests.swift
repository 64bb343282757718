import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeeptrustsCore
import NIOCore
import Synchronization
import Testing

@testable import KeeptrustsConsole

struct SignInTests {
    @Test("Signing in gives a cookie that scripts and other sites do not get")
    func cookieFlags() async throws {
        try await withConsole { client, _ in
            let response = try await client.signIn(next: "/events")
            let cookie = try #require(response.headers[.setCookie])

            #expect(response.status == .seeOther)
            #expect(response.headers[.location] == "/events")
            #expect(cookie.hasPrefix("kt_console="))
            #expect(cookie.contains("HttpOnly"))
            #expect(cookie.contains("SameSite=Strict"))
            #expect(cookie.contains("Path=/"))
            #expect(!cookie.contains("Domain"))
            #expect(!cookie.contains("Secure"))
            #expect(!cookie.contains(FakeControlPlane.token))
        }
    }

    @Test("Under TLS the cookie is tied to host and scheme")
    func cookieUnderTLS() async throws {
        try await withConsole(publicURL: "https://localhost") { client, _ in
            let response = try await client.execute(
                uri: "/sign-in", method: .post,
                headers: [.contentType: "application/x-www-form-urlencoded", .origin: "https://localhost"],
                body: ByteBuffer(string: "email=mara%40example.com&password=right+horse+battery"))
            let cookie = try #require(response.headers[.setCookie])

            #expect(cookie.hasPrefix("__Host-kt_console="))
            #expect(cookie.contains("Secure"))
            #expect(response.headers[.strictTransportSecurity] == "max-age=31536000")
        }
    }

    @Test("A wrong password gives one neutral message, and no cookie")
    func wrongPassword() async throws {
        try await withConsole { client, _ in
            let response = try await client.signIn(password: "wrong")
            let text = String(buffer: response.body)

            #expect(response.status == .unauthorized)
            #expect(text.contains("E-mail or password is wrong."))
            #expect(text.contains(#"value="mara@example.com""#))
            #expect(!text.contains("value=\"wrong\""))
            #expect(response.headers[.setCookie] == nil)
        }
    }

    @Test(
        "Signing in leads to no other server",
        arguments: [
            "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "%0d%0aSet-Cookie:x",
        ])
    func openRedirect(next: String) async throws {
        try await withConsole { client, _ in
            let response = try await client.signIn(next: next)

            #expect(response.headers[.location] == "/")
        }
    }

    @Test(
        "A form from another origin is refused", arguments: ["http://evil.example", "null", "http://localhost:81", nil])
    func foreignForm(origin: String?) async throws {
        try await withConsole { client, plane in
            var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
            headers[.origin] = origin
            let response = try await client.execute(
                uri: "/sign-in", method: .post, headers: headers,
                body: ByteBuffer(string: "email=mara%40example.com&password=right+horse+battery"))

            #expect(response.status == .forbidden)
            #expect(plane.asked.isEmpty)
        }
    }

    private static func press(
        _ client: any TestClientProtocol, code: String = FakeControlPlane.code, origin: String = "http://localhost"
    ) async throws -> TestResponse {
        try await client.execute(
            uri: "/sign-in/link", method: .post,
            headers: [.contentType: "application/x-www-form-urlencoded", .origin: origin],
            body: ByteBuffer(string: "code=\(code)"))
    }

    @Test(
        "Whoever or whatever follows a one-time link does not use it up; the press of the button does",
        arguments: [
            [:], ["sec-fetch-site": "none"], ["sec-fetch-site": "same-origin"], ["sec-fetch-site": "cross-site"],
            ["sec-fetch-site": "none", "sec-purpose": "prefetch;prerender"], ["user-agent": "LinkScanner/1.0"],
        ] as [[String: String]])
    func link(headers: [String: String]) async throws {
        try await withConsole { client, plane in
            var fields = HTTPFields()
            for (name, value) in headers { fields[.own(name)] = value }
            let uri = "/sign-in?code=\(FakeControlPlane.code)"
            let page = try await client.execute(uri: uri, method: .get, headers: fields)
            _ = try await client.execute(uri: uri, method: .get, headers: fields)
            let asked = plane.asked
            let pressed = try await Self.press(client)

            let text = String(buffer: page.body)
            #expect(page.status == .ok)
            #expect(page.headers[.setCookie] == nil)
            #expect(text.contains(#"<form class="form" method="post" action="/sign-in/link">"#))
            #expect(text.contains(#"name="code" value="\#(FakeControlPlane.code)""#))
            #expect(asked.isEmpty)
            #expect(pressed.status == .seeOther)
            #expect(pressed.headers[.location] == "/account?welcome=1")
            #expect(pressed.headers[.setCookie]?.hasPrefix("kt_console=") == true)
        }
    }

    @Test("No page elsewhere presses the button")
    func foreignPress() async throws {
        try await withConsole { client, plane in
            let response = try await Self.press(client, origin: "http://evil.example")

            #expect(response.status == .forbidden)
            #expect(response.headers[.setCookie] == nil)
            #expect(plane.asked.isEmpty)
        }
    }

    @Test("A code that is markup stays text")
    func hostileCode() async throws {
        try await withConsole { client, _ in
            let response = try await client.execute(
                uri: "/sign-in?code=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", method: .get)

            #expect(response.status == .ok)
            #expect(!String(buffer: response.body).contains("<script>alert"))
        }
    }

    @Test("A used link says so")
    func usedLink() async throws {
        try await withConsole { client, _ in
            let response = try await Self.press(client, code: "used")

            #expect(response.status == .unauthorized)
            #expect(String(buffer: response.body).contains("This link was used already, or is too old."))
        }
    }

    @Test("Signing in changes the session's secret, whatever cookie the browser brought")
    func fixation() async throws {
        try await withConsole { client, _ in
            let first = try await client.cookie()
            let response = try await client.execute(
                uri: "/sign-in", method: .post,
                headers: [
                    .contentType: "application/x-www-form-urlencoded", .origin: "http://localhost", .cookie: first,
                ],
                body: ByteBuffer(string: "email=mara%40example.com&password=right+horse+battery"))
            let second = response.headers[.setCookie].map { String($0.prefix { $0 != ";" }) }
            let old = try await client.execute(uri: "/", method: .get, headers: [.cookie: first])

            #expect(second != first)
            #expect(old.status == .seeOther)
        }
    }

    @Test("Signing out ends the session here and at the control plane")
    func signOut() async throws {
        try await withConsole { client, plane in
            let cookie = try await client.cookie()
            let response = try await client.execute(
                uri: "/sign-out", method: .post, headers: [.origin: "http://localhost", .cookie: cookie])
            let after = try await client.execute(uri: "/", method: .get, headers: [.cookie: cookie])

            #expect(response.headers[.location] == "/sign-in")
            #expect(response.headers[.setCookie]?.contains("Max-Age=0") == true)
            #expect(after.status == .seeOther)
            #expect(plane.asked.last?.target == "/v1/auth/logout")
            #expect(plane.asked.last?.authorization == "Bearer \(FakeControlPlane.token)")
        }
    }

    @Test("A session ends when its token does")
    func expiry() async throws {
        let clock = Mutex(Timestamp("2098-12-31T23:59:59Z")!)
        try await withConsole(now: { clock.withLock { $0 } }) { client, _ in
            let cookie = try await client.cookie()
            let before = try await client.execute(uri: "/", method: .get, headers: [.cookie: cookie])
            clock.withLock { $0 = Timestamp("2099-01-01T00:00:00Z")! }
            let after = try await client.execute(uri: "/", method: .get, headers: [.cookie: cookie])

            #expect(before.status == .ok)
            #expect(after.status == .seeOther)
        }
    }

    @Test("Two cookies of one name are none")
    func doubledCookie() async throws {
        try await withConsole { client, _ in
            let cookie = try await client.cookie()
            let response = try await client.execute(
                uri: "/", method: .get, headers: [.cookie: "\(cookie); kt_console=other"])

            #expect(response.status == .seeOther)
        }
    }

    @Test("The chat gets a code that is bound to its challenge")
    func handOff() async throws {
        try await withConsole { client, plane in
            let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
            let state = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            let response = try await client.execute(
                uri: "/handoff?challenge=\(challenge)&state=\(state)", method: .get,
                headers: [.cookie: try await client.cookie()])

            #expect(response.status == .seeOther)
            #expect(
                response.headers[.location]
                    == "http://chat.example.com:3001/sign-in/callback?code=kt%5Fho%5Fc0de&state=\(state)")
            #expect(plane.asked.last?.body == #"{"code_challenge":"\#(challenge)"}"#)
        }
    }

    @Test(
        "A hand-over that is not well formed goes nowhere",
        arguments: [
            "challenge=abc&state=AAAAAAAAAAAAAAAAAAAAAAAA", "state=x",
            "challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&state=a%26b",
        ])
    func malformedHandOff(query: String) async throws {
        try await withConsole { client, plane in
            let cookie = try await client.cookie()
            let asked = plane.asked.count
            let response = try await client.execute(uri: "/handoff?\(query)", method: .get, headers: [.cookie: cookie])

            #expect(response.status == .badRequest)
            #expect(plane.asked.count == asked)
        }
    }
}
