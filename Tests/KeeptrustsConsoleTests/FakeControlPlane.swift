import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeeptrustsClient
import KeeptrustsCore
import KeeptrustsWeb
import Logging
import NIOCore
import Synchronization

@testable import KeeptrustsConsole

/// Stands for the control plane: knows one person, and notes what it is asked.
final class FakeControlPlane: Sendable {
    struct Asked: Sendable, Equatable {
        var method: String
        var target: String
        var authorization: String?
        var cookie: String?
        var body: String
    }

    static let token = "kt_st_secret-of-mara"
    static let code = "kt_li_works-once"

    private let state = Mutex(State())

    private struct State {
        var asked: [Asked] = []
        var sessionHasEnded = false
    }

    var asked: [Asked] { state.withLock { $0.asked } }

    /// From now on the person's token is refused.
    func endSession() { state.withLock { $0.sessionHasEnded = true } }

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.post("/v1/auth/login") { request, context in
            let body = String(buffer: try await request.body.collect(upTo: 10_000))
            self.note(request, body)
            guard body.contains("right horse battery") else { return Self.refusal(.unauthorized) }
            return Self.signedIn
        }
        router.post("/v1/auth/sign-in-link/redeem") { request, context in
            let body = String(buffer: try await request.body.collect(upTo: 10_000))
            self.note(request, body)
            return body.contains(Self.code) ? Self.signedIn : Self.refusal(.unauthorized)
        }
        router.post("/v1/auth/handoff") { request, context in
            self.note(request, String(buffer: try await request.body.collect(upTo: 10_000)))
            return Self.json(#"{"code":"kt_ho_c0de","expires_at":"2099-01-01T00:00:00.000000Z"}"#, .created)
        }
        for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
            for path: RouterPath in ["/v1/**", "/v1/auth/**"] {
                router.on(path, method: method) { request, context in
                    self.note(request, String(buffer: try await request.body.collect(upTo: 2 << 20)))
                    guard !self.state.withLock({ $0.sessionHasEnded }) else { return Self.refusal(.unauthorized) }
                    var response = Self.json(#"{"events":[]}"#)
                    response.headers[.setCookie] = "upstream=1"
                    response.headers[.own("x-internal")] = "detail"
                    response.headers[.eTag] = "\"7\""
                    return response
                }
            }
        }
        return router
    }

    private func note(_ request: Request, _ body: String) {
        state.withLock {
            $0.asked.append(
                Asked(
                    method: request.method.rawValue, target: request.uri.description,
                    authorization: request.headers[.authorization], cookie: request.headers[.cookie], body: body))
        }
    }

    private static func json(_ text: String, _ status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    private static var signedIn: Response {
        json(
            """
            {"token":"\(token)","expires_at":"2099-01-01T00:00:00.000000Z","user":{"id":"usr_1","email":"mara@example.com",\
            "name":"Mara Keller","state":"active","roles":["owner"],"created":"2026-01-01T00:00:00.000000Z"}}
            """)
    }

    private static func refusal(_ status: HTTPResponse.Status) -> Response {
        json(#"{"error":{"type":"unauthenticated","code":"auth.x","message":"No."}}"#, status)
    }
}

/// Runs the console in front of a fake control plane.
func withConsole(
    publicURL: String? = nil, chatURL: String? = "http://chat.example.com:3001",
    now: @escaping @Sendable () -> Timestamp = { .systemClock() },
    _ test: @escaping @Sendable (any TestClientProtocol, FakeControlPlane) async throws -> Void
) async throws {
    let plane = FakeControlPlane()
    try await Application(router: plane.router(), configuration: .init(address: .hostname("127.0.0.1", port: 0)))
        .test(.live) { upstream in
            let http = OutboundHTTP(logger: Logger(label: "test"))
            let settings = ConsoleSettings(
                listen: HostPort(host: "127.0.0.1", port: 0), publicURL: publicURL, chatURL: { chatURL })
            let api = ControlPlaneClient(http: http, baseURL: "http://127.0.0.1:\(upstream.port ?? 0)")
            let app = try ConsoleApp(settings: settings, api: api, now: now)
            do {
                try await Application(router: app.router()).test(.router) { client in try await test(client, plane) }
            } catch {
                try await http.shutdown()
                throw error
            }
            try await http.shutdown()
        }
}

extension TestClientProtocol {
    /// Posts the sign-in form as a browser does, and returns the answer.
    func signIn(password: String = "right horse battery", next: String = "/") async throws -> TestResponse {
        try await execute(
            uri: "/sign-in", method: .post,
            headers: [.contentType: "application/x-www-form-urlencoded", .origin: "http://localhost"],
            body: ByteBuffer(
                string: "email=mara%40example.com&password=\(password.replacing(" ", with: "+"))&next=\(next)"))
    }

    /// The `Cookie` header of a browser that has signed in.
    func cookie() async throws -> String {
        let response = try await signIn()
        return response.headers[.setCookie].map { String($0.prefix { $0 != ";" }) } ?? ""
    }
}

extension HTTPField.Name {
    /// A name of our own, which is known to be a valid token.
    static func own(_ name: String) -> Self { Self(name) ?? .via }
}
