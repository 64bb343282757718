import KeeptrustsCore

/// The kind `cjis-mode`: nobody reaches criminal justice information unnamed, and every access is in the record.
///
/// It looks at who asks, not at what is said: a policy of the CJIS Security Policy's kind needs more than this.
struct CJISMode: Policy {
    static let kind = PolicyKind(
        "cjis-mode", streaming: .none, phases: [.request], capable: [.request], seesBlocked: true)

    let rules: [Rule] = []
    private let requiresAuthentication: Bool
    private let logsAccess: Bool

    private enum Key: String, ConfigKey {
        case requireAuth = "require_auth"
        case accessLogging = "access_logging"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        requiresAuthentication = try mapping[.requireAuth]?.boolean() ?? true
        logsAccess = try mapping[.accessLogging]?.boolean() ?? true
    }

    var examines: Bool { requiresAuthentication || logsAccess }

    func examine(_ examination: Examination) -> Opinion {
        guard examination.stage == .request else { return .clean }
        if requiresAuthentication {
            guard examination.facts.keyID != nil else {
                return .block("cjis_mode.unauthenticated", "This service needs a gateway key.")
            }
            guard examination.facts.user != nil else {
                return .block("cjis_mode.unidentified", "This service must know which person asks.")
            }
        }
        guard logsAccess else { return .clean }
        return Opinion(
            decision: Decision(reason: Reason(code: "cjis_mode.access_logged", message: "The access is recorded.")))
    }
}
