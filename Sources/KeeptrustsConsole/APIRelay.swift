import HTTPTypes
import Hummingbird
import KeeptrustsClient
import KeeptrustsCore
import KeeptrustsWeb
import NIOCore

/// Passes `/api/…` on to the control plane's `/v1/…`, with the person's token in place of the browser's cookie.
///
/// Only resources that pages work with, only their own methods; whatever gives out or ends a credential of a person has
/// a route of its own.
struct APIRelay {
    let app: ConsoleApp

    /// The first segments of the paths that are passed on.
    static let resources: Set = [
        "audit-records", "configurations", "events", "gateways", "tokens", "users", "whoami",
    ]

    /// The largest body that is taken in (bytes).
    private static let maximumBody = 1 << 20

    func add(to router: Router<BrowserContext>) {
        for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
            router.on("api/**", method: method) { request, context in try await pass(request, context) }
        }
    }

    private func pass(_ request: Request, _ context: BrowserContext) async throws -> Response {
        guard let (secret, session) = app.session(of: request) else { throw RequestFault.notSignedIn }
        guard let target = Self.target(of: request.uri.description),
            let method = ControlPlaneClient.Call.Method(rawValue: request.method.rawValue)
        else { throw RequestFault.notPassedOn }
        var call = ControlPlaneClient.Call(method, target)
            .adding("accept", "application/json")
            .adding("if-none-match", request.headers[.ifNoneMatch])
            .adding("if-match", request.headers[.ifMatch])
            .adding("x-request-id", context.id)
            .adding(
                "x-forwarded-for",
                app.settings.trustedPeers.origin(of: request, from: context.remoteAddress?.ipAddress))
        if method != .GET {
            let body = try await request.bytes(upTo: Self.maximumBody)
            if body.readableBytes > 0 {
                guard request.headers[.contentType]?.hasPrefix("application/json") == true else {
                    throw RequestFault.notJSON
                }
                call.body = body
            }
        }
        let answer = try await app.api.pass(call, as: session.token)
        if answer.status == 401 {
            app.sessions.end(secret)
            throw RequestFault.notSignedIn
        }
        return Self.response(answer)
    }

    /// What to ask the control plane for a path below `/api/`, or nil when that is not for pages.
    static func target(of uri: String) -> String? {
        let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first, path.hasPrefix("/api/"), path.utf8.count <= 512 else { return nil }
        let segments = path.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false)
        if uri == "/api/account/password" { return "/v1/auth/password" }
        guard let first = segments.first, resources.contains(String(first)), segments.allSatisfy(isPlain) else {
            return nil
        }
        guard parts.count > 1 else { return "/v1/\(path.dropFirst(5))" }
        let query = parts[1]
        guard query.utf8.count <= 4_096,
            query.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
        else { return nil }
        return "/v1/\(path.dropFirst(5))?\(query)"
    }

    /// Whether a segment has only letters, digits and `-._~`, and is not `.` or `..`.
    private static func isPlain(_ segment: Substring) -> Bool {
        !segment.isEmpty && segment != "." && segment != ".."
            && segment.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
                default: false
                }
            }
    }

    /// The answer without what is not for browsers: of its headers, only these few are passed back.
    private static func response(_ answer: ControlPlaneClient.Answer) -> Response {
        var headers = HTTPFields()
        for (name, field) in [("etag", HTTPField.Name.eTag), ("retry-after", .retryAfter)] {
            headers[field] = answer.header(name)
        }
        if answer.body.readableBytes > 0 {
            let isJSON = answer.header("content-type")?.hasPrefix("application/json") == true
            headers[.contentType] = isJSON ? "application/json; charset=utf-8" : "text/plain; charset=utf-8"
        }
        return Response(
            status: .init(code: answer.status), headers: headers, body: ResponseBody(byteBuffer: answer.body))
    }
}

extension RequestFault {
    /// The browser has no session, or it has ended.
    static let notSignedIn = RequestFault(
        .unauthenticated, code: "auth.not_signed_in", "You are not signed in, or your session has ended.",
        hint: "Sign in again.")

    /// A path below `/api/` that pages have no business with.
    fileprivate static let notPassedOn = RequestFault(
        .notFound, code: "http.no_such_route", "There is nothing at this address.")

    fileprivate static let notJSON = RequestFault(
        .invalidInput, code: "http.not_json", "The body must be JSON.", status: .unsupportedMediaType)
}
