import HTTPTypes
public import Hummingbird
import KeeptrustsCore

/// Refuses calls that change something and do not come from our own pages.
///
/// Such a call must carry an `Origin` that is ours, no `Sec-Fetch-Site` that says otherwise, and (except where a plain
/// form posts) the header `x-keeptrusts-request`, which no other origin can add without our consent.
public struct CSRFMiddleware<Context: RequestContext>: RouterMiddleware {
    private let origins: Set<String>
    private let formPaths: Set<String>

    /// - Parameters:
    ///   - origins: The origins that pages of ours have, such as `https://console.example.com`; empty means the origin
    ///     whose host and port are the request's own.
    ///   - formPaths: The paths that plain HTML forms post to; they need no header.
    public init(origins: Set<String> = [], formPaths: Set<String> = []) {
        self.origins = origins
        self.formPaths = formPaths
    }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        if ![.get, .head, .options].contains(request.method) {
            guard isOwn(request) else { throw RequestFault.foreignPage(origins) }
            guard hasHeader(request) else { throw RequestFault.noPageHeader }
        }
        return try await next(request, context)
    }

    private func isOwn(_ request: Request) -> Bool {
        if let site = request.headers[.named("sec-fetch-site")], site != "same-origin" { return false }
        guard request.headers[values: .origin].count == 1, let origin = request.headers[.origin] else { return false }
        guard origins.isEmpty else { return origins.contains(origin) }
        guard let authority = request.head.authority, !authority.isEmpty else { return false }
        return origin == "http://\(authority)" || origin == "https://\(authority)"
    }

    private func hasHeader(_ request: Request) -> Bool {
        formPaths.contains(request.uri.path) || request.headers[.named("x-keeptrusts-request")] == "1"
    }
}

extension RequestFault {
    /// `origins` are those that our pages have; empty for that of the request's own host.
    fileprivate static func foreignPage(_ origins: Set<String>) -> RequestFault {
        let place = origins.isEmpty ? "the very address that it calls" : origins.sorted().joined(separator: " or ")
        return RequestFault(
            .forbidden, code: "csrf.refused", "This call does not come from a page of this server.",
            hint: "A browser must have opened the page at \(place), and send that as Origin. \(programs)")
    }

    fileprivate static let noPageHeader = RequestFault(
        .forbidden, code: "csrf.refused", "This call lacks the header that pages of this server send.",
        hint: "Send x-keeptrusts-request: 1. \(programs)")

    private static let programs = "Programs call the API itself, with Authorization: Bearer and a token."
}
