extension Migration {
    /// The gateways, what they should run, and the tokens that they and their callers hold.
    static let fleet = Migration(
        name: "0002-fleet",
        statements: [
            """
            CREATE TABLE gateway (
                org_id TEXT NOT NULL REFERENCES organisation (id),
                id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
                name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
                advertise_addr TEXT NOT NULL CHECK (length(advertise_addr) <= 300),
                listen_addr TEXT NOT NULL CHECK (length(listen_addr) <= 300),
                version TEXT NOT NULL CHECK (length(version) <= 100),
                mode TEXT NOT NULL,
                instance_id TEXT NOT NULL CHECK (length(instance_id) <= 128),
                config_name TEXT NOT NULL CHECK (length(config_name) <= 300),
                config_version TEXT NOT NULL CHECK (length(config_version) <= 100),
                config_digest TEXT NOT NULL CHECK (length(config_digest) <= 128),
                created BIGINT NOT NULL,
                last_seen BIGINT NOT NULL,
                uptime_seconds BIGINT NOT NULL DEFAULT 0,
                in_flight BIGINT NOT NULL DEFAULT 0,
                requests BIGINT NOT NULL DEFAULT 0,
                spool_records BIGINT NOT NULL DEFAULT 0,
                spool_bytes BIGINT NOT NULL DEFAULT 0,
                keys_generation BIGINT NOT NULL DEFAULT 0,
                PRIMARY KEY (org_id, id)
            )
            """,
            """
            CREATE TABLE token (
                org_id TEXT NOT NULL REFERENCES organisation (id),
                id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
                name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
                purpose TEXT NOT NULL,
                prefix TEXT NOT NULL CHECK (length(prefix) <= 32),
                status TEXT NOT NULL CHECK (status IN ('active', 'revoked')),
                created BIGINT NOT NULL,
                created_by TEXT NOT NULL,
                expires_at BIGINT,
                revoked_at BIGINT,
                rotated_at BIGINT,
                previous_secret_until BIGINT,
                last_used BIGINT,
                allowed_models TEXT,  -- a JSON array of texts; NULL: all
                consumer_group TEXT CHECK (length(consumer_group) <= 200),
                team_id TEXT,
                user_id TEXT,
                gateway_id TEXT,
                may_assert_identity BOOLEAN NOT NULL,
                PRIMARY KEY (org_id, id),
                FOREIGN KEY (org_id, team_id) REFERENCES team (org_id, id),
                FOREIGN KEY (org_id, user_id) REFERENCES user_account (org_id, id),
                FOREIGN KEY (org_id, gateway_id) REFERENCES gateway (org_id, id)
            )
            """,
            "CREATE INDEX token_by_purpose ON token (org_id, purpose, id)",
            "CREATE INDEX token_by_user ON token (org_id, user_id)",
            // One row for each secret that a token ever had: a rotation adds one and ends the one before.
            """
            CREATE TABLE token_secret (
                org_id TEXT NOT NULL,
                hash TEXT NOT NULL PRIMARY KEY CHECK (length(hash) BETWEEN 32 AND 128),
                token_id TEXT NOT NULL,
                status TEXT NOT NULL CHECK (status IN ('active', 'revoked')),
                valid_until BIGINT,       -- the end of a rotation's overlap
                generation BIGINT NOT NULL,  -- the organisation's when it changed last; 0 where gateways do not accept it
                FOREIGN KEY (org_id, token_id) REFERENCES token (org_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX token_secret_by_token ON token_secret (org_id, token_id)",
            "CREATE INDEX token_secret_by_generation ON token_secret (org_id, generation)",
            """
            CREATE TABLE configuration (
                org_id TEXT NOT NULL REFERENCES organisation (id),
                id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
                name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
                latest_version BIGINT NOT NULL,
                created BIGINT NOT NULL,
                updated BIGINT NOT NULL,
                created_by TEXT NOT NULL,
                PRIMARY KEY (org_id, id),
                UNIQUE (org_id, name)
            )
            """,
            """
            CREATE TABLE configuration_version (
                org_id TEXT NOT NULL,
                configuration_id TEXT NOT NULL,
                version BIGINT NOT NULL CHECK (version >= 1),
                yaml TEXT NOT NULL CHECK (length(yaml) <= 4194304),
                digest TEXT NOT NULL,
                note TEXT NOT NULL CHECK (length(note) <= 2000),
                created BIGINT NOT NULL,
                created_by TEXT NOT NULL,
                PRIMARY KEY (org_id, configuration_id, version),
                FOREIGN KEY (org_id, configuration_id) REFERENCES configuration (org_id, id) ON DELETE CASCADE
            )
            """,
            """
            CREATE TABLE configuration_assignment (
                org_id TEXT NOT NULL,
                target TEXT NOT NULL,  -- a gateway's id; * for all that have none of their own
                configuration_id TEXT NOT NULL,
                version BIGINT NOT NULL,
                created BIGINT NOT NULL,
                created_by TEXT NOT NULL,
                PRIMARY KEY (org_id, target),
                FOREIGN KEY (org_id, configuration_id, version)
                    REFERENCES configuration_version (org_id, configuration_id, version)
            )
            """,
        ]
    )
}
