import KeeptrustsAPI

/// What may be done to which kind of resource: `resource:verb`.
enum Permission: String, Sendable, CaseIterable {
    case auditRead = "audit_log:read"
    case chatUse = "chat:use"
    case configurationsDeploy = "configurations:deploy"
    case configurationsRead = "configurations:read"
    case configurationsWrite = "configurations:write"
    case eventsRead = "events:read"
    case gatewaysRead = "gateways:read"
    case gatewaysWrite = "gateways:write"

    /// To make someone an owner, and to change who is one.
    case ownersWrite = "owners:write"
    case rolesRead = "roles:read"
    case tokensRead = "tokens:read"
    case tokensWrite = "tokens:write"
    case usersRead = "users:read"
    case usersWrite = "users:write"
}

/// A sentence of a policy: it allows or denies actions.
struct Statement: Sendable, Equatable {
    enum Effect: String, Sendable { case allow, deny }

    var effect: Effect

    /// `events:read`, `events:*`, `*:read` or `*`.
    var actions: [String]

    func covers(_ permission: Permission) -> Bool {
        let wanted = permission.rawValue.split(separator: ":")
        return actions.contains { pattern in
            if pattern == "*" { return true }
            let parts = pattern.split(separator: ":")
            return parts.count == 2 && zip(parts, wanted).allSatisfy { $0 == "*" || $0 == $1 }
        }
    }
}

/// What the statements of all roles of a principal come to: what one allows and none denies.
struct Access: Sendable, Equatable {
    let permissions: Set<Permission>

    init(_ statements: [Statement]) {
        func covered(_ effect: Statement.Effect) -> Set<Permission> {
            Set(
                Permission.allCases.filter { permission in
                    statements.contains { $0.effect == effect && $0.covers(permission) }
                })
        }
        permissions = covered(.allow).subtracting(covered(.deny))
    }

    /// The access of someone with seeded roles; a name that is none of them grants nothing.
    init(roles: [String]) {
        self.init(roles.compactMap(SeededRole.init).flatMap(\.statements))
    }

    func allows(_ permission: Permission) -> Bool { permissions.contains(permission) }

    /// Whether all of another's access is within this one, so that who has this one may grant it.
    func includes(_ other: Access) -> Bool { other.permissions.isSubset(of: permissions) }
}

extension SeededRole {
    /// None denies: a denial would outlast what another role of the same person allows.
    var statements: [Statement] {
        func allow(_ actions: String...) -> Statement { Statement(effect: .allow, actions: actions) }
        return switch self {
        case .owner: [allow("*")]
        case .admin:
            [Statement(effect: .allow, actions: Permission.allCases.filter { $0 != .ownersWrite }.map(\.rawValue))]
        case .editor: [allow("configurations:*", "gateways:*", "tokens:*", "events:read", "chat:use")]
        case .reviewer: [allow("events:read", "gateways:read", "chat:use")]
        case .compliance: [allow("events:read", "audit_log:read")]
        case .billingAdmin: [allow("events:read")]
        case .viewer: [allow("*:read")]
        case .chatUser: [allow("chat:use")]
        }
    }
}
