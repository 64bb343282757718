import KeeptrustsCore

/// The kind `audit-logger`: sees every text and changes nothing.
///
/// Its result stands in the record of every exchange, also of one that another policy has blocked.
struct AuditLogger: Policy {
    static let kind = PolicyKind(
        "audit-logger", streaming: .none, isSecurity: false, phases: Set(Phase.allCases), seesBlocked: true
    )

    let rules: [Rule] = []

    /// Documented keys that would set how long records are kept; the control plane's event store decides that.
    private static let documented: Set<String> = [
        "immutable", "retention_days", "hipaa_audit_controls", "log_all_access",
    ]

    init(_ config: ConfigNode) throws(ConfigError) {
        for member in try config.members() {
            guard Self.documented.contains(member.key) else {
                throw ConfigError(.unknownKey, at: member.keyLocation, "unknown key '\(member.value.path)'.")
            }
            throw ConfigError(
                .unknownKey, at: member.keyLocation, "'\(member.value.path)' is not in this version yet.",
                hint: "Every decision is recorded, and the control plane keeps all records."
            )
        }
    }

    func decide(on matches: [RuleMatch]) -> Decision { .allow }
}
