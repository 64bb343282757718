import Foundation
import Hummingbird
import KeeptrustsAPI
import KeeptrustsClient
import KeeptrustsCore
import KeeptrustsWeb
import NIOCore

/// What the chat's routes share.
struct ChatApp: Sendable {
    let settings: ChatSettings
    let api: ControlPlaneClient
    let http: OutboundHTTP
    let pages: BrowserPages
    let sessions: BrowserSessions<ChatSession>
    let cookie: SessionCookie

    /// Browsers on their way to the console and back.
    ///
    /// This cookie must come along from another site.
    let journeys: BrowserSessions<Journey>
    let journeyCookie: SessionCookie
    let now: @Sendable () -> Timestamp

    init(
        settings: ChatSettings, api: ControlPlaneClient, http: OutboundHTTP,
        now: @escaping @Sendable () -> Timestamp = { .systemClock() }
    ) throws {
        self.settings = settings
        self.api = api
        self.http = http
        self.now = now
        pages = try BrowserPages(app: "chat", files: Assets.all)
        sessions = BrowserSessions(now: now)
        cookie = SessionCookie(app: "chat", isTLS: settings.isTLS, isStrict: true)
        journeys = BrowserSessions(now: now)
        journeyCookie = SessionCookie(app: "chat_journey", isTLS: settings.isTLS)
    }

    func router() -> Router<BrowserContext> {
        let router = Router(context: BrowserContext.self)
        router.addSharedMiddleware(isTLS: settings.isTLS)
        router.add(middleware: PageErrorMiddleware(pages: pages))
        router.add(
            middleware: CSRFMiddleware(
                origins: settings.publicURL.map { [$0] } ?? [], formPaths: ["/sign-in", "/sign-out"]))
        let assets = pages.assets
        router.get("assets/**") { request, _ in try assets.answer(request) }
        router.get("health") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"status":"ok"}"#)))
        }
        router.get("/", use: page)
        SignInRoutes(app: self).add(to: router)
        ConversationRoutes(app: self).add(to: router)
        router.addMethodNotAllowed()
        return router
    }

    private func page(_ request: Request, context: BrowserContext) -> Response {
        guard let session = session(of: request)?.value else { return signInFirst(request) }
        let name = session.user.name.isEmpty ? session.user.email : session.user.name
        var values: [String: any Sendable] = ["name": name, "initials": name.prefix(1).uppercased()]
        values["console"] = consoleURL(for: request, context)
        return pages.app(values)
    }

    /// The console's address, for this browser.
    func consoleURL(for request: Request, _ context: BrowserContext) -> String? {
        Arrival(request).reachable(settings.consoleURL(), by: settings.hosts, at: context.localAddress)
    }

    /// The session that a browser's cookie stands for.
    func session(of request: Request) -> (secret: String, value: ChatSession)? {
        guard let secret = cookie.value(in: request), let value = sessions.value(of: secret) else { return nil }
        return (secret, value)
    }

    /// Begins a session with a new secret, whatever cookie the browser came with, and has the browser keep it.
    func begin(_ handedOff: HandedOff, for request: Request, in response: inout Response) {
        if let old = cookie.value(in: request) { sessions.end(old) }
        let secret = sessions.begin(ChatSession(handedOff), until: handedOff.expiresAt)
        let seconds = max(0, (handedOff.expiresAt.rawValue - now().rawValue) / 1_000_000)
        cookie.set(secret, seconds: Int(seconds), in: &response)
    }

    /// Where a browser without a session goes.
    ///
    /// A strict cookie stays behind when another site leads here, so then the browser asks once more, from here.
    private func signInFirst(_ request: Request) -> Response {
        guard Arrival(request).isCrossSite else { return .redirect(to: "/sign-in", type: .normal) }
        return pages.message(
            .init(title: "One moment", text: "The chat opens.", href: "/", action: "Open the chat", isPassing: true))
    }
}

/// What the chat holds for a person who is signed in.
struct ChatSession: Sendable {
    var token: Secret
    var gatewayKey: Secret
    var user: User
    let conversations = Conversations()

    init(_ handedOff: HandedOff) {
        token = handedOff.token
        gatewayKey = handedOff.gatewayKey
        user = handedOff.user
    }
}

/// A browser that went to the console to be handed over: only who knows the verifier can use the code it comes with.
struct Journey: Sendable {
    var proof: PKCE
    var state: String
}
