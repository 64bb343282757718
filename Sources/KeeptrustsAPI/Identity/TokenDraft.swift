public import KeeptrustsCore

extension Token {
    /// The body of `POST /v1/tokens`.
    public struct Draft: Sendable, Codable, Equatable {
        public var name: String
        public var purpose: Purpose
        public var expiresAt: Timestamp?
        public var allowedModels: [String]?
        public var consumerGroup: String?
        public var teamID: Identifier<Team>?
        public var userID: Identifier<User>?
        public var gatewayID: Identifier<Gateway>?
        public var mayAssertIdentity: Bool?

        /// Roles of the token; counts for `integration` only.
        public var roles: [String]?

        private enum CodingKeys: String, CodingKey {
            case name, purpose, roles
            case expiresAt = "expires_at"
            case allowedModels = "allowed_models"
            case consumerGroup = "consumer_group"
            case teamID = "team_id"
            case userID = "user_id"
            case gatewayID = "gateway_id"
            case mayAssertIdentity = "may_assert_identity"
        }

        public init(
            name: String, purpose: Purpose, expiresAt: Timestamp? = nil, allowedModels: [String]? = nil,
            consumerGroup: String? = nil, teamID: Identifier<Team>? = nil, userID: Identifier<User>? = nil,
            gatewayID: Identifier<Gateway>? = nil, mayAssertIdentity: Bool? = nil, roles: [String]? = nil
        ) {
            self.name = name
            self.purpose = purpose
            self.expiresAt = expiresAt
            self.allowedModels = allowedModels
            self.consumerGroup = consumerGroup
            self.teamID = teamID
            self.userID = userID
            self.gatewayID = gatewayID
            self.mayAssertIdentity = mayAssertIdentity
            self.roles = roles
        }
    }

    /// The body of `POST /v1/tokens/{id}/rotate`.
    public struct Rotation: Sendable, Codable, Equatable {
        /// For how long the old secret stays good (seconds); nil takes the server's default.
        public var overlapSeconds: Int?

        private enum CodingKeys: String, CodingKey { case overlapSeconds = "overlap_seconds" }

        public init(overlapSeconds: Int? = nil) { self.overlapSeconds = overlapSeconds }
    }

    /// A token with its secret: the one answer that shows it.
    public struct Issued: Sendable, Codable, Equatable {
        public var token: Token
        public var secret: Secret

        private enum CodingKeys: String, CodingKey { case token, secret }

        public init(token: Token, secret: Secret) {
            self.token = token
            self.secret = secret
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            token = try container.decode(Token.self, forKey: .token)
            secret = try container.decodeSecret(forKey: .secret)
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(token, forKey: .token)
            try container.encodeSecret(secret, forKey: .secret)
        }
    }
}
