public import KeeptrustsAPI
public import KeeptrustsCore

extension Transaction {
    public func roles(in org: Identifier<Organisation>) throws -> [Role] {
        try rows("SELECT name, description, is_seeded, created FROM role WHERE org_id = \(org) ORDER BY name")
            .map(Role.init)
    }

    /// Adds a role of the organisation's own.
    public func insert(_ role: Role, in org: Identifier<Organisation>) throws {
        try execute(
            """
            INSERT INTO role (org_id, name, description, is_seeded, created)
            VALUES (\(org), \(role.name), \(role.description), \(role.isSeeded), \(role.created))
            """
        )
    }

    /// The names of all roles that count for a person, those of their teams included, sorted.
    public func effectiveRoles(of user: Identifier<User>, in org: Identifier<Organisation>) throws -> [String] {
        try rows(
            """
            SELECT role FROM role_assignment
            WHERE org_id = \(org) AND principal = 'user' AND principal_id = \(user)
            UNION
            SELECT assignment.role FROM role_assignment AS assignment
            JOIN team_member AS member ON member.org_id = assignment.org_id
                AND member.team_id = assignment.principal_id
            WHERE assignment.org_id = \(org) AND assignment.principal = 'team' AND member.user_id = \(user)
            """
        ).map { row -> String in try row["role"] }.sorted()
    }

    /// The names of the roles that a token holds, sorted.
    public func roles(of token: Identifier<Token>, in org: Identifier<Organisation>) throws -> [String] {
        try rows(
            """
            SELECT role FROM role_assignment
            WHERE org_id = \(org) AND principal = 'token' AND principal_id = \(token)
            """
        ).map { row -> String in try row["role"] }.sorted()
    }

    /// Who holds a role, oldest assignment first.
    public func assignments(of role: String, in org: Identifier<Organisation>) throws -> [RoleAssignment] {
        try rows(
            """
            SELECT role, principal, principal_id, created FROM role_assignment
            WHERE org_id = \(org) AND role = \(role) ORDER BY created, principal_id
            """
        ).map(RoleAssignment.init)
    }

    /// How many active people hold a role directly, so that the last owner can be kept.
    public func activeHolders(of role: SeededRole, in org: Identifier<Organisation>) throws -> Int {
        let found = try rows(
            """
            SELECT COUNT(*) FROM role_assignment AS assignment
            JOIN user_account AS holder ON holder.org_id = assignment.org_id AND holder.id = assignment.principal_id
            WHERE assignment.org_id = \(org) AND assignment.principal = 'user'
                AND assignment.role = \(role.rawValue) AND holder.state = 'active'
            """
        )
        return try found.first.map { try $0[0] } ?? 0
    }

    /// Gives a user, team or token exactly these roles.
    public func setRoles(
        _ roles: [String], of principal: RoleAssignment.Principal, _ id: String, in org: Identifier<Organisation>,
        at now: Timestamp
    ) throws {
        try execute(
            """
            DELETE FROM role_assignment
            WHERE org_id = \(org) AND principal = \(principal) AND principal_id = \(id)
                AND role NOT IN \(list: roles + [""])
            """
        )
        for role in Set(roles).sorted() {
            try execute(
                """
                INSERT INTO role_assignment (org_id, principal, principal_id, role, created)
                VALUES (\(org), \(principal), \(id), \(role), \(now)) ON CONFLICT DO NOTHING
                """
            )
        }
    }
}

extension Role {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            name: try row["name"], description: try row["description"], isSeeded: try row["is_seeded"],
            created: try row["created"]
        )
    }
}

extension RoleAssignment {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            role: try row["role"], principal: try row["principal"], principalID: try row["principal_id"],
            created: try row["created"]
        )
    }
}
