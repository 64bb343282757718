extension Migration {
    /// How exchanges ended counts among decisions, keys are found by free text, and gateways say what they could not load.
    static let endings = Migration(
        name: "0005-endings",
        statements: [
            """
            UPDATE decision_event SET decision = outcome
            WHERE outcome IN ('blocked', 'refused', 'failed', 'cancelled') AND verdict IN ('allow', 'redact')
            """,
            "UPDATE decision_event SET search = search || '\n' || lower(key_id) WHERE key_id IS NOT NULL",
            "ALTER TABLE gateway ADD COLUMN config_failure TEXT CHECK (length(config_failure) <= 2000)",
            "ALTER TABLE gateway ADD COLUMN config_failed_at BIGINT",
        ]
    )
}
