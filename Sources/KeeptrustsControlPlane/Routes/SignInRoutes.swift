import Crypto
import HTTPTypes
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb

/// The resource `/v1/auth`: how people come and go.
struct SignInRoutes {
    let plane: Plane

    var routes: RouteCollection<APIContext> {
        RouteCollection(context: APIContext.self)
            .post("login", use: signIn)
            .post("sign-in-link/redeem", use: redeem)
            .post("logout", use: signOut)
            .post("password", use: changePassword)
            .get("sessions", use: sessions)
            .delete("sessions/:id", use: endSession)
    }

    /// The same words whatever was wrong, so that nobody learns who has an account.
    private static let refusal = RequestFault(
        .unauthenticated, code: "auth.sign_in_failed", "E-mail address or password are not right.")

    private func signIn(_ request: Request, context: APIContext) async throws -> Response {
        let asked = try await request.json(SignInRequest.self, upTo: 4_096)
        let email = asked.email.lowercased()
        let (peer, now) = (context.remoteAddress ?? "unknown", plane.now())
        try plane.throttle.begin(account: email, address: peer, at: now)
        let candidates = try await plane.database.read { try $0.signInCandidates(email: asked.email) }
        let found = try await match(candidates, asked.password)
        guard let found else {
            for candidate in candidates { try await recordFailure(of: candidate, context) }
            throw Self.refusal
        }
        plane.throttle.succeeded(account: email, address: peer)
        let opener = SessionOpener(plane: plane, request: request, context: context)
        return try answer(
            try await opener.open(for: found.user.id, in: found.organisationID, action: "session.sign_in"))
    }

    /// The candidate whose password it is; one password is hashed even when there is no candidate.
    private func match(_ candidates: [SignInCandidate], _ password: Secret) async throws -> SignInCandidate? {
        guard !candidates.isEmpty else {
            _ = try await plane.hasher.verify(password, against: nil)
            return nil
        }
        var found: SignInCandidate?
        for candidate in candidates where try await plane.hasher.verify(password, against: candidate.passwordHash) {
            found = found ?? candidate
        }
        return found
    }

    private func recordFailure(of candidate: SignInCandidate, _ context: APIContext) async throws {
        let record = AuditRecord(
            id: plane.makeID("aud"), time: plane.now(), actor: .init(.user, candidate.user.id.rawValue),
            action: "session.sign_in", resource: candidate.user.id.rawValue, outcome: .failure, requestID: context.id,
            remoteAddress: context.remoteAddress)
        try await plane.database.write { transaction in
            _ = try transaction.append(record, in: candidate.organisationID, hash: SHA256.hexDigest)
        }
    }

    private func redeem(_ request: Request, context: APIContext) async throws -> Response {
        let asked = try await request.json(SignInLink.Redemption.self, upTo: 4_096)
        let (peer, now) = (context.remoteAddress ?? "unknown", plane.now())
        try plane.throttle.begin(address: peer, at: now)
        let hash = plane.key.hash(asked.code)
        let used = try await plane.database.write {
            try $0.redeemSignInLink(hash: hash, at: now).map { ($0.org, $0.link) }
        }
        guard let (org, link) = used else {
            throw RequestFault(
                .unauthenticated, code: "auth.link_not_valid", "This sign-in link is not, or no longer, valid.",
                hint: "Each link works once; ask for a new one.")
        }
        plane.throttle.succeeded(address: peer)
        let opener = SessionOpener(plane: plane, request: request, context: context)
        return try answer(try await opener.open(for: link.userID, in: org, action: "session.redeem_link"))
    }

    private func signOut(_ request: Request, context: APIContext) async throws -> Response {
        let (principal, _, session) = try context.requirePerson()
        try await end([session], by: principal, context)
        return Response(status: .noContent)
    }

    private struct PasswordChange: Decodable {
        var current_password: String?
        var new_password: String
    }

    private func changePassword(_ request: Request, context: APIContext) async throws -> Response {
        let (principal, user, session) = try context.requirePerson()
        let change = try await request.json(PasswordChange.self, upTo: 4_096)
        let fresh = try NewPassword(change.new_password, of: user.email).secret
        let (peer, now) = (context.remoteAddress ?? "unknown", plane.now())
        try plane.throttle.begin(account: user.id.rawValue, address: peer, at: now)
        let candidates = try await plane.database.read { try $0.signInCandidates(email: user.email) }
        if let hash = candidates.first(where: { $0.user.id == user.id })?.passwordHash {
            guard try await plane.hasher.verify(Secret(change.current_password ?? ""), against: hash) else {
                throw RequestFault.field(
                    "current_password", "The current password is not right.", code: "auth.wrong_password")
            }
        }
        plane.throttle.succeeded(account: user.id.rawValue, address: peer)
        let hash = try await plane.hasher.hash(fresh)
        let org = principal.organisation
        try await plane.change(by: principal, context) { transaction in
            try transaction.setPasswordHash(hash, of: user.id, in: org)
            return ((), AuditNote("user.change_password", user.id.rawValue))
        }
        // Whoever else was signed in with the old password is no longer.
        let others = try await plane.database.read { try $0.sessions(of: user.id, in: org, at: now) }
        try await end(others.filter { $0.id != session.id }, by: principal, context)
        return Response(status: .noContent)
    }

    private func sessions(_ request: Request, context: APIContext) async throws -> Response {
        let (principal, user, _) = try context.requirePerson()
        _ = try Query(request, allowing: [])
        let now = plane.now()
        return try answer(
            Page(
                items: try await plane.database.read {
                    try $0.sessions(of: user.id, in: principal.organisation, at: now)
                }))
    }

    private func endSession(_ request: Request, context: APIContext) async throws -> Response {
        let (principal, user, _) = try context.requirePerson()
        let (id, now): (Identifier<Session>, Timestamp) = (try context.identifier(), plane.now())
        let own = try await plane.database.read { try $0.sessions(of: user.id, in: principal.organisation, at: now) }
        guard let session = own.first(where: { $0.id == id }) else { throw NotFound(what: "session") }
        try await end([session], by: principal, context)
        return Response(status: .noContent)
    }

    /// Ends sessions, and the keys for the gateway that those of the chat came with.
    private func end(_ sessions: [Session], by principal: Principal, _ context: APIContext) async throws {
        let (org, now) = (principal.organisation, plane.now())
        for session in sessions {
            try await plane.change(by: principal, context) { transaction in
                try transaction.endSession(session.id, in: org)
                _ = try transaction.revoke(session.chatToken, in: org, at: now)
                return ((), AuditNote("session.end", session.id.rawValue))
            }
        }
        plane.notifier.changed(.init(organisation: org, kind: .keys))
    }
}

/// Opens sessions for people who have proven who they are.
struct SessionOpener {
    let plane: Plane
    let request: Request
    let context: APIContext

    func open(
        for userID: Identifier<User>, in org: Identifier<Organisation>, action: String
    ) async throws -> SignedIn {
        let (now, secret) = (plane.now(), TokenSecret.mint(.session))
        let session = self.session(for: userID, client: client, until: now.advanced(by: plane.settings.sessionLifetime))
        let hash = plane.key.hash(secret)
        let principal = Principal(
            organisation: org, credential: .session(session), user: nil, roles: [], access: Access(roles: []))
        let user = try await plane.change(by: principal, context) { transaction in
            guard let user = try transaction.user(userID, in: org), user.state == .active else {
                throw NotAllowed(.badCredential)
            }
            try transaction.insert(session, hash: hash, in: org)
            try transaction.recordSignIn(of: userID, in: org, at: now)
            return (user, AuditNote(action, session.id.rawValue))
        }
        return SignedIn(token: secret, expiresAt: session.expiresAt, user: user)
    }

    func session(for user: Identifier<User>, client: Session.Client, until end: Timestamp) -> Session {
        let agent =
            context.isTrustedPeer
            ? request.headers[.keeptrustsUserAgent] ?? request.headers[.userAgent] : request.headers[.userAgent]
        return Session(
            id: plane.makeID("ses"), userID: user, client: client, created: plane.now(), expiresAt: end,
            remoteAddress: context.remoteAddress, userAgent: agent.map { String($0.prefix(200)) })
    }

    private var client: Session.Client {
        guard context.isTrustedPeer else { return .cli }
        return request.headers[.keeptrustsClient].flatMap(Session.Client.init) ?? .cli
    }
}

extension Session {
    /// The id of the key for the gateway that a session of the chat comes with.
    var chatToken: Identifier<Token> {
        Identifier(rawValue: "tok_" + id.rawValue.drop { $0 != "_" }.dropFirst())
    }
}

/// A password that somebody chose, and that is hard enough to guess.
struct NewPassword {
    let secret: Secret

    /// - Throws: ``RequestFault`` with `param`.
    init(_ text: String, of email: String, param: String = "new_password") throws(RequestFault) {
        let count = text.unicodeScalars.count
        guard (12...256).contains(count), text.utf8.count <= 1_024 else {
            throw .field(param, "A password has 12 to 256 characters.", code: "auth.weak_password")
        }
        guard text.lowercased() != email.lowercased(), Set(text).count >= 4 else {
            throw .field(param, "This password is too easy to guess.", code: "auth.weak_password")
        }
        secret = Secret(text)
    }
}
