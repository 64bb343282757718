import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsWeb

struct ErrorMiddlewareTests {
    struct Draft: Decodable {
        var name: String
        var count: Int?
        var parts: [Part]?

        struct Part: Decodable { var size: Int }
    }

    private struct Wrong: HTTPFacingError {
        var category: ErrorCategory
        var code: String { "test.wrong" }
        var message: String { "It is wrong." }
        var hint: String? { "Make it right." }
        var headers: HTTPFields { [.retryAfter: "7"] }
    }

    private static func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.addSharedMiddleware(isTLS: false)
        router.post("/drafts") { request, _ in
            "name: \(try await request.json(Draft.self, upTo: 1_000).name)"
        }
        for category in ErrorCategory.allCases {
            router.get("/fail/\(category.rawValue)") { _, _ -> Response in throw Wrong(category: category) }
        }
        router.get("/broken") { _, _ -> Response in throw NSError(domain: "secret-detail", code: 5) }
        router.addMethodNotAllowed()
        return router
    }

    private func send(
        _ uri: String, _ method: HTTPRequest.Method = .get, headers: HTTPFields = [:], body: String? = nil
    ) async throws -> (status: Int, headers: HTTPFields, body: String) {
        try await Application(responder: Self.router().buildResponder()).test(.router) { client in
            let response = try await client.execute(
                uri: uri, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
            return (response.status.code, response.headers, String(buffer: response.body))
        }
    }

    @Test("Each category has its status, and the envelope says what is wrong", arguments: ErrorCategory.allCases)
    func categories(category: ErrorCategory) async throws {
        let answer = try await send("/fail/\(category.rawValue)", headers: [.requestID: "abc"])

        #expect(answer.status == category.status)
        #expect(answer.headers[.retryAfter] == "7")
        #expect(
            answer.body == """
                {"error":{"code":"test.wrong","hint":"Make it right.","message":"It is wrong.","request_id":"abc",\
                "type":"\(category.rawValue)"}}
                """)
    }

    @Test("An error that is not for users is answered without detail")
    func hidden() async throws {
        let answer = try await send("/broken")

        #expect(answer.status == 500)
        #expect(!answer.body.contains("secret-detail"))
        #expect(answer.body.contains(#""code":"internal""#))
    }

    @Test("What does not exist, or not for the method, is said in the same envelope")
    func routes() async throws {
        let absent = try await send("/nowhere")
        let wrongMethod = try await send("/drafts", .delete)

        #expect(absent.status == 404)
        #expect(absent.body.contains(#""code":"http.no_such_route""#))
        #expect(wrongMethod.status == 405)
        #expect(wrongMethod.headers[.allow] == "POST")
        #expect(wrongMethod.body.contains(#""code":"http.method_not_allowed""#))
    }

    @Test(
        "A body is read strictly",
        arguments: [
            (#"{"name":"a"}"#, 200, "name: a"),
            (#"{"name":"a","parts":[{"size":1}]}"#, 200, "name: a"),
            (#"{"name":"a""#, 400, "http.malformed_json"),
            ("", 400, "http.malformed_json"),
            ("\u{FEFF}x", 400, "http.malformed_json"),
            (#"{"name":7}"#, 422, #""param":"name""#),
            (#"{"name":null}"#, 422, #""param":"name""#),
            (#"{"count":1}"#, 422, #""param":"name""#),
            (#"{"name":"a","count":"1"}"#, 422, #""param":"count""#),
            (#"{"name":"a","count":1e400}"#, 0, ""),
            (#"{"name":"a","parts":[{"size":"x"}]}"#, 422, #""param":"parts.0.size""#),
            (#"{"name":"a","role":"owner"}"#, 422, #""param":"role""#),
            (#"["name"]"#, 422, #""param":"$""#),
            (#"{"name":"a\u0000b"}"#, 422, "request.nul"),
            (#"{"name":"a\\u0000b"}"#, 200, #"name: a\u0000b"#),
        ]
    )
    func bodies(body: String, status: Int, says: String) async throws {
        let answer = try await send("/drafts", .post, headers: [.contentType: "application/json"], body: body)

        if status == 0 {
            #expect([400, 422].contains(answer.status))
        } else {
            #expect(answer.status == status)
        }
        #expect(says.isEmpty || answer.body.contains(says), "\(answer.body)")
    }

    @Test("A deep, an invalid and an oversized body are refused")
    func hostileBodies() async throws {
        let json: HTTPFields = [.contentType: "application/json; charset=utf-8"]
        let deep = try await send("/drafts", .post, headers: json, body: String(repeating: "[", count: 990))
        let large = try await send(
            "/drafts", .post, headers: json, body: #"{"name":"\#(String(repeating: "x", count: 1_000))"}"#)
        let form = try await send(
            "/drafts", .post, headers: [.contentType: "application/x-www-form-urlencoded"], body: "name=a")
        let untyped = try await send("/drafts", .post, body: #"{"name":"a"}"#)

        #expect(deep.status == 400)
        #expect(large.status == 413)
        #expect(large.body.contains("http.body_too_large"))
        #expect(form.status == 415)
        #expect(untyped.status == 415)
    }

    @Test("Every answer carries an identifier and the headers that bind browsers", arguments: ["/drafts", "/broken"])
    func headers(path: String) async throws {
        let answer = try await send(path)

        #expect(answer.headers[.requestID]?.hasPrefix("req_") == true)
        #expect(answer.headers[.contentSecurityPolicy] == "default-src 'none'; frame-ancestors 'none'")
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        #expect(answer.headers[.cacheControl] == "no-store")
    }

    @Test(
        "A caller's identifier is echoed when it is sane",
        arguments: [
            ("abc-123", true), ("a b", false), ("", false), ("é", false),
            (String(repeating: "x", count: 128), true), (String(repeating: "x", count: 129), false),
        ]
    )
    func requestIDs(id: String, isSane: Bool) {
        #expect(RequestIDMiddleware<BasicRequestContext>.isSane(id) == isSane)
    }

    @Test(
        "A target that can be read in two ways leads nowhere",
        arguments: [
            "//drafts", "/drafts/", "/./drafts", "/x/../drafts", "/%64rafts", "/drafts%2f", "/drafts;x=1", "/drafts\\",
            "http://elsewhere/drafts", "drafts", "/drafts?x=%00", "/dräfts",
        ]
    )
    func targets(target: String) {
        #expect(!StrictTargetMiddleware<BasicRequestContext>.isStrict(target))
    }

    @Test("Plain targets pass", arguments: ["/", "/drafts", "/v1/x_1.y-z~/a:b@c", "/v1/x?q=%20a&b=%2f"])
    func plainTargets(target: String) {
        #expect(StrictTargetMiddleware<BasicRequestContext>.isStrict(target))
    }
}
