import Hummingbird
public import HummingbirdCore

/// The cookie by which a browser finds its session again.
///
/// Cookies do not tell ports apart, so each browser app has a name of its own. Scripts cannot read it.
public struct SessionCookie: Sendable {
    private let name: String
    private let isTLS: Bool
    private let sameSite: Cookie.SameSite

    /// - Parameters:
    ///   - app: The browser app's name, such as `console`.
    ///   - isTLS: Whether browsers reach the app through HTTPS; then the cookie never travels without it.
    ///   - isStrict: Whether the cookie stays behind when another site leads to ours.
    public init(app: String, isTLS: Bool, isStrict: Bool = false) {
        name = isTLS ? "__Host-kt_\(app)" : "kt_\(app)"
        self.isTLS = isTLS
        sameSite = isStrict ? .strict : .lax
    }

    /// The value that the browser sent, if it sent exactly one.
    public func value(in request: Request) -> String? {
        let values = request.headers[values: .cookie].flatMap { $0.split(separator: ";") }
            .map { $0.drop { $0 == " " } }
            .filter { $0.hasPrefix("\(name)=") }
            .map { String($0.dropFirst(name.count + 1)) }
        return values.count == 1 ? values.first : nil
    }

    /// Has the browser keep `value` for `seconds`.
    public func set(_ value: String, seconds: Int, in response: inout Response) {
        response.setCookie(
            Cookie(
                name: name, value: value, maxAge: seconds, path: "/", secure: isTLS, httpOnly: true, sameSite: sameSite)
        )
    }

    /// Has the browser forget the cookie.
    public func clear(in response: inout Response) {
        set("", seconds: 0, in: &response)
    }
}
