import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import KeeptrustsWeb

struct BrowserDefenceTests {
    private func change(
        _ method: HTTPRequest.Method, _ headers: [String: String], path: String = "/api/x", origins: Set<String> = []
    ) async throws -> Int { try await answer(method, headers, path: path, origins: origins).status }

    private func answer(
        _ method: HTTPRequest.Method, _ headers: [String: String], path: String = "/api/x", origins: Set<String> = []
    ) async throws -> (status: Int, body: String) {
        let router = Router()
        router.add(middleware: ErrorMiddleware())
        router.add(middleware: CSRFMiddleware(origins: origins, formPaths: ["/sign-in"]))
        for route in ["/api/x", "/sign-in"] {
            router.on(RouterPath(route), method: method) { _, _ in "done" }
        }
        var fields = HTTPFields()
        for (name, value) in headers { fields[.named(name)] = value }
        let sent = fields
        return try await Application(responder: router.buildResponder()).test(.router) { client in
            let response = try await client.execute(uri: path, method: method, headers: sent)
            return (response.status.code, String(buffer: response.body))
        }
    }

    @Test(
        "Who is refused learns what to do",
        arguments: [
            ([:], [], "must have opened the page at the very address that it calls, and send that as Origin."),
            (
                ["origin": "http://localhost"], ["https://c.example.com"],
                "opened the page at https://c.example.com, and"
            ),
            (["origin": "http://localhost"], [], "Send x-keeptrusts-request: 1."),
            (
                ["origin": "http://localhost"], [],
                "Programs call the API itself, with Authorization: Bearer and a token."
            ),
        ] as [([String: String], Set<String>, String)])
    func refusals(headers: [String: String], origins: Set<String>, hint: String) async throws {
        let body = try await answer(.post, headers, origins: origins).body

        #expect(body.contains("csrf.refused") && body.contains(hint), "\(body)")
    }

    @Test(
        "Only a call from our own page changes anything",
        arguments: [
            (["origin": "http://localhost", "x-keeptrusts-request": "1"], 200),
            (["origin": "http://localhost", "x-keeptrusts-request": "1", "sec-fetch-site": "same-origin"], 200),
            (["origin": "http://localhost"], 403),
            (["x-keeptrusts-request": "1"], 403),
            (["origin": "null", "x-keeptrusts-request": "1"], 403),
            (["origin": "http://localhost.evil", "x-keeptrusts-request": "1"], 403),
            (["origin": "http://localhost:3001", "x-keeptrusts-request": "1"], 403),
            (["origin": "http://evil", "x-keeptrusts-request": "1", "sec-fetch-site": "cross-site"], 403),
            (["origin": "http://localhost", "x-keeptrusts-request": "1", "sec-fetch-site": "same-site"], 403),
        ] as [([String: String], Int)]
    )
    func crossSite(headers: [String: String], status: Int) async throws {
        for method in [HTTPRequest.Method.post, .put, .patch, .delete] {
            #expect(try await change(method, headers) == status)
        }
    }

    @Test("A plain form needs our origin, and reading needs nothing")
    func forms() async throws {
        #expect(try await change(.post, ["origin": "http://localhost"], path: "/sign-in") == 200)
        #expect(try await change(.post, [:], path: "/sign-in") == 403)
        #expect(try await change(.post, ["origin": "http://evil"], path: "/sign-in") == 403)
        #expect(try await change(.get, [:]) == 200)
    }

    @Test("Configured origins count, whatever the host header says")
    func configuredOrigins() async throws {
        let origins: Set<String> = ["https://console.example.com"]

        #expect(
            try await change(
                .post, ["origin": "https://console.example.com", "x-keeptrusts-request": "1"], origins: origins) == 200)
        #expect(
            try await change(.post, ["origin": "http://localhost", "x-keeptrusts-request": "1"], origins: origins)
                == 403)
    }

    @Test("A session's cookie is out of scripts' reach and bound to its app")
    func cookies() {
        var response = Response(status: .ok)
        SessionCookie(app: "console", isTLS: true).set("abc", seconds: 60, in: &response)

        let cookie = response.headers[.setCookie] ?? ""
        #expect(cookie.hasPrefix("__Host-kt_console=abc"))
        for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=60"] { #expect(cookie.contains(part)) }
    }

    @Test(
        "A cookie is found among others, and two of its name count as none",
        arguments: [
            ("a=1; kt_chat=x; b=2", "x"), ("kt_chat=", ""), ("kt_console=x", nil), ("kt_chat=x; kt_chat=y", nil),
            ("xkt_chat=x", nil), ("", nil),
        ] as [(String, String?)]
    )
    func findsCookie(header: String, value: String?) {
        let head = HTTPRequest(
            method: .get, scheme: nil, authority: nil, path: "/", headerFields: [.cookie: header])
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))

        #expect(SessionCookie(app: "chat", isTLS: false).value(in: request) == value)
    }

    @Test("What a seal closed opens for its purpose only, and not when a bit is changed")
    func seals() throws {
        let seal = CookieSeal(key: Data("0123456789abcdef0123456789abcdef".utf8))
        let sealed = try seal.seal("kt_st_1", for: "session")

        #expect(seal.open(sealed, for: "session") == "kt_st_1")
        #expect(seal.open(sealed, for: "other") == nil)
        #expect(CookieSeal().open(sealed, for: "session") == nil)
        #expect(seal.open("", for: "session") == nil)
        let bytes = try #require(Base64URL.decode(sealed))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect(seal.open(Base64URL.encode(changed), for: "session") == nil)
        }
    }

    @Test("A page escapes what it shows, and allows nothing but our own files")
    func shell() throws {
        let shell = try HTMLShell(template: "<title>{{title}}</title><p data-x=\"{{title}}\">")
        let page = shell.page(["title": #"<script>"&'"#])

        #expect(page.headers[.contentSecurityPolicy] == ContentPolicy.page)
        #expect(page.headers[.contentType] == "text/html; charset=utf-8")
        #expect(ContentPolicy.page.contains("require-trusted-types-for 'script'; trusted-types 'none'"))
        #expect(!ContentPolicy.page.contains("unsafe"))
    }
}
