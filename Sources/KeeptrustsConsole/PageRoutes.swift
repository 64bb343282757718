import Hummingbird
import KeeptrustsAPI
import KeeptrustsWeb

/// The app's pages: one shell, which the browser fills; the browser's router knows the pages.
struct PageRoutes {
    let app: ConsoleApp

    /// The first segments of the pages that exist; any other is answered 404, by the same shell.
    private static let known: Set = ["", "overview", "events", "gateways", "keys", "account"]

    func add(to router: Router<BrowserContext>) {
        router.get("/", use: page)
        router.get("**", use: page)
    }

    private func page(_ request: Request, context: BrowserContext) -> Response {
        guard let (_, session) = app.session(of: request) else { return app.signInFirst(request) }
        let name = session.user.name.isEmpty ? session.user.email : session.user.name
        var values: [String: any Sendable] = ["name": name, "initials": Self.initials(of: name)]
        values["chat"] = app.chatURL(for: request, context).map { "\($0)/sign-in/console" }
        values["api"] = app.apiURL(for: request, context)
        let segment = request.uri.path.split(separator: "/").first.map(String.init) ?? ""
        return app.pages.app(values, status: Self.known.contains(segment) ? .ok : .notFound)
    }

    /// `MK` of Mara Keller.
    static func initials(of name: String) -> String {
        let words = name.split { $0 == " " || $0 == "@" || $0 == "." }
        let letters = [words.first, words.count > 1 ? words.last : nil].compactMap { $0?.first }
        return String(letters).uppercased()
    }
}
