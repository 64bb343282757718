public import KeeptrustsAPI
public import KeeptrustsCore

extension Transaction {
    public func insert(_ team: Team, in org: Identifier<Organisation>) throws {
        try execute(
            """
            INSERT INTO team (org_id, id, name, created)
            VALUES (\(org), \(team.id), \(team.name), \(team.created))
            """
        )
    }

    public func team(_ id: Identifier<Team>, in org: Identifier<Organisation>) throws -> Team? {
        try rows("SELECT id, name, created FROM team WHERE org_id = \(org) AND id = \(id)").first.map(Team.init)
    }

    /// One page of teams, the newest first.
    public func teams(_ page: PageRequest, in org: Identifier<Organisation>) throws -> Page<Team> {
        let found = try rows(
            """
            SELECT id, name, created FROM team WHERE org_id = \(org) AND \(page.condition())
            ORDER BY id DESC LIMIT \(page.limitAndOne)
            """
        )
        return Page(try found.map(Team.init), page) { $0.id.rawValue }
    }

    /// Makes a person a member; nothing happens when they are one.
    public func add(
        _ user: Identifier<User>, to team: Identifier<Team>, in org: Identifier<Organisation>
    ) throws {
        try execute(
            """
            INSERT INTO team_member (org_id, team_id, user_id) VALUES (\(org), \(team), \(user))
            ON CONFLICT DO NOTHING
            """
        )
    }

    @discardableResult
    public func remove(
        _ user: Identifier<User>, from team: Identifier<Team>, in org: Identifier<Organisation>
    ) throws -> Bool {
        try execute(
            "DELETE FROM team_member WHERE org_id = \(org) AND team_id = \(team) AND user_id = \(user)") > 0
    }

    public func teams(of user: Identifier<User>, in org: Identifier<Organisation>) throws -> [Team] {
        try rows(
            """
            SELECT team.id, team.name, team.created FROM team
            JOIN team_member AS member ON member.org_id = team.org_id AND member.team_id = team.id
            WHERE team.org_id = \(org) AND member.user_id = \(user) ORDER BY team.id
            """
        ).map(Team.init)
    }
}

extension Team {
    fileprivate init(_ row: SQLRow) throws {
        self.init(id: try row["id"], name: try row["name"], created: try row["created"])
    }
}
