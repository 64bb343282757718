public import KeeptrustsCore

/// A credential for a program; its secret is shown once and kept as a keyed hash.
public struct Token: Listed, Equatable, Identifiable {
    public static let plural = "tokens"

    public var id: Identifier<Token>
    public var name: String
    public var purpose: Purpose

    /// The first characters of the secret, to tell tokens apart on screens.
    public var prefix: String
    public var status: Status
    public var created: Timestamp

    /// The id of the user or token that made it.
    public var createdBy: String
    public var expiresAt: Timestamp?
    public var revokedAt: Timestamp?
    public var rotatedAt: Timestamp?

    /// Until when the secret from before the last rotation is still accepted.
    public var previousSecretUntil: Timestamp?
    public var lastUsed: Timestamp?

    /// The models that a caller with this key may ask for; nil means all.
    public var allowedModels: [String]?
    public var consumerGroup: String?
    public var teamID: Identifier<Team>?
    public var userID: Identifier<User>?
    public var gatewayID: Identifier<Gateway>?

    /// Whether callers with this key are believed when they name a user or team.
    public var mayAssertIdentity: Bool

    /// What a token is good for; it decides, never the secret's prefix.
    public enum Purpose: String, Sendable, Codable, CaseIterable {
        /// Callers of a gateway.
        case general

        /// A gateway towards the control plane.
        case gatewayRuntime = "gateway_runtime"

        /// A program towards the control plane.
        case integration

        /// The chat's server towards a gateway, for one person.
        case chat

        /// Whether gateways accept it from callers.
        public var isGatewayKey: Bool { self == .general || self == .chat }
    }

    public enum Status: String, Sendable, Codable, CaseIterable { case active, revoked, expired }

    private enum CodingKeys: String, CodingKey {
        case id, name, purpose, prefix, status, created
        case createdBy = "created_by"
        case expiresAt = "expires_at"
        case revokedAt = "revoked_at"
        case rotatedAt = "rotated_at"
        case previousSecretUntil = "previous_secret_until"
        case lastUsed = "last_used"
        case allowedModels = "allowed_models"
        case consumerGroup = "consumer_group"
        case teamID = "team_id"
        case userID = "user_id"
        case gatewayID = "gateway_id"
        case mayAssertIdentity = "may_assert_identity"
    }

    public init(
        id: Identifier<Token>, name: String, purpose: Purpose, prefix: String, status: Status = .active,
        created: Timestamp, createdBy: String, expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil,
        rotatedAt: Timestamp? = nil, previousSecretUntil: Timestamp? = nil, lastUsed: Timestamp? = nil,
        allowedModels: [String]? = nil, consumerGroup: String? = nil, teamID: Identifier<Team>? = nil,
        userID: Identifier<User>? = nil, gatewayID: Identifier<Gateway>? = nil, mayAssertIdentity: Bool = false
    ) {
        self.id = id
        self.name = name
        self.purpose = purpose
        self.prefix = prefix
        self.status = status
        self.created = created
        self.createdBy = createdBy
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.rotatedAt = rotatedAt
        self.previousSecretUntil = previousSecretUntil
        self.lastUsed = lastUsed
        self.allowedModels = allowedModels
        self.consumerGroup = consumerGroup
        self.teamID = teamID
        self.userID = userID
        self.gatewayID = gatewayID
        self.mayAssertIdentity = mayAssertIdentity
    }
}
