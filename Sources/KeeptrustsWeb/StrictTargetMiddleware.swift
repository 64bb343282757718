public import Hummingbird
import KeeptrustsCore

/// Refuses targets that other software may read differently: empty or dot segments, escapes in the path, NUL in the query.
///
/// A target in absolute form, which RFC 9112 §3.2.2 makes a server take, has become path and query before; the same
/// holds for those then.
///
/// No path of ours needs any of these, so what was authorised is what is dispatched, whoever stands in between.
public struct StrictTargetMiddleware<Context: RequestContext>: RouterMiddleware {
    public init() {}

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard Self.isStrict(request.uri.description) else {
            throw RequestFault(.notFound, code: "http.no_such_route", "There is nothing at this address.")
        }
        return try await next(request, context)
    }

    static func isStrict(_ target: String) -> Bool {
        guard target.utf8.count <= 8_192 else { return false }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first, path.first == "/" else { return false }
        if parts.count > 1, parts[1].contains("%00") || parts[1].contains("#") { return false }
        guard path != "/" else { return true }
        return path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".."
                && segment.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !refused.contains($0) }
        }
    }

    private static var refused: Set<UInt8> { Set("%;\\#\"<>^`{|}".utf8) }
}
