import HTTPTypes
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb

/// The resource `/v1/users`, and the roles that they may hold.
struct UserRoutes {
    let plane: Plane

    var routes: RouteCollection<APIContext> {
        RouteCollection(context: APIContext.self)
            .get("users", use: list)
            .post("users", use: create)
            .get("users/:id", use: show)
            .patch("users/:id", use: update)
            .post("users/:id/sign-in-link", use: makeLink)
            .get("roles", use: roles)
    }

    private func list(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.usersRead)
        let query = try Query(request, allowing: .paging.union(["q"]))
        let (page, text) = (try query.page(), query["q"])
        return try answer(
            try await plane.database.read { try $0.users(page, text: text, in: principal.organisation) })
    }

    private func show(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.usersRead)
        return try answer(try await user(try context.identifier(), of: principal))
    }

    private func create(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.usersWrite)
        let draft = try await request.json(User.Draft.self, upTo: 16_384)
        try principal.mayGrant(draft.roles ?? [])
        guard Self.isAddress(draft.email) else {
            throw RequestFault.field("email", "This is not an e-mail address.")
        }
        guard draft.name.unicodeScalars.count <= 200 else {
            throw RequestFault.field("name", "A name has at most 200 characters.")
        }
        var hash: String?
        if let password = draft.password {
            hash = try await plane.hasher.hash(
                try NewPassword(password.reveal(), of: draft.email, param: "password").secret)
        }
        let user = User(
            id: plane.makeID("usr"), email: draft.email, name: draft.name, roles: (draft.roles ?? []).sorted(),
            created: plane.now())
        let passwordHash = hash
        try await plane.change(by: principal, context) { transaction in
            try transaction.insert(user, passwordHash: passwordHash, in: principal.organisation)
            return (
                (),
                AuditNote(
                    "user.create", user.id.rawValue,
                    details: ["email": user.email, "roles": user.roles.joined(separator: ",")])
            )
        }
        return try answer(user, status: .created)
    }

    private func update(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.usersWrite)
        let id: Identifier<User> = try context.identifier()
        let patch = try await request.json(User.Patch.self, upTo: 16_384)
        if let name = patch.name, name.unicodeScalars.count > 200 {
            throw RequestFault.field("name", "A name has at most 200 characters.")
        }
        try await requireSubordinate(try await user(id, of: principal), to: principal)
        try principal.mayGrant(patch.roles ?? [])
        let (org, now) = (principal.organisation, plane.now())
        try await plane.change(by: principal, context) { transaction in
            try transaction.lock("owners:\(org.rawValue)")
            let hadOwner = try transaction.activeHolders(of: .owner, in: org) > 0
            try transaction.update(patch, of: id, in: org, at: now)
            if patch.roles != nil, !Access(roles: try transaction.effectiveRoles(of: id, in: org)).allows(.chatUse) {
                try transaction.revokeChatTokens(of: id, in: org, at: now)
            }
            guard try !hadOwner || transaction.activeHolders(of: .owner, in: org) > 0 else {
                throw RequestFault(
                    .conflict, code: "user.last_owner", "This is the last active owner.",
                    hint: "Make someone else an owner first.")
            }
            var details: [String: String] = [:]
            details["state"] = patch.state?.rawValue
            details["roles"] = patch.roles?.sorted().joined(separator: ",")
            details["name"] = patch.name
            return ((), AuditNote("user.update", id.rawValue, details: details))
        }
        plane.notifier.changed(.init(organisation: org, kind: .keys))
        return try answer(try await user(id, of: principal))
    }

    private struct LinkDraft: Decodable {
        /// Whether the person's password ends now, so that the link's session may choose a new one.
        var reset_password: Bool?
    }

    private struct LinkAnswer: Encodable {
        var code: String
        var expires_at: Timestamp
    }

    /// Makes a link that signs a person in once; its code is shown this once.
    private func makeLink(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.usersWrite)
        let id: Identifier<User> = try context.identifier()
        let draft = try await request.json(LinkDraft.self, upTo: 4_096)
        let user = try await user(id, of: principal)
        try await requireSubordinate(user, to: principal)
        guard user.state == .active else {
            throw RequestFault(.conflict, code: "user.not_active", "This person is not active.")
        }
        let (now, code, org) = (plane.now(), TokenSecret.mint(.signInCode), principal.organisation)
        let link = SignInLink(
            id: plane.makeID("sil"), userID: id, created: now,
            expiresAt: now.advanced(by: plane.settings.signInLinkLifetime))
        let hash = plane.key.hash(code)
        let resets = draft.reset_password == true
        try await plane.change(by: principal, context) { transaction in
            if resets {
                try transaction.setPasswordHash(nil, of: id, in: org)
                try transaction.endSessions(of: id, in: org)
            }
            try transaction.insert(link, hash: hash, in: org)
            return ((), AuditNote("user.sign_in_link", id.rawValue, details: resets ? ["password": "reset"] : [:]))
        }
        return try answer(LinkAnswer(code: code.reveal(), expires_at: link.expiresAt), status: .created)
    }

    private func roles(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.rolesRead)
        return try answer(Page(items: try await plane.database.read { try $0.roles(in: principal.organisation) }))
    }

    private func user(_ id: Identifier<User>, of principal: Principal) async throws -> User {
        let user = try await plane.database.read { try $0.user(id, in: principal.organisation) }
        guard let user else { throw NotFound(what: "user") }
        return user
    }

    /// Stops who would change someone that may do more than they may themselves.
    private func requireSubordinate(_ user: User, to principal: Principal) async throws {
        let roles = try await plane.database.read {
            try $0.effectiveRoles(of: user.id, in: principal.organisation)
        }
        guard principal.access.includes(Access(roles: roles)) else { throw NotAllowed(.noPermission(.ownersWrite)) }
    }

    /// Whether a text has the form `name@host`, without blanks or controls; only a mail can tell more.
    static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && text.utf8.count <= 254
            && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F && !$0.properties.isWhitespace }
    }
}
