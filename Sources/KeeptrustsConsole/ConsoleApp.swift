import Foundation
import Hummingbird
import KeeptrustsAPI
import KeeptrustsClient
import KeeptrustsCore
import KeeptrustsWeb

/// What the console's routes share.
struct ConsoleApp: Sendable {
    let settings: ConsoleSettings
    let api: ControlPlaneClient
    let pages: BrowserPages
    let sessions: BrowserSessions<ConsoleSession>
    let cookie: SessionCookie
    let now: @Sendable () -> Timestamp

    init(
        settings: ConsoleSettings, api: ControlPlaneClient,
        now: @escaping @Sendable () -> Timestamp = { .systemClock() }
    ) throws {
        self.settings = settings
        self.api = api
        self.now = now
        pages = try BrowserPages(app: "console", files: Assets.all)
        sessions = BrowserSessions(now: now)
        cookie = SessionCookie(app: "console", isTLS: settings.isTLS, isStrict: true)
    }

    func router() -> Router<BrowserContext> {
        let router = Router(context: BrowserContext.self)
        router.addSharedMiddleware(isTLS: settings.isTLS)
        router.add(middleware: PageErrorMiddleware(pages: pages))
        router.add(
            middleware: CSRFMiddleware(
                origins: settings.publicURL.map { [$0] } ?? [], formPaths: ["/sign-in", "/sign-in/link", "/sign-out"]))
        let assets = pages.assets
        router.get("assets/**") { request, _ in try assets.answer(request) }
        router.get("health") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: .init(string: #"{"status":"ok"}"#)))
        }
        SignInRoutes(app: self).add(to: router)
        PageRoutes(app: self).add(to: router)
        APIRelay(app: self).add(to: router)
        router.addMethodNotAllowed()
        return router
    }

    /// The chat's address, for this browser.
    func chatURL(for request: Request, _ context: BrowserContext) -> String? {
        Arrival(request).reachable(settings.chatURL(), by: settings.hosts, at: context.localAddress)
    }

    /// The control plane's address as gateways may reach it: the one by which this server does, and for one that listens on
    /// every address, or on loopback, the host by which this browser came.
    func apiURL(for request: Request, _ context: BrowserContext) -> String? {
        Arrival(request).reachable(api.baseURL, by: settings.hosts, at: context.localAddress)
    }

    /// The session that a browser's cookie stands for.
    func session(of request: Request) -> (secret: String, value: ConsoleSession)? {
        guard let secret = cookie.value(in: request), let value = sessions.value(of: secret) else { return nil }
        return (secret, value)
    }

    /// Begins a session with a new secret, whatever cookie the browser came with, and has the browser keep it.
    func begin(_ signedIn: SignedIn, for request: Request, in response: inout Response) {
        if let old = cookie.value(in: request) { sessions.end(old) }
        let secret = sessions.begin(
            ConsoleSession(token: signedIn.token, user: signedIn.user), until: signedIn.expiresAt)
        let seconds = max(0, (signedIn.expiresAt.rawValue - now().rawValue) / 1_000_000)
        cookie.set(secret, seconds: Int(seconds), in: &response)
    }

    /// Where a browser without a session goes.
    ///
    /// A strict cookie stays behind when another site leads here, so then the browser asks once more, from here.
    func signInFirst(_ request: Request) -> Response {
        let arrival = Arrival(request)
        if arrival.isCrossSite {
            return pages.message(
                .init(
                    title: "One moment", text: "The console opens.", href: arrival.target, action: "Open the console",
                    isPassing: true))
        }
        let next = arrival.target.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "%2F"
        return .redirect(to: "/sign-in?next=\(next)", type: .normal)
    }
}

/// What the console holds for a person who is signed in.
struct ConsoleSession: Sendable {
    var token: Secret
    var user: User
}
