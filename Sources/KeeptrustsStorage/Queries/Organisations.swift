public import KeeptrustsAPI
public import KeeptrustsCore

extension Transaction {
    /// Adds an organisation with its seeded roles.
    public func insert(_ organisation: Organisation) throws {
        try execute(
            """
            INSERT INTO organisation (id, name, created)
            VALUES (\(organisation.id), \(organisation.name), \(organisation.created))
            """
        )
        for role in SeededRole.allCases {
            try execute(
                """
                INSERT INTO role (org_id, name, description, is_seeded, created)
                VALUES (\(organisation.id), \(role.rawValue), \(role.summary), \(true), \(organisation.created))
                """
            )
        }
    }

    public func organisation(_ id: Identifier<Organisation>) throws -> Organisation? {
        try rows("SELECT id, name, created FROM organisation WHERE id = \(id)").first.map(Organisation.init)
    }

    /// All organisations of this installation, oldest first, at most `limit`; for start-up and for the operator.
    public func organisations(limit: Int = 100) throws -> [Organisation] {
        try rows("SELECT id, name, created FROM organisation ORDER BY created, id LIMIT \(limit)")
            .map(Organisation.init)
    }

    @discardableResult
    public func update(_ patch: Organisation.Patch, of id: Identifier<Organisation>) throws -> Bool {
        guard let name = patch.name else { return try organisation(id) != nil }
        return try execute("UPDATE organisation SET name = \(name) WHERE id = \(id)") > 0
    }

    /// The value of a setting that programs keep here, such as the key that hashes secrets.
    public func setting(_ name: String, in org: Identifier<Organisation>) throws -> String? {
        try rows("SELECT value FROM setting WHERE org_id = \(org) AND name = \(name)").first.map { try $0["value"] }
    }

    public func set(_ name: String, to value: String, in org: Identifier<Organisation>) throws {
        try execute(
            """
            INSERT INTO setting (org_id, name, value) VALUES (\(org), \(name), \(value))
            ON CONFLICT (org_id, name) DO UPDATE SET value = excluded.value
            """
        )
    }

    /// Gives a setting its first value, unless it has one; the result is the value that it has then.
    public func establish(_ name: String, as value: String, in org: Identifier<Organisation>) throws -> String {
        try execute(
            """
            INSERT INTO setting (org_id, name, value) VALUES (\(org), \(name), \(value))
            ON CONFLICT (org_id, name) DO NOTHING
            """
        )
        return try setting(name, in: org) ?? value
    }
}

extension Organisation {
    init(_ row: SQLRow) throws {
        self.init(id: try row["id"], name: try row["name"], created: try row["created"])
    }
}
