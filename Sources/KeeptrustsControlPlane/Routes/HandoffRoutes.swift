import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb

/// The resource `/v1/auth/handoff`: how a person gets from the console to the chat (RFC 7636, method S256).
struct HandoffRoutes {
    let plane: Plane

    var routes: RouteCollection<APIContext> {
        RouteCollection(context: APIContext.self)
            .post(use: begin)
            .post("exchange", use: exchange)
    }

    private func begin(_ request: Request, context: APIContext) async throws -> Response {
        try context.require(.chatUse)
        let (principal, user, session) = try context.requirePerson()
        let draft = try await request.json(Handoff.Draft.self, upTo: 4_096)
        guard draft.codeChallenge.utf8.count == 43, Base64URL.decode(draft.codeChallenge)?.count == 32 else {
            throw RequestFault.field(
                "code_challenge", "The challenge must be the SHA-256 of the verifier in base64url.")
        }
        let (now, code) = (plane.now(), TokenSecret.mint(.handoffCode))
        let handoff = Handoff(
            id: plane.makeID("hof"), userID: user.id, sessionID: session.id, codeChallenge: draft.codeChallenge,
            created: now, expiresAt: now.advanced(by: plane.settings.handoffLifetime))
        let (hash, org) = (plane.key.hash(code), principal.organisation)
        try await plane.change(by: principal, context) { transaction in
            try transaction.insert(handoff, hash: hash, in: org)
            return ((), AuditNote("handoff.begin", handoff.id.rawValue))
        }
        return try answer(Handoff.Code(code: code, expiresAt: handoff.expiresAt), status: .created)
    }

    private func exchange(_ request: Request, context: APIContext) async throws -> Response {
        let asked = try await request.json(HandoffExchange.self, upTo: 4_096)
        let (now, hash, peer) = (plane.now(), plane.key.hash(asked.code), context.remoteAddress ?? "unknown")
        try plane.throttle.begin(address: peer, at: now)
        let used = try await plane.database.write {
            try $0.redeemHandoff(hash: hash, at: now).map { ($0.org, $0.handoff) }
        }
        guard let (org, handoff) = used, Self.matches(handoff, asked.codeVerifier) else {
            throw RequestFault(
                .unauthenticated, code: "auth.handoff_not_valid", "This code is not, or no longer, valid.",
                hint: "Open the chat from the console again.")
        }
        plane.throttle.succeeded(address: peer)
        let opener = SessionOpener(plane: plane, request: request, context: context)
        return try answer(try await handOver(handoff, in: org, opener))
    }

    /// Makes the chat's session and its key for the gateway, which end together.
    private func handOver(
        _ handoff: Handoff, in org: Identifier<Organisation>, _ opener: SessionOpener
    ) async throws -> HandedOff {
        let (now, secret, key) = (plane.now(), TokenSecret.mint(.session), TokenSecret.mint(.gatewayKey))
        let session = opener.session(
            for: handoff.userID, client: .chat, until: now.advanced(by: plane.settings.sessionLifetime))
        let token = Token(
            id: session.chatToken, name: "Chat", purpose: .chat, prefix: TokenSecret.preview(key), created: now,
            createdBy: handoff.userID.rawValue, expiresAt: session.expiresAt, userID: handoff.userID)
        let (hash, keyHash) = (plane.key.hash(secret), plane.key.gatewayKeyHash(key, in: org))
        let principal = Principal(
            organisation: org, credential: .session(session), user: nil, roles: [], access: Access(roles: []))
        let user = try await plane.change(by: principal, opener.context) { transaction in
            guard let user = try transaction.user(handoff.userID, in: org), user.state == .active,
                Access(roles: try transaction.effectiveRoles(of: user.id, in: org)).allows(.chatUse)
            else { throw NotAllowed(.badCredential) }
            try transaction.insert(session, hash: hash, in: org)
            try transaction.insert(token, hash: keyHash, in: org)
            return (user, AuditNote("handoff.exchange", handoff.id.rawValue, details: ["session": session.id.rawValue]))
        }
        plane.notifier.changed(.init(organisation: org, kind: .keys))
        return HandedOff(token: secret, gatewayKey: key, expiresAt: session.expiresAt, user: user)
    }

    /// Whether the challenge is the verifier's hash; compared as hashes, so time tells nothing.
    private static func matches(_ handoff: Handoff, _ verifier: Secret) -> Bool {
        let text = verifier.reveal()
        guard (43...128).contains(text.utf8.count), let challenge = Base64URL.decode(handoff.codeChallenge) else {
            return false
        }
        return SHA256.hash(data: Data(text.utf8)) == challenge
    }
}
