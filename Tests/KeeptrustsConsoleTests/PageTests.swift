import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import KeeptrustsConsole

struct PageTests {
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'; trusted-types 'none'"

    @Test(
        "Every page has exactly the content policy, errors included",
        arguments: ["/", "/events/evt_1", "/nowhere", "/sign-in", "/handoff?challenge=x", "/sign-in?code=abc"])
    func contentPolicy(path: String) async throws {
        try await withConsole { client, _ in
            let cookie = try await client.cookie()
            let response = try await client.execute(
                uri: path, method: .get,
                headers: [.cookie: path.contains("code=") ? "" : cookie, .accept: "text/html"])

            #expect(response.headers[.contentSecurityPolicy] == Self.policy || response.status == .seeOther)
            #expect(response.headers[.xContentTypeOptions] == "nosniff")
            #expect(response.headers[.cacheControl] == "no-store")
        }
    }

    @Test("Forms of our pages come with their origin, which `no-referrer` would hide")
    func referrerPolicy() async throws {
        try await withConsole { client, _ in
            let response = try await client.execute(uri: "/sign-in", method: .get)

            #expect(response.headers[.own("referrer-policy")] == "same-origin")
        }
    }

    @Test("The shell is small, names the person, and holds no token")
    func shell() async throws {
        try await withConsole { client, _ in
            let response = try await client.execute(
                uri: "/", method: .get, headers: [.cookie: try await client.cookie()])
            let text = String(buffer: response.body)

            #expect(response.status == .ok)
            #expect(text.utf8.count <= 8_192)
            #expect(text.contains("Account of Mara Keller"))
            #expect(text.contains(">MK</a>"))
            #expect(text.contains(#"href="http://chat.example.com:3001/sign-in/console""#))
            #expect(!text.contains(FakeControlPlane.token))
        }
    }

    @Test("The page knows where gateways reach the API: on this machine, by the host by which the browser came")
    func api() async throws {
        try await withConsole { client, _ in
            let response = try await client.execute(
                uri: "/keys", method: .get, headers: [.cookie: try await client.cookie()])

            #expect(String(buffer: response.body).contains(#"data-api="http://localhost:"#))
        }
    }

    @Test("A page that does not exist is the shell with 404")
    func missing() async throws {
        try await withConsole { client, _ in
            let response = try await client.execute(
                uri: "/nowhere", method: .get, headers: [.cookie: try await client.cookie()])

            #expect(response.status == .notFound)
            #expect(String(buffer: response.body).contains("console/console.js"))
        }
    }

    @Test("Assets are immutable, have tags, and another build's are not found")
    func assets() async throws {
        try await withConsole { client, _ in
            let page = String(buffer: try await client.execute(uri: "/sign-in", method: .get).body)
            let match = try #require(page.firstMatch(of: #/\/assets\/[0-9a-f]{16}\/shared\/base\.css/#))
            let path = String(match.output)
            let first = try await client.execute(uri: path, method: .get)
            let tag = try #require(first.headers[.eTag])
            let again = try await client.execute(uri: path, method: .get, headers: [.ifNoneMatch: tag])
            let old = try await client.execute(uri: "/assets/0123456789abcdef/shared/base.css", method: .get)
            let template = try await client.execute(
                uri: path.replacing("base.css", with: "sign-in.mustache"), method: .get)

            #expect(first.status == .ok)
            #expect(first.headers[.cacheControl] == "public, max-age=31536000, immutable")
            #expect(first.headers[.contentType] == "text/css; charset=utf-8")
            #expect(again.status == .notModified)
            #expect(again.body.readableBytes == 0)
            #expect(old.status == .notFound)
            #expect(template.status == .notFound)
        }
    }

    @Test("Every module that a page names is there")
    func modules() async throws {
        try await withConsole { client, _ in
            let page = try await client.execute(uri: "/", method: .get, headers: [.cookie: try await client.cookie()])
            let paths = String(buffer: page.body).matches(of: #/"(\/assets\/[^"]+)"/#).map { String($0.output.1) }

            #expect(paths.count > 10)
            for path in paths {
                let response = try await client.execute(uri: path, method: .get)
                #expect(response.status == .ok, "\(path)")
            }
        }
    }

    @Test("A browser without a session is sent to sign in, and back")
    func signInFirst() async throws {
        try await withConsole { client, _ in
            let response = try await client.execute(uri: "/events?decision=blocked", method: .get)

            #expect(response.status == .seeOther)
            #expect(response.headers[.location] == "/sign-in?next=%2Fevents%3Fdecision%3Dblocked")
        }
    }

    @Test("A browser from another site asks once more, since its strict cookie stayed behind")
    func crossSite() async throws {
        try await withConsole { client, _ in
            let response = try await client.execute(
                uri: "/events?q=%22%3E%3Cscript%3E", method: .get,
                headers: [.own("sec-fetch-site"): "cross-site"])
            let text = String(buffer: response.body)

            #expect(response.status == .ok)
            #expect(text.contains(#"<meta http-equiv="refresh" content="0;url=/events?q=%22%3E%3Cscript%3E">"#))
        }
    }

    @Test("Initials", arguments: [("Mara Keller", "MK"), ("mara@example.com", "MC"), ("Mara", "M"), ("", "")])
    func initials(name: String, initials: String) {
        #expect(PageRoutes.initials(of: name) == initials)
    }
}
