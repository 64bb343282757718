import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeeptrustsClient
import KeeptrustsCore
import KeeptrustsWeb
import Logging
import NIOCore
import NIOFoundationCompat
import Synchronization

@testable import KeeptrustsChat

/// Stands for the control plane and the gateway: knows one person, and notes what it is asked.
final class FakeBackend: Sendable {
    struct Asked: Sendable, Equatable {
        var target: String
        var authorization: String?
        var body: String
    }

    static let token = "kt_st_secret-of-mara"
    static let key = "kt_gk_secret-of-mara"

    /// The secrets that no browser may see.
    static let secrets = [token, key, "kt_st_first"]

    /// What the gateway does with the next message.
    enum Mode: Sendable { case answer, block, lateBlock, endless, cut, failure, noKey, noAccess, noRecords }

    private let state = Mutex((asked: [Asked](), mode: Mode.answer))

    /// Told when a caller of the endless answer has left.
    let left: AsyncStream<Void>
    private let leaving: AsyncStream<Void>.Continuation

    init() { (left, leaving) = AsyncStream.makeStream() }

    var asked: [Asked] { state.withLock { $0.asked } }

    var mode: Mode {
        get { state.withLock { $0.mode } }
        set { state.withLock { $0.mode = newValue } }
    }

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.post("/v1/auth/login") { request, _ in
            let body = try await self.note(request)
            guard body.contains("right horse battery") else { return Self.refusal(.unauthorized) }
            return Self.json(
                #"{"token":"kt_st_first","expires_at":"2099-01-01T00:00:00.000000Z","user":\#(Self.user)}"#)
        }
        router.post("/v1/auth/handoff") { request, _ in
            _ = try await self.note(request)
            return Self.json(#"{"code":"kt_ho_code","expires_at":"2099-01-01T00:00:00.000000Z"}"#, .created)
        }
        router.post("/v1/auth/handoff/exchange") { request, _ in
            guard try await self.note(request).contains("kt_ho_code") else { return Self.refusal(.unauthorized) }
            return Self.json(Self.handedOff)
        }
        router.post("/v1/auth/logout") { request, _ in
            _ = try await self.note(request)
            return Response(status: .noContent)
        }
        router.get("/v1/models") { request, _ in
            _ = try await self.note(request)
            guard self.mode != .noKey, self.mode != .noAccess else { return Self.refusal(.unauthorized) }
            return Self.json(#"{"object":"list","data":[{"id":"demo"},{"id":"gpt-4o"}]}"#)
        }
        router.get("/v1/whoami") { request, _ in
            _ = try await self.note(request)
            guard self.mode != .noAccess else { return Self.refusal(.unauthorized) }
            let organisation = #"{"id":"org_1","name":"N","created":"2026-01-01T00:00:00.000000Z"}"#
            return Self.json(
                #"{"organisation":\#(organisation),"user":\#(Self.user),"roles":["chat_user"],"actions":["chat:use"]}"#)
        }
        router.get("/v1/events/own") { request, _ in
            _ = try await self.note(request)
            guard self.mode != .noRecords else { return Self.refusal(.serviceUnavailable) }
            return Self.json(#"{"events":[\#(Self.event)]}"#)
        }
        router.post("/v1/chat/completions") { request, _ in
            _ = try await self.note(request)
            return self.answer()
        }
        return router
    }

    private func answer() -> Response {
        let headers: HTTPFields = [
            .contentType: "text/event-stream", .own("x-request-id"): "req_1",
            .own("x-keeptrusts-verdict"): "redact",
        ]
        switch mode {
        case .block:
            return Self.json(
                """
                {"error":{"type":"policy_violation","code":"prompt_injection.match","message":"It overrides instructions.",\
                "policy":"prompt-injection","request_id":"req_1"}}
                """, .conflict)
        case .noKey, .noAccess: return Self.refusal(.unauthorized)
        case .failure:
            let error = #"{"error":{"type":"upstream_error","code":"upstream_cut","message":"It broke off."}}"#
            return Self.stream(headers, [Self.chunk("Hel"), "data: \(error)\n\n"])
        case .answer, .noRecords:
            return Self.stream(headers, [Self.chunk("Hel"), Self.chunk("lo"), Self.finish, "data: [DONE]\n\n"])
        case .cut: return Self.stream(headers, [Self.chunk("Hel")])
        case .lateBlock:
            let error =
                #"{"error":{"type":"policy_violation","code":"dlp.card","message":"A card.","policy":"dlp-filter"}}"#
            return Self.stream(headers, [Self.chunk("Hel"), "data: \(error)\n\n", Self.finish])
        case .endless:
            return Response(
                status: .ok, headers: headers,
                body: ResponseBody { [leaving] writer in
                    do {
                        while true {
                            try await writer.write(ByteBuffer(string: Self.chunk("x")))
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    } catch {
                        leaving.yield()
                        throw error
                    }
                })
        }
    }

    private func note(_ request: Request) async throws -> String {
        let body = String(buffer: try await request.body.collect(upTo: 4 << 20))
        state.withLock {
            $0.asked.append(
                Asked(target: request.uri.description, authorization: request.headers[.authorization], body: body))
        }
        return body
    }

    private static func chunk(_ text: String) -> String {
        #"data: {"choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"# + "\n\n"
    }

    private static let finish = #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\n"

    private static func stream(_ headers: HTTPFields, _ events: [String]) -> Response {
        Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                for event in events { try await writer.write(ByteBuffer(string: event)) }
                try await writer.finish(nil)
            })
    }

    private static func json(_ text: String, _ status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .own("x-request-id"): "req_1"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    private static func refusal(_ status: HTTPResponse.Status) -> Response {
        json(#"{"error":{"type":"unauthenticated","code":"auth.x","message":"No."}}"#, status)
    }

    static let handedOff =
        """
        {"token":"\(token)","gateway_key":"\(key)","expires_at":"2099-01-01T00:00:00.000000Z","user":\(user)}
        """

    private static let user =
        #"{"id":"usr_1","email":"mara@example.com","name":"Mara Keller","state":"active","roles":[],"created":"2026-01-01T00:00:00.000000Z"}"#

    private static let event =
        """
        {"id":"evt_1","sequence":1,"gateway_id":"gw_1","time":"2026-01-01T00:00:00.000000Z","request_id":"req_1",\
        "surface":"chat_completions","stream":true,"model":"demo","config":{"name":"c","version":"1","digest":"d"},\
        "verdict":"redact","flagged":false,"degraded":false,"outcome":"completed","status":200,"policies":[],\
        "findings":[],"attempts":[],"timings":{"total_us":10,"policy_us":1}}
        """
}

/// Runs the chat in front of a fake backend.
func withChat(
    consoleURL: String? = "http://console.example.com:3000", live: Bool = false,
    _ test: @escaping @Sendable (any TestClientProtocol, FakeBackend) async throws -> Void
) async throws {
    try await withChatApp(consoleURL: consoleURL) { app, backend in
        let server = Application(
            router: app.router(), configuration: .init(address: .hostname("127.0.0.1", port: 0)))
        try await server.test(live ? .live : .router) { client in try await test(client, backend) }
    }
}

/// Makes the chat, without a server, in front of a fake backend.
func withChatApp(
    consoleURL: String? = nil, _ test: @escaping @Sendable (ChatApp, FakeBackend) async throws -> Void
) async throws {
    let backend = FakeBackend()
    try await Application(router: backend.router(), configuration: .init(address: .hostname("127.0.0.1", port: 0)))
        .test(.live) { upstream in
            let url = "http://127.0.0.1:\(upstream.port ?? 0)"
            let http = OutboundHTTP(logger: Logger(label: "test"))
            let settings = ChatSettings(
                listen: HostPort(host: "127.0.0.1", port: 0), publicURL: "http://localhost", gatewayURL: { url },
                consoleURL: { consoleURL })
            let app = try ChatApp(settings: settings, api: ControlPlaneClient(http: http, baseURL: url), http: http)
            do {
                try await test(app, backend)
            } catch {
                try await http.shutdown()
                throw error
            }
            try await http.shutdown()
        }
}

private struct ConversationList: Decodable {
    struct Entry: Decodable { var id: String }
    var conversations: [Entry]
}

extension TestClientProtocol {
    var origin: String { "http://localhost" }

    /// The `Cookie` header of a browser that has signed in with a password.
    func cookie() async throws -> String {
        let response = try await execute(
            uri: "/sign-in", method: .post,
            headers: [.contentType: "application/x-www-form-urlencoded", .origin: origin],
            body: ByteBuffer(string: "email=mara%40example.com&password=right+horse+battery"))
        return response.cookies["kt_chat"].map { "kt_chat=\($0)" } ?? ""
    }

    /// Sends a message, and returns the whole answer.
    ///
    /// Goes on with the latest conversation, unless `isNew`.
    func turn(_ text: String, cookie: String, isNew: Bool = false) async throws -> TestResponse {
        let latest = isNew ? nil : try await conversations(cookie).first
        let place = latest.map { #","conversation":"\#($0)""# } ?? ""
        return try await execute(
            uri: "/api/chat/turns", method: .post, headers: apiHeaders(cookie),
            body: ByteBuffer(string: #"{"text":"\#(text)","model":"demo"\#(place)}"#))
    }

    /// The ids of the session's conversations, the latest first.
    func conversations(_ cookie: String) async throws -> [String] {
        let response = try await execute(uri: "/api/chat/conversations", method: .get, headers: [.cookie: cookie])
        return try JSONDecoder().decode(ConversationList.self, from: response.body).conversations.map(\.id)
    }

    /// The latest conversation; empty when there is none.
    func conversation(_ cookie: String, id: String? = nil) async throws -> String {
        let latest = try await conversations(cookie).first
        guard let id = id ?? latest else { return "" }
        let response = try await execute(uri: "/api/chat/conversations/\(id)", method: .get, headers: [.cookie: cookie])
        return String(buffer: response.body)
    }

    func apiHeaders(_ cookie: String) -> HTTPFields {
        [
            .cookie: cookie, .contentType: "application/json", .origin: origin,
            .own("x-keeptrusts-request"): "1",
        ]
    }
}

extension TestResponse {
    /// The values of the cookies that the answer sets.
    var cookies: [String: String] {
        var cookies: [String: String] = [:]
        for header in headers[values: .setCookie] {
            let pair = header.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { cookies[String(pair[0])] = String(pair[1]) }
        }
        return cookies
    }

    /// The names and data of the events of an event stream, but for the name of the conversation.
    var events: [String] {
        let all = String(buffer: body).split(separator: "\n\n").map {
            String($0).replacing("event: ", with: "").replacing("\ndata: ", with: " ")
        }
        return all.filter { !$0.hasPrefix("conversation ") }
    }
}

extension HTTPField.Name {
    /// A name of our own, which is known to be a valid token.
    static func own(_ name: String) -> Self { Self(name) ?? .via }
}
