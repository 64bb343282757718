import Foundation
import Hummingbird
import KeeptrustsAPI
import KeeptrustsClient
import KeeptrustsCore
import KeeptrustsWeb
import Logging

/// Coming over from the console, or signing in here; and out.
struct SignInRoutes {
    let app: ChatApp

    /// How long the way over the console may take (seconds).
    private static let journeySeconds = 300

    func add(to router: Router<BrowserContext>) {
        router.get("sign-in", use: show)
        router.post("sign-in", use: signIn)
        router.get("sign-in/console", use: leave)
        router.get("sign-in/callback", use: arrive)
        router.post("sign-out", use: signOut)
    }

    private func show(_ request: Request, context: BrowserContext) -> Response {
        if app.session(of: request) != nil { return .redirect(to: "/", type: .normal) }
        return app.pages.signIn(page())
    }

    private func page(email: String? = nil, error: String? = nil) -> BrowserPages.SignIn {
        let console = app.settings.consoleURL().map { _ in "/sign-in/console" }
        return .init(next: "/", email: email, error: error, console: console, app: "Chat")
    }

    /// Signs in with a password, and hands the person over to ourselves, as the console would.
    private func signIn(_ request: Request, context: BrowserContext) async throws -> Response {
        let form = try await request.form()
        let email = (form["email"] ?? "").trimmingCharacters(in: .whitespaces)
        do {
            let credentials = SignInRequest(email: email, password: Secret(form["password"] ?? ""))
            let signedIn = try await app.api.signIn(credentials, from: origin(request, context))
            let proof = PKCE()
            let code = try await app.api.handOff(challenge: proof.challenge, as: signedIn.token).code
            let response = try await enter(code, proof, request, context)
            // The chat has a session of its own now. Should this fail, the first one ends by itself.
            try? await app.api.signOut(signedIn.token)
            return response
        } catch let error as ControlPlaneError {
            return refuse(error, email: email)
        }
    }

    /// Sends the browser to the console, which knows the person.
    private func leave(_ request: Request, context: BrowserContext) throws -> Response {
        guard let console = app.consoleURL(for: request, context) else { throw RequestFault.noConsole }
        let journey = Journey(proof: PKCE(), state: PKCE.random())
        let end = app.now().advanced(by: .seconds(Self.journeySeconds))
        var response = Response.redirect(
            to: "\(console)/handoff?challenge=\(journey.proof.challenge)&state=\(journey.state)", type: .normal)
        let secret = app.journeys.begin(journey, until: end)
        app.journeyCookie.set(secret, seconds: Self.journeySeconds, in: &response)
        return response
    }

    /// Takes the browser back, with a code that works once.
    private func arrive(_ request: Request, context: BrowserContext) async throws -> Response {
        let query = request.uri.queryParameters
        guard let secret = app.journeyCookie.value(in: request), let journey = app.journeys.end(secret),
            let state = query["state"].map(String.init), state == journey.state,
            let code = query["code"].map(String.init), !code.isEmpty
        else { return tooLate() }
        do {
            var response = try await enter(Secret(code), journey.proof, request, context)
            app.journeyCookie.clear(in: &response)
            return response
        } catch ControlPlaneError.unavailable(let detail) {
            throw ControlPlaneError.unavailable(detail)
        } catch is ControlPlaneError {
            return tooLate()
        }
    }

    private func tooLate() -> Response {
        app.pages.message(
            .init(
                title: "That took too long", text: "The way from the console works once, for a minute.",
                href: app.settings.consoleURL() == nil ? "/sign-in" : "/sign-in/console", action: "Open the chat again"),
            status: .badRequest)
    }

    private func enter(
        _ code: Secret, _ proof: PKCE, _ request: Request, _ context: BrowserContext
    ) async throws -> Response {
        let handedOff = try await app.api.exchange(
            HandoffExchange(code: code, codeVerifier: proof.verifier), from: origin(request, context))
        // A page of ours leads on: after a redirect from another site, the strict cookie would stay behind.
        var response = app.pages.message(
            .init(title: "One moment", text: "The chat opens.", href: "/", action: "Open the chat", isPassing: true))
        app.begin(handedOff, for: request, in: &response)
        return response
    }

    private func signOut(_ request: Request, context: BrowserContext) async throws -> Response {
        var response = Response.redirect(to: "/sign-in", type: .normal)
        app.cookie.clear(in: &response)
        if let secret = app.cookie.value(in: request), let session = app.sessions.end(secret) {
            do {
                try await app.api.signOut(session.token)
            } catch {
                // The browser's way in is gone already; token and key end by themselves.
                context.logger.warning("sign-out not passed on", metadata: ["error": "\(String(reflecting: error))"])
            }
        }
        return response
    }

    /// The form again.
    ///
    /// It says the same for a wrong password as for an unknown address.
    private func refuse(_ error: ControlPlaneError, email: String) -> Response {
        let text: String
        switch error {
        case .unavailable: text = "The control plane does not answer. Try again in a moment."
        case .refused(403, let detail): text = detail.message
        case .refused(_, let detail) where error.category == .limited:
            text = [detail.message, detail.hint].compactMap { $0 }.joined(separator: " ")
        case .unauthorised, .refused: text = "E-mail or password is wrong."
        }
        let status = [.limited, .unavailable, .forbidden].contains(error.category) ? error.category.status : 401
        return app.pages.signIn(page(email: email, error: text), status: .init(code: status))
    }

    private func origin(_ request: Request, _ context: BrowserContext) -> ControlPlaneClient.Origin {
        .init(
            address: app.settings.trustedPeers.origin(of: request, from: context.remoteAddress?.ipAddress),
            userAgent: request.headers[.userAgent].map { String($0.prefix(256)) },
            client: .chat)
    }
}

extension RequestFault {
    fileprivate static let noConsole = RequestFault(
        .notFound, code: "chat.no_console", "This chat knows no console.", hint: "Sign in with your password.")
}
