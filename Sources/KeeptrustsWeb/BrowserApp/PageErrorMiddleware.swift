public import Hummingbird
import KeeptrustsCore
import Logging

/// Answers what went wrong with a page, where a browser asked for one; other calls get their JSON from
/// ``ErrorMiddleware``, further out.
public struct PageErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    private let pages: BrowserPages

    public init(pages: BrowserPages) { self.pages = pages }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error where isPage(request) && !(error is CancellationError) {
            return page(for: error, context)
        }
    }

    private func isPage(_ request: Request) -> Bool {
        !request.uri.path.hasPrefix("/api/") && !request.uri.path.hasPrefix("/assets/")
            && request.headers[.accept]?.contains("text/html") == true
    }

    private func page(for error: any Error, _ context: Context) -> Response {
        let facing = error as? any UserFacingError
        let status: HTTPResponse.Status
        if let fault = error as? any HTTPFacingError {
            status = fault.status
        } else if let facing {
            status = HTTPResponse.Status(code: facing.category.status)
        } else {
            status = (error as? any HTTPResponseError)?.status ?? .internalServerError
        }
        if facing == nil, status.code >= 500 {
            context.logger.error("page failed", metadata: ["error": "\(String(reflecting: error))"])
        }
        let isMissing = status == .notFound
        var message = BrowserPages.Message(
            title: isMissing ? "There is no such page" : "That did not work",
            text: facing?.description
                ?? (isMissing ? "The address may be old, or mistyped." : "Try again in a moment."),
            href: "/", action: "Go to the start")
        message.requestID = context.id
        return pages.message(message, status: status)
    }
}
