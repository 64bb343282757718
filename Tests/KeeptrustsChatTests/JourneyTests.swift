import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import KeeptrustsChat

struct JourneyTests {
    /// Goes to the console, and returns the journey's cookie, challenge and state.
    private func leave(
        _ client: any TestClientProtocol
    ) async throws -> (cookie: String, challenge: String, state: String) {
        let response = try await client.execute(uri: "/sign-in/console", method: .get)
        let location = try #require(response.headers[.location])
        let match = try #require(
            location.wholeMatch(
                of: #/http:\/\/console\.example\.com:3000\/handoff\?challenge=([\w-]{43})&state=([\w-]{43})/#))
        let cookie = try #require(response.cookies["kt_chat_journey"])
        return ("kt_chat_journey=\(cookie)", String(match.output.1), String(match.output.2))
    }

    @Test("The way over the console ends in a session, by a code that is bound to the challenge")
    func wholeWay() async throws {
        try await withChat { client, backend in
            let journey = try await leave(client)
            let response = try await client.execute(
                uri: "/sign-in/callback?code=kt_ho_code&state=\(journey.state)", method: .get,
                headers: [.cookie: journey.cookie])
            let cookie = try #require(response.headers[values: .setCookie].first { $0.hasPrefix("kt_chat=") })
            let page = try await client.execute(
                uri: "/", method: .get, headers: [.cookie: String(cookie.prefix { $0 != ";" })])
            let exchange = try #require(backend.asked.last { $0.target == "/v1/auth/handoff/exchange" })
            let verifier = try #require(exchange.body.firstMatch(of: #/"code_verifier":"([^"]+)"/#)).output.1

            #expect(String(buffer: response.body).contains(#"content="0;url=/""#))
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
            #expect(PKCE.challenge(of: String(verifier)) == journey.challenge)
            #expect(String(buffer: page.body).contains("Mara Keller"))
        }
    }

    @Test("The challenge is that of RFC 7636, appendix B")
    func challenge() {
        #expect(
            PKCE.challenge(of: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
                == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }

    @Test("Nobody comes in with another's journey, or twice", arguments: ["state", "cookie", "code", "again"])
    func foreignJourney(what: String) async throws {
        try await withChat { client, backend in
            let (own, other) = (try await leave(client), try await leave(client))
            let code = what == "code" ? "guessed" : "kt_ho_code"
            let uri = "/sign-in/callback?code=\(code)&state=\(what == "state" ? other.state : own.state)"
            let cookie = what == "cookie" ? "" : own.cookie
            var response = try await client.execute(uri: uri, method: .get, headers: [.cookie: cookie])
            if what == "again" {
                response = try await client.execute(uri: uri, method: .get, headers: [.cookie: cookie])
            }

            #expect(response.status == .badRequest)
            #expect(response.cookies["kt_chat"] == nil)
            #expect(String(buffer: response.body).contains("Open the chat again"))
        }
    }

    @Test("A password leads in as well, through a hand-over of our own")
    func password() async throws {
        try await withChat { client, backend in
            let page = try await client.execute(
                uri: "/", method: .get, headers: [.cookie: try await client.cookie()])

            #expect(page.status == .ok)
            #expect(
                backend.asked.map(\.target) == [
                    "/v1/auth/login", "/v1/auth/handoff", "/v1/auth/handoff/exchange", "/v1/auth/logout",
                ])
            #expect(backend.asked.last?.authorization == "Bearer kt_st_first")
        }
    }

    @Test("A wrong password gives one neutral message")
    func wrongPassword() async throws {
        try await withChat { client, _ in
            let response = try await client.execute(
                uri: "/sign-in", method: .post,
                headers: [.contentType: "application/x-www-form-urlencoded", .origin: client.origin],
                body: ByteBuffer(string: "email=mara%40example.com&password=wrong"))

            #expect(response.status == .unauthorized)
            #expect(String(buffer: response.body).contains("E-mail or password is wrong."))
            #expect(response.headers[.setCookie] == nil)
        }
    }

    @Test("Every page has exactly the content policy", arguments: ["/", "/sign-in", "/nowhere", "/sign-in/callback"])
    func contentPolicy(path: String) async throws {
        try await withChat { client, _ in
            let response = try await client.execute(
                uri: path, method: .get, headers: [.cookie: try await client.cookie(), .accept: "text/html"])

            #expect(
                response.status == .seeOther
                    || response.headers[.contentSecurityPolicy]
                        == "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                        + "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
                        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
            )
            #expect(path != "/" || response.body.readableBytes <= 8_192)
        }
    }
}
