import HTTPTypes
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb

/// Finds out who asks, from the bearer credential alone.
///
/// Refuses nothing but ambiguity: what the caller may do, each route says itself.
struct AuthenticationMiddleware: RouterMiddleware {
    let plane: Plane

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.isTrustedPeer = plane.settings.trustedPeers.contains(context.peerAddress)
        context.remoteAddress = plane.settings.trustedPeers.origin(of: request, from: context.peerAddress)
        if let secret = try Self.credential(in: request) {
            context.principal = try await principal(of: secret)
            context.hasBadCredential = context.principal == nil
        }
        return try await next(request, context)
    }

    /// The bearer credential.
    ///
    /// - Throws: ``RequestFault`` when there are two, which two readers could take differently.
    static func credential(in request: Request) throws(RequestFault) -> Secret? {
        let values = request.headers[values: .authorization]
        guard values.count <= 1 else {
            throw RequestFault(
                .invalidInput, code: "auth.ambiguous_credential", "The request carries more than one credential.")
        }
        guard let value = values.first else { return nil }
        let parts = value.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bearer", (1...512).contains(parts[1].utf8.count) else {
            throw RequestFault(
                .unauthenticated, code: "auth.bad_credential", "The header 'Authorization' is not 'Bearer …'.")
        }
        return Secret(String(parts[1]))
    }

    private func principal(of secret: Secret) async throws -> Principal? {
        let (hash, now) = (plane.key.hash(secret), plane.now())
        let principal = try await plane.database.read { transaction in
            try transaction.principal(hash: hash, at: now)
        }
        if let principal, principal.isToTouch(at: now) {
            // Only for people who look at lists; a database that cannot write now must not keep them out.
            try? await plane.database.write { transaction in
                switch principal.credential {
                case .session(let session): try transaction.touch(session.id, in: principal.organisation, at: now)
                case .token(let token): try transaction.touch([token.id], in: principal.organisation, at: now)
                }
            }
        }
        return principal
    }
}

extension Transaction {
    /// Whom a hash of a credential stands for now.
    fileprivate func principal(hash: String, at now: Timestamp) throws -> Principal? {
        if let holder = try sessionHolder(hash: hash, at: now) {
            let org = holder.organisationID
            guard let user = try user(holder.session.userID, in: org), user.state == .active else { return nil }
            let roles = try effectiveRoles(of: user.id, in: org)
            return Principal(
                organisation: org, credential: .session(holder.session), user: user, roles: roles,
                access: Access(roles: roles))
        }
        guard let holder = try tokenHolder(hash: hash, at: now) else { return nil }
        let roles =
            holder.token.purpose == .integration ? try roles(of: holder.token.id, in: holder.organisationID) : []
        return Principal(
            organisation: holder.organisationID, credential: .token(holder.token), user: nil, roles: roles,
            access: Access(roles: roles))
    }
}

extension Principal {
    /// Whether its last use was noted more than a minute ago.
    fileprivate func isToTouch(at now: Timestamp) -> Bool {
        let last =
            switch credential {
            case .session(let session): session.lastSeen
            case .token(let token): token.lastUsed
            }
        guard let last else { return true }
        return last < now.advanced(by: .seconds(-60))
    }
}

extension HTTPField.Name {
    static let keeptrustsClient = Self("x-keeptrusts-client") ?? .forwardedFor
    static let keeptrustsUserAgent = Self("x-keeptrusts-user-agent") ?? .forwardedFor
    private static var forwardedFor: Self { .via }
}
