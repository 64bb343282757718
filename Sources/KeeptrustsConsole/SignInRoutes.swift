import Foundation
import Hummingbird
import KeeptrustsAPI
import KeeptrustsClient
import KeeptrustsCore
import KeeptrustsWeb
import Logging

/// Signing in and out, by plain forms that need no script, and the way on to the chat.
struct SignInRoutes {
    let app: ConsoleApp

    func add(to router: Router<BrowserContext>) {
        router.get("sign-in", use: show)
        router.post("sign-in", use: signIn)
        router.post("sign-in/link", use: redeem)
        router.post("sign-out", use: signOut)
        router.get("handoff", use: handOff)
    }

    private func show(_ request: Request, context: BrowserContext) async throws -> Response {
        let query = request.uri.queryParameters
        let next = Arrival.localTarget(query["next"].map(String.init)) ?? "/"
        if let code = query["code"].map(String.init), !code.isEmpty {
            // Scanners and previews follow links, and pages elsewhere lead here: only the person's press uses the code up.
            return app.pages.signIn(.init(next: "/", code: code))
        }
        if app.session(of: request) != nil { return .redirect(to: next, type: .normal) }
        return app.pages.signIn(.init(next: next))
    }

    private func signIn(_ request: Request, context: BrowserContext) async throws -> Response {
        let form = try await request.form()
        let next = Arrival.localTarget(form["next"]) ?? "/"
        let email = (form["email"] ?? "").trimmingCharacters(in: .whitespaces)
        do {
            let signedIn = try await app.api.signIn(
                SignInRequest(email: email, password: Secret(form["password"] ?? "")), from: origin(request, context))
            return enter(signedIn, at: next, request)
        } catch let error as ControlPlaneError {
            return refuse(error, .init(next: next, email: email))
        }
    }

    private func redeem(_ request: Request, context: BrowserContext) async throws -> Response {
        let code = try await request.form()["code"] ?? ""
        do {
            let redemption = SignInLink.Redemption(code: Secret(code))
            let signedIn = try await app.api.redeem(redemption, from: origin(request, context))
            return enter(signedIn, at: "/account?welcome=1", request)
        } catch ControlPlaneError.unavailable {
            return refuse(.unavailable(""), .init(next: "/"))
        } catch let error as ControlPlaneError where error.category != .limited {
            return app.pages.signIn(
                .init(next: "/", error: "This link was used already, or is too old."), status: .unauthorized)
        } catch let error as ControlPlaneError {
            return refuse(error, .init(next: "/"))
        }
    }

    private func signOut(_ request: Request, context: BrowserContext) async throws -> Response {
        var response = Response.redirect(to: "/sign-in", type: .normal)
        app.cookie.clear(in: &response)
        if let secret = app.cookie.value(in: request), let session = app.sessions.end(secret) {
            do {
                try await app.api.signOut(session.token)
            } catch {
                // The browser's way in is gone already; the token ends by itself.
                context.logger.warning("sign-out not passed on", metadata: ["error": "\(String(reflecting: error))"])
            }
        }
        return response
    }

    /// Gives the chat a code for this person; only the chat that made the challenge can use it (RFC 7636).
    private func handOff(_ request: Request, context: BrowserContext) async throws -> Response {
        guard let (secret, session) = app.session(of: request) else { return app.signInFirst(request) }
        let query = request.uri.queryParameters
        guard let chat = app.chatURL(for: request, context),
            let challenge = query["challenge"].map(String.init),
            let state = query["state"].map(String.init), Base64URL.decode(challenge)?.count == 32,
            let length = Base64URL.decode(state)?.count, (16...64).contains(length)
        else {
            throw RequestFault(
                .invalidInput, code: "handoff.malformed", "The chat did not ask for this in a way that we know.",
                hint: "Open the chat from the console again.")
        }
        do {
            let code = try await app.api.handOff(challenge: challenge, as: session.token).code.reveal()
            let escaped = code.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            return .redirect(to: "\(chat)/sign-in/callback?code=\(escaped)&state=\(state)", type: .normal)
        } catch ControlPlaneError.unauthorised {
            app.sessions.end(secret)
            return app.signInFirst(request)
        }
    }

    private func enter(_ signedIn: SignedIn, at next: String, _ request: Request) -> Response {
        var response = Response.redirect(to: next, type: .normal)
        app.begin(signedIn, for: request, in: &response)
        return response
    }

    /// The form again.
    ///
    /// It says the same for a wrong password as for an unknown address.
    private func refuse(_ error: ControlPlaneError, _ page: BrowserPages.SignIn) -> Response {
        var page = page
        switch error {
        case .unavailable: page.error = "The control plane does not answer. Try again in a moment."
        case .unauthorised: page.error = "E-mail or password is wrong."
        case .refused(_, let detail) where error.category == .limited:
            page.error = [detail.message, detail.hint].compactMap { $0 }.joined(separator: " ")
        case .refused: page.error = "E-mail or password is wrong."
        }
        let status = error.category == .limited || error.category == .unavailable ? error.category.status : 401
        return app.pages.signIn(page, status: .init(code: status))
    }

    private func origin(_ request: Request, _ context: BrowserContext) -> ControlPlaneClient.Origin {
        .init(
            address: app.settings.trustedPeers.origin(of: request, from: context.remoteAddress?.ipAddress),
            userAgent: request.headers[.userAgent].map { String($0.prefix(256)) },
            client: .console)
    }
}
