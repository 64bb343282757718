public import KeeptrustsCore

/// A set of permissions with a name; an organisation's own may be added to the seeded ones.
public struct Role: Listed, Equatable {
    public static let plural = "roles"

    /// Unique in its organisation.
    public var name: String
    public var description: String
    public var isSeeded: Bool
    public var created: Timestamp

    private enum CodingKeys: String, CodingKey {
        case name, description, created
        case isSeeded = "seeded"
    }

    public init(name: String, description: String, isSeeded: Bool, created: Timestamp) {
        self.name = name
        self.description = description
        self.isSeeded = isSeeded
        self.created = created
    }
}

/// The roles that every organisation begins with.
public enum SeededRole: String, Sendable, Codable, CaseIterable {
    case owner, admin, editor, reviewer, compliance
    case billingAdmin = "billing_admin"
    case viewer
    case chatUser = "chat_user"

    public var summary: String {
        switch self {
        case .owner: "Everything, other owners included."
        case .admin: "Everything but the owners."
        case .editor: "Configurations, gateways and keys."
        case .reviewer: "Escalations and the events behind them."
        case .compliance: "Events, audit records and exports."
        case .billingAdmin: "Spend, wallets and budgets."
        case .viewer: "Reading, without secrets."
        case .chatUser: "The chat."
        }
    }
}

/// A role that someone or something holds.
public struct RoleAssignment: Listed, Equatable {
    public static let plural = "role_assignments"

    public var role: String
    public var principal: Principal

    /// The id of the user, team or token.
    public var principalID: String
    public var created: Timestamp

    public enum Principal: String, Sendable, Codable, CaseIterable { case user, team, token }

    private enum CodingKeys: String, CodingKey {
        case role, principal, created
        case principalID = "principal_id"
    }

    public init(role: String, principal: Principal, principalID: String, created: Timestamp) {
        self.role = role
        self.principal = principal
        self.principalID = principalID
        self.created = created
    }
}
