public import KeeptrustsAPI
public import KeeptrustsCore

/// Who may be meant by an e-mail address that someone signs in with.
public struct SignInCandidate: Sendable, Equatable {
    public var organisationID: Identifier<Organisation>
    public var user: User

    /// In the form of the password hash's own algorithm; nil for who has no password.
    public var passwordHash: String?
}

extension Transaction {
    /// Adds a person with the roles that `user` names.
    public func insert(_ user: User, passwordHash: String? = nil, in org: Identifier<Organisation>) throws {
        try execute(
            """
            INSERT INTO user_account (org_id, id, email, email_key, name, state, password_hash, created, last_sign_in)
            VALUES (\(org), \(user.id), \(user.email), \(user.email.lowercased()), \(user.name), \(user.state),
                \(passwordHash), \(user.created), \(user.lastSignIn))
            """
        )
        try setRoles(user.roles, of: .user, user.id.rawValue, in: org, at: user.created)
    }

    public func user(_ id: Identifier<User>, in org: Identifier<Organisation>) throws -> User? {
        let found = try rows("SELECT \(User.columns) FROM user_account WHERE org_id = \(org) AND id = \(id)")
        return try withRoles(found, in: org).first
    }

    /// One page of people, the newest first; `text` stands in the name or the address.
    public func users(
        _ page: PageRequest, text: String? = nil, in org: Identifier<Organisation>
    ) throws -> Page<User> {
        var conditions: [SQL] = ["org_id = \(org)", try page.condition()]
        if let text {
            let pattern = try LikePattern(containing: text)
            conditions.append(
                "(email_key LIKE \(pattern.text) ESCAPE '!' OR LOWER(name) LIKE \(pattern.text) ESCAPE '!')")
        }
        let found = try rows(
            """
            SELECT \(User.columns) FROM user_account WHERE \(conditions.allOf)
            ORDER BY id DESC LIMIT \(page.limitAndOne)
            """
        )
        return Page(try withRoles(found, in: org), page) { $0.id.rawValue }
    }

    /// Active people with this address, in every organisation: who signs in has not said which one.
    public func signInCandidates(email: String) throws -> [SignInCandidate] {
        let found = try rows(
            """
            SELECT org_id, \(User.columns), password_hash FROM user_account
            WHERE email_key = \(email.lowercased()) AND state = 'active' ORDER BY org_id LIMIT 10
            """
        )
        return try found.compactMap { row in
            let org: Identifier<Organisation> = try row["org_id"]
            return try withRoles([row], in: org).first.map {
                SignInCandidate(organisationID: org, user: $0, passwordHash: try row["password_hash"])
            }
        }
    }

    /// Whether any active person has a password, so that a sign-in link is not the only way in.
    public func hasPasswords() throws -> Bool {
        try !rows("SELECT id FROM user_account WHERE password_hash IS NOT NULL AND state = 'active' LIMIT 1").isEmpty
    }

    /// Changes what `patch` names; a person who is no longer active loses sessions and keys at once.
    @discardableResult
    public func update(
        _ patch: User.Patch, of id: Identifier<User>, in org: Identifier<Organisation>, at now: Timestamp
    ) throws -> Bool {
        guard let user = try user(id, in: org) else { return false }
        let (name, state) = (patch.name ?? user.name, patch.state ?? user.state)
        try execute(
            "UPDATE user_account SET name = \(name), state = \(state) WHERE org_id = \(org) AND id = \(id)")
        if let roles = patch.roles { try setRoles(roles, of: .user, id.rawValue, in: org, at: now) }
        if state != user.state {
            if state != .active { try endSessions(of: id, in: org) }
            try announceKeys(of: id, in: org)
        }
        return true
    }

    @discardableResult
    public func setPasswordHash(
        _ hash: String?, of id: Identifier<User>, in org: Identifier<Organisation>
    ) throws -> Bool {
        try execute("UPDATE user_account SET password_hash = \(hash) WHERE org_id = \(org) AND id = \(id)") > 0
    }

    public func recordSignIn(
        of id: Identifier<User>, in org: Identifier<Organisation>, at now: Timestamp
    ) throws {
        try execute("UPDATE user_account SET last_sign_in = \(now) WHERE org_id = \(org) AND id = \(id)")
    }

    /// Reads people with the roles that they hold directly.
    private func withRoles(_ found: [SQLRow], in org: Identifier<Organisation>) throws -> [User] {
        let ids: [String] = try found.map { try $0["id"] }
        var roles: [String: [String]] = [:]
        for row in try rows(
            """
            SELECT principal_id, role FROM role_assignment
            WHERE org_id = \(org) AND principal = 'user' AND principal_id IN \(list: ids)
            """
        ) {
            roles[try row["principal_id"], default: []].append(try row["role"])
        }
        return try found.map { row in
            var user = try User(row)
            user.roles = (roles[user.id.rawValue] ?? []).sorted()
            return user
        }
    }
}

extension User {
    fileprivate static let columns: SQL = "id, email, name, state, created, last_sign_in"

    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: try row["id"], email: try row["email"], name: try row["name"], state: try row["state"],
            created: try row["created"], lastSignIn: try row["last_sign_in"]
        )
    }
}
