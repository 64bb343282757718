extension Migration {
    /// The audit log, which the database itself refuses to change.
    static let audit = Migration(
        name: "0004-audit",
        statements: [
            """
            CREATE TABLE audit_record (
                org_id TEXT NOT NULL REFERENCES organisation (id),
                sequence BIGINT NOT NULL CHECK (sequence >= 1),
                id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
                time BIGINT NOT NULL,
                actor_kind TEXT NOT NULL,
                actor_id TEXT NOT NULL,
                action TEXT NOT NULL,
                resource TEXT,
                outcome TEXT NOT NULL,
                request_id TEXT,
                remote_address TEXT,
                details TEXT NOT NULL,  -- a JSON object of texts
                previous_hash TEXT NOT NULL,
                hash TEXT NOT NULL CHECK (hash <> ''),
                PRIMARY KEY (org_id, sequence),
                UNIQUE (org_id, id)
            )
            """,
            .each(
                sqlite: """
                    CREATE TRIGGER audit_record_no_update BEFORE UPDATE ON audit_record
                    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
                    """,
                postgres: [
                    """
                    CREATE FUNCTION audit_record_refuse() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN RAISE EXCEPTION ''the audit log is append-only'' USING ERRCODE = ''check_violation''; END'
                    """,
                    """
                    CREATE TRIGGER audit_record_no_update BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record
                    FOR EACH STATEMENT EXECUTE FUNCTION audit_record_refuse()
                    """,
                ]
            ),
            .each(
                sqlite: """
                    CREATE TRIGGER audit_record_no_delete BEFORE DELETE ON audit_record
                    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
                    """,
                postgres: []
            ),
        ]
    )
}
