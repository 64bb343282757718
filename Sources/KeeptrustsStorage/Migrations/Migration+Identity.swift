extension Migration {
    /// Who there is: organisations, people, roles, sessions, tokens.
    ///
    /// Times are microseconds since 1970. Hashes of secrets are texts in hexadecimal digits.
    static let identity = Migration(
        name: "0001-identity",
        statements: [
            """
            CREATE TABLE organisation (
                id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 128),
                name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
                created BIGINT NOT NULL,
                key_generation BIGINT NOT NULL DEFAULT 0  -- counts the changes of keys that gateways accept
            )
            """,
            """
            CREATE TABLE setting (
                org_id TEXT NOT NULL REFERENCES organisation (id),
                name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
                value TEXT NOT NULL,
                PRIMARY KEY (org_id, name)
            )
            """,
            """
            CREATE TABLE team (
                org_id TEXT NOT NULL REFERENCES organisation (id),
                id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
                name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
                created BIGINT NOT NULL,
                PRIMARY KEY (org_id, id),
                UNIQUE (org_id, name)
            )
            """,
            """
            CREATE TABLE user_account (
                org_id TEXT NOT NULL REFERENCES organisation (id),
                id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
                email TEXT NOT NULL,
                email_key TEXT NOT NULL CHECK (length(email_key) BETWEEN 3 AND 320),  -- in lower case
                name TEXT NOT NULL CHECK (length(name) <= 200),
                state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'removed')),
                password_hash TEXT,
                created BIGINT NOT NULL,
                last_sign_in BIGINT,
                PRIMARY KEY (org_id, id),
                UNIQUE (org_id, email_key)
            )
            """,
            "CREATE INDEX user_account_by_email ON user_account (email_key)",
            """
            CREATE TABLE team_member (
                org_id TEXT NOT NULL,
                team_id TEXT NOT NULL,
                user_id TEXT NOT NULL,
                PRIMARY KEY (org_id, team_id, user_id),
                FOREIGN KEY (org_id, team_id) REFERENCES team (org_id, id) ON DELETE CASCADE,
                FOREIGN KEY (org_id, user_id) REFERENCES user_account (org_id, id)
            )
            """,
            "CREATE INDEX team_member_by_user ON team_member (org_id, user_id)",
            """
            CREATE TABLE role (
                org_id TEXT NOT NULL REFERENCES organisation (id),
                name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
                description TEXT NOT NULL,
                is_seeded BOOLEAN NOT NULL,
                created BIGINT NOT NULL,
                PRIMARY KEY (org_id, name)
            )
            """,
            """
            CREATE TABLE role_assignment (
                org_id TEXT NOT NULL,
                principal TEXT NOT NULL CHECK (principal IN ('user', 'team', 'token')),
                principal_id TEXT NOT NULL CHECK (length(principal_id) BETWEEN 1 AND 128),
                role TEXT NOT NULL,
                created BIGINT NOT NULL,
                PRIMARY KEY (org_id, principal, principal_id, role),
                FOREIGN KEY (org_id, role) REFERENCES role (org_id, name)
            )
            """,
            "CREATE INDEX role_assignment_by_role ON role_assignment (org_id, role)",
            """
            CREATE TABLE session (
                org_id TEXT NOT NULL,
                id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
                hash TEXT NOT NULL UNIQUE CHECK (length(hash) BETWEEN 32 AND 128),
                user_id TEXT NOT NULL,
                client TEXT NOT NULL,
                created BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                last_seen BIGINT,
                remote_address TEXT,
                user_agent TEXT,
                PRIMARY KEY (org_id, id),
                FOREIGN KEY (org_id, user_id) REFERENCES user_account (org_id, id)
            )
            """,
            "CREATE INDEX session_by_user ON session (org_id, user_id)",
            """
            CREATE TABLE sign_in_link (
                org_id TEXT NOT NULL,
                id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
                hash TEXT NOT NULL UNIQUE CHECK (length(hash) BETWEEN 32 AND 128),
                user_id TEXT NOT NULL,
                created BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                used_at BIGINT,
                PRIMARY KEY (org_id, id),
                FOREIGN KEY (org_id, user_id) REFERENCES user_account (org_id, id)
            )
            """,
            """
            CREATE TABLE handoff (
                org_id TEXT NOT NULL,
                id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
                hash TEXT NOT NULL UNIQUE CHECK (length(hash) BETWEEN 32 AND 128),
                user_id TEXT NOT NULL,
                session_id TEXT NOT NULL,
                code_challenge TEXT NOT NULL CHECK (length(code_challenge) BETWEEN 43 AND 128),
                created BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                used_at BIGINT,
                PRIMARY KEY (org_id, id),
                FOREIGN KEY (org_id, user_id) REFERENCES user_account (org_id, id),
                FOREIGN KEY (org_id, session_id) REFERENCES session (org_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX handoff_by_session ON handoff (org_id, session_id)",
        ]
    )
}
