extension Migration {
    /// What the servers that share a database must agree on; of no organisation.
    static let serverState = Migration(
        name: "0006-server-state",
        statements: [
            """
            CREATE TABLE server_state (
                name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 128),
                value TEXT NOT NULL CHECK (length(value) <= 1000)
            )
            """
        ]
    )
}
