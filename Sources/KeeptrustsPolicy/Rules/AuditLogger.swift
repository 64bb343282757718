import KeeptrustsCore

/// The kind `audit-logger`: sees every text and changes nothing, and says how long the record is kept.
///
/// Its result stands in the record of every exchange, also of one that another policy has blocked.
struct AuditLogger: Policy {
    static let kind = PolicyKind(
        "audit-logger", streaming: .none, isSecurity: false, phases: Set(Phase.allCases), seesBlocked: true
    )

    let rules: [Rule] = []
    let recordKeeping: RecordKeeping?

    /// Every record must name who asked.
    private let needsIdentity: Bool

    private enum Key: String, ConfigKey {
        case immutable
        case retention = "retention_days"
        case hipaa = "hipaa_audit_controls"
        case allAccess = "log_all_access"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        let days = try mapping[.retention]?.integer(in: 1...36_500)
        let isImmutable = try mapping[.immutable]?.boolean() ?? true
        let logsAllAccess = try mapping[.allAccess]?.boolean() ?? true
        needsIdentity = try mapping[.hipaa]?.boolean() ?? false
        if needsIdentity {
            if let node = mapping[.retention], let days, days < Self.sixYears {
                throw Self.conflict(node, "is \(days), and 'hipaa_audit_controls' wants six years", "\(Self.sixYears)")
            }
            if let node = mapping[.immutable], !isImmutable {
                throw Self.conflict(node, "is false, and 'hipaa_audit_controls' lets no record be changed", "true")
            }
            if let node = mapping[.allAccess], !logsAllAccess {
                throw Self.conflict(node, "is false, and 'hipaa_audit_controls' wants every access in full", "true")
            }
        }
        recordKeeping = RecordKeeping(
            days: days ?? (needsIdentity ? Self.sixYears : 365), endsAfterDays: days != nil, isImmutable: isImmutable,
            logsAllAccess: logsAllAccess)
    }

    /// Days of six years with two leap days, the longest there are: 45 CFR 164.316(b)(2)(i).
    private static let sixYears = 2_192

    private static func conflict(_ node: ConfigNode, _ problem: String, _ value: String) -> ConfigError {
        ConfigError(
            .conflict, at: node.location, "'\(node.path)' \(problem).", hint: "say \(value), or remove the key")
    }

    var examines: Bool { needsIdentity }
    var neededPhases: Set<Phase> { needsIdentity ? [.request] : [] }

    /// Refuses a caller whom the record cannot name: 45 CFR 164.312(b).
    func examine(_ examination: Examination) -> Opinion {
        guard needsIdentity, examination.stage == .request, examination.facts.keyID == nil else { return .clean }
        return .block("audit_logger.no_identity", "Every access must be recorded with who asked: send a gateway key.")
    }
}
