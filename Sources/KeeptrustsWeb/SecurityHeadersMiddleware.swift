import HTTPTypes
public import Hummingbird

/// Adds to every answer the headers that keep browsers from doing more than they were asked to.
public struct SecurityHeadersMiddleware<Context: RequestContext>: RouterMiddleware {
    private let isTLS: Bool

    /// - Parameter isTLS: Whether browsers should from now on refuse to come here without TLS.
    public init(isTLS: Bool) { self.isTLS = isTLS }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        for (name, value) in SecurityHeaders.always where !response.headers.contains(name) {
            response.headers[name] = value
        }
        if isTLS { response.headers[.strictTransportSecurity] = "max-age=31536000" }
        return response
    }
}

/// The fields that bind browsers, with what they say on answers that are no pages.
enum SecurityHeaders {
    static var always: [(HTTPField.Name, String)] {
        [
            (.contentSecurityPolicy, ContentPolicy.data), (.xContentTypeOptions, "nosniff"),
            (.cacheControl, "no-store"), (.crossOriginResourcePolicy, "same-origin"),
            (.named("cross-origin-opener-policy"), "same-origin"), (.named("referrer-policy"), "no-referrer"),
            (.named("x-frame-options"), "DENY"),
            (.named("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ]
    }
}

/// What a browser may load, run and send for an answer of ours (`Content-Security-Policy`).
public enum ContentPolicy {
    /// For pages: our own files only, and no string becomes markup or script.
    public static let page = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
        connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
        require-trusted-types-for 'script'; trusted-types 'none'
        """

    /// For everything else: nothing.
    public static let data = "default-src 'none'; frame-ancestors 'none'"
}

extension HTTPField.Name {
    /// A name of our own choosing, which is known to be a valid token.
    static func named(_ name: String) -> Self { Self(name) ?? .via }
}
