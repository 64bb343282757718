extension Migration {
    /// The record of exchanges: the whole event as the gateway wrote it, and columns to find and sum it by.
    static let events = Migration(
        name: "0003-events",
        statements: [
            """
            CREATE TABLE decision_event (
                org_id TEXT NOT NULL REFERENCES organisation (id),
                id TEXT NOT NULL,
                gateway_id TEXT NOT NULL,
                sequence BIGINT NOT NULL,
                time BIGINT NOT NULL,
                received BIGINT NOT NULL,
                request_id TEXT NOT NULL,
                key_id TEXT,
                user_id TEXT,
                team_id TEXT,
                consumer_group TEXT,
                model TEXT NOT NULL,
                provider TEXT,
                verdict TEXT NOT NULL,
                flagged BOOLEAN NOT NULL,
                degraded BOOLEAN NOT NULL,
                decision TEXT NOT NULL,  -- verdict and flag in one word
                policy TEXT,
                reason_code TEXT,
                outcome TEXT NOT NULL,
                status BIGINT NOT NULL,
                input_tokens BIGINT NOT NULL,
                output_tokens BIGINT NOT NULL,
                cost_micros BIGINT,  -- NULL where unknown
                cost_currency TEXT,
                total_us BIGINT NOT NULL,
                search TEXT NOT NULL,  -- what free text looks through, in lower case
                record TEXT NOT NULL,  -- JSON
                PRIMARY KEY (org_id, id)
            )
            """,
            "CREATE INDEX decision_event_by_time ON decision_event (org_id, time DESC, id DESC)",
            "CREATE INDEX decision_event_by_decision ON decision_event (org_id, decision, time DESC, id DESC)",
            "CREATE INDEX decision_event_by_sequence ON decision_event (org_id, gateway_id, sequence)",
            "CREATE INDEX decision_event_by_request ON decision_event (org_id, request_id)",
        ]
    )
}
