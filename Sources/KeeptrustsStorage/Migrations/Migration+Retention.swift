extension Migration {
    /// How long events are kept: when one is removed, and until when the database itself lets nobody change or remove it.
    ///
    /// A later step that changes rows of `decision_event` must drop these triggers first, and make them again.
    static let retention = Migration(
        name: "0007-retention",
        statements: [
            "ALTER TABLE decision_event ADD COLUMN retained_until BIGINT",  // microseconds since 1970; NULL for ever
            "ALTER TABLE decision_event ADD COLUMN immutable_until BIGINT",  // NULL for not at all
            """
            CREATE INDEX decision_event_by_retention ON decision_event (org_id, retained_until)
            WHERE retained_until IS NOT NULL
            """,
            // Which numbers removed events had, so that they are not taken for lost ones.
            """
            CREATE TABLE removed_events (
                org_id TEXT NOT NULL REFERENCES organisation (id),
                gateway_id TEXT NOT NULL,
                first_sequence BIGINT NOT NULL,
                last_sequence BIGINT NOT NULL CHECK (last_sequence >= first_sequence),
                PRIMARY KEY (org_id, gateway_id, last_sequence)
            )
            """,
            // The second condition is for `UPDATE OR REPLACE`, which removes what stands in its way.
            .each(
                sqlite: """
                    CREATE TRIGGER decision_event_no_update BEFORE UPDATE ON decision_event
                    WHEN OLD.immutable_until > unixepoch() * 1000000 OR EXISTS (
                        SELECT 1 FROM decision_event WHERE org_id = NEW.org_id AND id = NEW.id
                            AND immutable_until > unixepoch() * 1000000)
                    BEGIN SELECT RAISE(ABORT, 'this event may not be changed or removed yet'); END
                    """,
                postgres: [
                    """
                    CREATE FUNCTION decision_event_refuse() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN
                        RAISE EXCEPTION ''this event may not be changed or removed yet'' USING ERRCODE = ''check_violation'';
                    END'
                    """,
                    """
                    CREATE TRIGGER decision_event_immutable BEFORE UPDATE OR DELETE ON decision_event FOR EACH ROW
                    WHEN (OLD.immutable_until > CAST(EXTRACT(EPOCH FROM now()) * 1000000 AS BIGINT))
                    EXECUTE FUNCTION decision_event_refuse()
                    """,
                    """
                    CREATE FUNCTION decision_event_refuse_all() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN
                        IF EXISTS (SELECT 1 FROM decision_event
                            WHERE immutable_until > CAST(EXTRACT(EPOCH FROM now()) * 1000000 AS BIGINT)) THEN
                            RAISE EXCEPTION ''there are events that may not be removed yet''
                                USING ERRCODE = ''check_violation'';
                        END IF;
                        RETURN NULL;
                    END'
                    """,
                    """
                    CREATE TRIGGER decision_event_no_truncate BEFORE TRUNCATE ON decision_event
                    FOR EACH STATEMENT EXECUTE FUNCTION decision_event_refuse_all()
                    """,
                ]
            ),
            .each(
                sqlite: """
                    CREATE TRIGGER decision_event_no_delete BEFORE DELETE ON decision_event
                    WHEN OLD.immutable_until > unixepoch() * 1000000
                    BEGIN SELECT RAISE(ABORT, 'this event may not be changed or removed yet'); END
                    """,
                postgres: []
            ),
            // `INSERT OR REPLACE` deletes without a trigger for it; a second delivery is passed over as it would be anyway.
            .each(
                sqlite: """
                    CREATE TRIGGER decision_event_no_replace BEFORE INSERT ON decision_event
                    WHEN EXISTS (
                        SELECT 1 FROM decision_event WHERE org_id = NEW.org_id AND id = NEW.id
                            AND immutable_until > unixepoch() * 1000000)
                    BEGIN SELECT RAISE(IGNORE); END
                    """,
                postgres: []
            ),
        ]
    )
}
