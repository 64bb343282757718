import HTTPTypes
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb

/// The resource `/v1/tokens`.
struct TokenRoutes {
    let plane: Plane

    var routes: RouteCollection<APIContext> {
        RouteCollection(context: APIContext.self)
            .get(use: list)
            .post(use: create)
            .post("import", use: adopt)
            .get(":id", use: show)
            .post(":id/rotate", use: rotate)
            .delete(":id", use: revoke)
    }

    private func list(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.tokensRead)
        let query = try Query(request, allowing: .paging.union(["purpose"]))
        let (page, now) = (try query.page(), plane.now())
        let asked = try query.words("purpose", of: Token.Purpose.self)
        let purposes = asked.isEmpty ? Token.Purpose.allCases : asked
        return try answer(
            try await plane.database.read { try $0.tokens(purposes, page, in: principal.organisation, at: now) })
    }

    private func show(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.tokensRead)
        let (id, now): (Identifier<Token>, Timestamp) = (try context.identifier(), plane.now())
        let token = try await plane.database.read { try $0.token(id, in: principal.organisation, at: now) }
        guard let token else { throw NotFound(what: "token") }
        return try answer(token)
    }

    private func create(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.tokensWrite)
        let draft = try await request.json(Token.Draft.self, upTo: 65_536)
        let secret = TokenSecret.mint(try draft.kind())
        return try answer(
            try await insert(draft, secret, "token.create", by: principal, context), status: .created)
    }

    private struct Adoption: Decodable {
        var secret: String
        var token: Token.Draft
    }

    /// Makes a token for a key that callers have already, whatever its form.
    private func adopt(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.tokensWrite)
        let adoption = try await request.json(Adoption.self, upTo: 65_536)
        guard adoption.token.purpose == .general else {
            throw RequestFault.field("token.purpose", "Only keys of purpose 'general' can be brought along.")
        }
        guard (8...512).contains(adoption.secret.utf8.count),
            adoption.secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw RequestFault.field("secret", "A key has 8 to 512 visible ASCII characters.") }
        let issued = try await insert(
            adoption.token, Secret(adoption.secret), "token.import", by: principal, context)
        return try answer(issued.token, status: .created)
    }

    private func insert(
        _ draft: Token.Draft, _ secret: Secret, _ action: String, by principal: Principal, _ context: APIContext
    ) async throws -> Token.Issued {
        let (org, now) = (principal.organisation, plane.now())
        let token = try draft.token(
            plane.makeID("tok"), preview: TokenSecret.preview(secret), by: principal.actor.id, at: now)
        let roles = draft.roles ?? []
        try principal.mayGrant(roles)
        let hash = plane.hash(secret, purpose: token.purpose, in: org)
        try await plane.change(by: principal, context) { transaction in
            try transaction.requireReferences(of: token, in: org, at: now)
            try transaction.insert(token, hash: hash, in: org)
            if !roles.isEmpty {
                try transaction.setRoles(roles, of: .token, token.id.rawValue, in: org, at: now)
            }
            return (
                (),
                AuditNote(action, token.id.rawValue, details: ["purpose": token.purpose.rawValue, "name": token.name])
            )
        }
        plane.notifier.changed(.init(organisation: org, kind: .keys))
        return Token.Issued(token: token, secret: secret)
    }

    private func rotate(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.tokensWrite)
        let id: Identifier<Token> = try context.identifier()
        let rotation = try await request.json(Token.Rotation.self, upTo: 4_096)
        let (org, now) = (principal.organisation, plane.now())
        let overlap = rotation.overlapSeconds.map { Duration.seconds($0) } ?? plane.settings.rotationOverlap
        guard (0...Self.longestOverlap).contains(overlap.components.seconds) else {
            throw RequestFault.field("overlap_seconds", "An overlap lasts 0 to \(Self.longestOverlap) s.")
        }
        let known = try await plane.database.read { transaction in
            (try transaction.token(id, in: org, at: now), try transaction.roles(of: id, in: org))
        }
        guard let token = known.0, token.purpose != .chat else { throw NotFound(what: "token") }
        try principal.mayGrant(known.1)
        let secret = TokenSecret.mint(token.purpose.secretKind)
        let (hash, preview) = (plane.hash(secret, purpose: token.purpose, in: org), TokenSecret.preview(secret))
        let rotated = try await plane.change(by: principal, context) { transaction in
            let end = now.advanced(by: overlap)
            guard let token = try transaction.rotate(id, to: hash, prefix: preview, overlapEnd: end, in: org, at: now)
            else {
                throw RequestFault(.conflict, code: "token.not_active", "Only an active token can be rotated.")
            }
            return (token, AuditNote("token.rotate", id.rawValue, details: ["overlap_until": "\(end)"]))
        }
        plane.notifier.changed(.init(organisation: org, kind: .keys))
        return try answer(Token.Issued(token: rotated, secret: secret))
    }

    private func revoke(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.tokensWrite)
        let (id, org, now): (Identifier<Token>, _, _) = (try context.identifier(), principal.organisation, plane.now())
        let (token, roles) = try await plane.database.read { transaction in
            (try transaction.token(id, in: org, at: now), try transaction.roles(of: id, in: org))
        }
        guard token != nil else { throw NotFound(what: "token") }
        try principal.mayGrant(roles)
        try await plane.change(by: principal, context) { transaction in
            let wasActive = try transaction.revoke(id, in: org, at: now)
            return ((), AuditNote("token.revoke", id.rawValue, details: wasActive ? [:] : ["was": "not active"]))
        }
        plane.notifier.changed(.init(organisation: org, kind: .keys))
        return Response(status: .noContent)
    }

    /// 30 days, in seconds.
    private static let longestOverlap = Int64(2_592_000)
}

extension Plane {
    /// The stored form of a token's secret: gateways must be able to compute that of callers' keys.
    func hash(_ secret: Secret, purpose: Token.Purpose, in org: Identifier<Organisation>) -> String {
        purpose.isGatewayKey ? key.gatewayKeyHash(secret, in: org) : key.hash(secret)
    }
}

extension Principal {
    /// Stops who would give, or take away, more than they have.
    ///
    /// - Throws: ``RequestFault`` 422 for a name that is no role, ``NotAllowed`` for one that allows more.
    func mayGrant(_ roles: [String]) throws {
        for role in roles where SeededRole(rawValue: role) == nil {
            throw RequestFault.field("roles", "There is no role '\(role.prefix(64))'.")
        }
        let granted = Access(roles: roles)
        guard !access.includes(granted) else { return }
        let missing = granted.permissions.subtracting(access.permissions).map(\.rawValue).sorted()
        throw NotAllowed(.noPermission(missing.first.flatMap(Permission.init) ?? .ownersWrite))
    }
}

extension Token.Purpose {
    var secretKind: TokenSecret.Kind {
        switch self {
        case .general, .chat: .gatewayKey
        case .gatewayRuntime: .gatewayRuntime
        case .integration: .integration
        }
    }
}

extension Token.Draft {
    func kind() throws(RequestFault) -> TokenSecret.Kind {
        guard purpose != .chat else {
            throw .field("purpose", "Keys for the chat are made when a person opens it.")
        }
        return purpose.secretKind
    }

    func token(
        _ id: Identifier<Token>, preview: String, by creator: String, at now: Timestamp
    ) throws(RequestFault) -> Token {
        guard (1...200).contains(name.unicodeScalars.count) else {
            throw .field("name", "A name has 1 to 200 characters.")
        }
        if let expiresAt, expiresAt <= now { throw .field("expires_at", "The end must be in the future.") }
        if roles?.isEmpty == false, purpose != .integration {
            throw .field("roles", "Only tokens of purpose 'integration' have roles.")
        }
        if gatewayID != nil, purpose != .gatewayRuntime {
            throw .field("gateway_id", "Only tokens of purpose 'gateway_runtime' belong to a gateway.")
        }
        if purpose != .general {
            let forCallers: [(String, Bool)] = [
                ("allowed_models", allowedModels != nil), ("consumer_group", consumerGroup != nil),
                ("user_id", userID != nil), ("team_id", teamID != nil),
                ("may_assert_identity", mayAssertIdentity == true),
            ]
            for (field, isSet) in forCallers where isSet {
                throw .field(field, "Only tokens of purpose 'general' have this field.")
            }
        }
        if let allowedModels,
            allowedModels.count > 500 || allowedModels.contains(where: { $0.isEmpty || $0.utf8.count > 256 })
        {
            throw .field("allowed_models", "At most 500 models, each with 1 to 256 bytes.")
        }
        return Token(
            id: id, name: name, purpose: purpose, prefix: preview, created: now, createdBy: creator,
            expiresAt: expiresAt, allowedModels: allowedModels, consumerGroup: consumerGroup, teamID: teamID,
            userID: userID, gatewayID: gatewayID, mayAssertIdentity: mayAssertIdentity ?? false)
    }
}

extension Transaction {
    /// Stops when a token refers to what its organisation does not have.
    fileprivate func requireReferences(
        of token: Token, in org: Identifier<Organisation>, at now: Timestamp
    ) throws {
        if let id = token.userID, try user(id, in: org) == nil {
            throw RequestFault.field("user_id", "There is no such user.")
        }
        if let id = token.teamID, try team(id, in: org) == nil {
            throw RequestFault.field("team_id", "There is no such team.")
        }
        if let id = token.gatewayID, try gateway(id, in: org, at: now) == nil {
            throw RequestFault.field("gateway_id", "There is no such gateway.")
        }
    }
}
