extension Transaction {
    /// What the servers of this database have written down under a name.
    public func serverState(_ name: String) throws -> String? {
        try rows("SELECT value FROM server_state WHERE name = \(name)").first.map { try $0["value"] }
    }

    /// Writes something down for all servers of this database, in place of what was there.
    public func setServerState(_ name: String, to value: String) throws {
        try execute(
            """
            INSERT INTO server_state (name, value) VALUES (\(name), \(value))
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """
        )
    }

    /// Whether any organisation has a token, in force or not.
    public func hasTokens() throws -> Bool {
        try !rows("SELECT 1 AS found FROM token LIMIT 1").isEmpty
    }
}
