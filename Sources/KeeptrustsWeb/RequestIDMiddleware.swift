import HTTPTypes
public import Hummingbird
public import KeeptrustsCore
import Logging

/// Gives each request an identifier: the caller's `x-request-id` when it is sane, else a new one; every answer echoes it.
public struct RequestIDMiddleware<Context: RequestContext>: RouterMiddleware {
    private let now: @Sendable () -> Timestamp

    public init(now: @escaping @Sendable () -> Timestamp = { .systemClock() }) {
        self.now = now
    }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let given = request.headers[.requestID].flatMap { Self.isSane($0) ? $0 : nil }
        let id = given ?? Identifier<Request>(prefix: "req", at: now()).rawValue
        var context = context
        context.logger[metadataKey: "hb.request.id"] = "\(id)"
        var response = try await next(request, context)
        response.headers[.requestID] = id
        return response
    }

    /// Whether an identifier may appear in logs and answers: 1...128 visible ASCII characters.
    static func isSane(_ id: String) -> Bool {
        (1...128).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

extension HTTPField.Name {
    /// `x-request-id`.
    public static var requestID: Self { Self("x-request-id") ?? .via }
}
