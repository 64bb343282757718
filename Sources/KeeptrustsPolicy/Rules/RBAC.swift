import KeeptrustsCore

/// The kind `rbac`: who may ask, which tools a role may use, and which data it may send.
///
/// A role is believed only from a key that may assert identity (`X-User-Role`); without such a role the caller has none.
struct RBAC: Policy {
    static let kind = PolicyKind(
        "rbac", streaming: .whole, phases: [.request, .toolCall], capable: [.request, .toolCall, .toolResult])

    let rules: [Rule]
    private let neededHeaders: [String]
    private let requiresAuthentication: Bool
    private let tools: [String: ToolNames]
    private let ceilings: [String: Sensitivity]

    /// The roles that may send health data; nil when all may.
    private let healthRoles: Set<String>?

    /// How far data may travel, from anywhere to almost nowhere.
    private enum Sensitivity: String, CaseIterable, Comparable {
        case `public`, `internal`, confidential, restricted

        static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    private enum Key: String, ConfigKey {
        case denyIfMissing = "deny_if_missing"
        case requireAuth = "require_auth"
        case dataAccess = "data_access"
        case minimumNecessary = "minimum_necessary"
        case roles
    }
    private enum RoleKey: String, ConfigKey {
        case allowed = "allowed_tools"
        case denied = "denied_tools"
    }
    private enum DataKey: String, ConfigKey { case ceiling = "max_sensitivity" }
    private enum NecessityKey: String, ConfigKey {
        case enabled
        case roles = "allowed_phi_roles"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        try config.refuse([
            "default_action": "A role that is not listed may use no tool; list it as '*' to say otherwise.",
            "allowed_models": "say 'allowed_models' in 'consumer_groups'.",
        ])
        let mapping = try config.mapping(Key.self)
        neededHeaders = try mapping[.denyIfMissing]?.headerNames() ?? ["x-user-id"]
        requiresAuthentication = try mapping[.requireAuth]?.boolean() ?? false
        tools = try Self.tools(mapping[.roles])
        ceilings = try Self.ceilings(mapping[.dataAccess])
        healthRoles = try Self.healthRoles(mapping[.minimumNecessary])
        var rules: [Rule] = []
        if !ceilings.isEmpty { rules += try Packs.rules(of: "classification.txt", for: mapping[.dataAccess]) }
        if healthRoles != nil {
            let health = EntityType.names(of: [.health])
            rules += try Packs.rules(for: health, in: PIIDetector.packs, for: mapping[.minimumNecessary])
        }
        self.rules = rules
    }

    private static func tools(_ node: ConfigNode?) throws(ConfigError) -> [String: ToolNames] {
        var tools: [String: ToolNames] = [:]
        for (role, _, node) in try node?.members() ?? [] {
            try node.refuse(["allowed_models": "say 'allowed_models' in 'consumer_groups'."])
            let mapping = try node.mapping(RoleKey.self)
            tools[role] = try ToolNames(allowed: mapping[.allowed], denied: mapping[.denied])
        }
        return tools
    }

    private static func ceilings(_ node: ConfigNode?) throws(ConfigError) -> [String: Sensitivity] {
        var ceilings: [String: Sensitivity] = [:]
        for (role, _, node) in try node?.members() ?? [] {
            ceilings[role] = try node.mapping(DataKey.self).required(.ceiling).choice(of: Sensitivity.self)
        }
        return ceilings
    }

    private static func healthRoles(_ node: ConfigNode?) throws(ConfigError) -> Set<String>? {
        guard let mapping = try node?.mapping(NecessityKey.self) else { return nil }
        let roles = try mapping[.roles]?.strings()
        guard try mapping[.enabled]?.boolean() ?? false else { return nil }
        guard let roles else { return Set(try mapping.required(.roles).strings()) }
        return Set(roles)
    }

    var examines: Bool { true }

    /// Calls are judged by the tool's name, which is known only when a call has begun to be sent.
    var streaming: PolicyKind.Streaming { tools.isEmpty ? .none : .whole }

    var needs: FactNeeds {
        FactNeeds(headers: Set(neededHeaders + [ExchangeFacts.roleHeader, Self.labelHeader]))
    }

    /// The header by which an application says how sensitive its data are.
    private static let labelHeader = "x-data-sensitivity"

    func examine(_ examination: Examination) -> Opinion {
        if examination.stage == .request, let opinion = refusal(examination.facts) { return opinion }
        let role = examination.facts.role
        if examination.stage == .request, let opinion = judgeData(examination, role) { return opinion }
        guard !tools.isEmpty else { return .clean }
        if let refusal = examination.refusalOfNamelessCall("rbac") { return refusal }
        let rule = role.flatMap { tools[$0] } ?? tools["*"]
        for call in examination.calls where rule?.permits(call.name) != true {
            let finding = LocatedFinding(
                segment: call.segment, Finding("tool.denied", at: 0..<examination.length(of: call.segment)))
            return .block("rbac.tool_denied", "The caller's role may not use the tool \(quoted(call.name)).", [finding])
        }
        return .clean
    }

    /// Who may ask at all.
    private func refusal(_ facts: ExchangeFacts) -> Opinion? {
        if requiresAuthentication, facts.keyID == nil {
            return .block("rbac.unauthenticated", "This service needs a gateway key.")
        }
        for name in neededHeaders {
            if name == "x-user-id", facts.user != nil { continue }
            if name == "x-team-id", facts.team != nil { continue }
            if ExchangeFacts.credentialHeaders.contains(name), facts.keyID != nil { continue }
            guard facts.headers[name]?.isEmpty != false else { continue }
            return .block("rbac.missing_header", "The request lacks '\(name)', or its key may not say who asks.")
        }
        return nil
    }

    /// What the role may send.
    private func judgeData(_ examination: Examination, _ role: String?) -> Opinion? {
        var level = Sensitivity.public
        if let label = examination.facts.headers[Self.labelHeader]?.lowercased() {
            // A label that says nothing known may mean anything.
            level = Sensitivity(rawValue: label) ?? .restricted
        }
        for located in examination.matches {
            let rule = rules[located.match.rule]
            if rule.category.hasPrefix("classification.") {
                level = max(level, rule.category == "classification.internal" ? .internal : .confidential)
            } else if let healthRoles, !healthRoles.contains(role ?? "") {
                return .block("rbac.minimum_necessary", "The caller's role may not send health data.")
            }
        }
        guard !ceilings.isEmpty else { return nil }
        let ceiling = role.flatMap { ceilings[$0] } ?? ceilings["*"] ?? .public
        guard level > ceiling else { return nil }
        return .block("rbac.too_sensitive", "The caller's role may not send \(level.rawValue) data.")
    }
}

extension ConfigNode {
    /// Names of headers, in lower case.
    func headerNames() throws(ConfigError) -> [String] {
        var names: [String] = []
        for node in try list() { names.append(try node.headerName()) }
        return names
    }

    /// The name of a header, in lower case.
    func headerName() throws(ConfigError) -> String {
        let name = try string().lowercased()
        let isToken = name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
        guard isToken, (1...64).contains(name.utf8.count) else {
            throw ConfigError(.outOfRange, at: location, "'\(path)' is not the name of a header.")
        }
        return name
    }
}
