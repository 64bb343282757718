public import KeeptrustsCore

/// The answer of `GET /v1/gateway/keys`: the keys that callers may use, or what changed among them.
public struct KeySet: Sendable, Codable, Equatable {
    /// What `since` must be to get only what changes from now on.
    public var generation: Int

    /// The key of the HMAC-SHA-256 that `hash` is, in base 64.
    public var hashKey: Secret

    /// Whether `keys` is the whole set, rather than the changes since the generation that was asked for.
    public var isFull: Bool
    public var keys: [Key]

    private enum CodingKeys: String, CodingKey {
        case generation, keys
        case hashKey = "hash_key"
        case isFull = "full"
    }

    public init(generation: Int, hashKey: Secret, isFull: Bool, keys: [Key]) {
        self.generation = generation
        self.hashKey = hashKey
        self.isFull = isFull
        self.keys = keys
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        generation = try container.decode(Int.self, forKey: .generation)
        hashKey = try container.decodeSecret(forKey: .hashKey)
        isFull = try container.decode(Bool.self, forKey: .isFull)
        keys = try container.decode([Key].self, forKey: .keys)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(generation, forKey: .generation)
        try container.encodeSecret(hashKey, forKey: .hashKey)
        try container.encode(isFull, forKey: .isFull)
        try container.encode(keys, forKey: .keys)
    }
}

extension KeySet {
    /// One secret of one token, known by its hash.
    ///
    /// A token that was rotated has two for a while, with the same `id`; so `hash` tells keys apart, not `id`.
    public struct Key: Sendable, Codable, Equatable {
        public var id: Identifier<Token>

        /// The hex HMAC-SHA-256 of the secret.
        public var hash: String
        public var status: Status

        /// When it ends: the token's end, or the end of a rotation's overlap, whichever is first.
        public var expiresAt: Timestamp?
        public var allowedModels: [String]?
        public var consumerGroup: String?
        public var teamID: Identifier<Team>?
        public var userID: Identifier<User>?
        public var mayAssertIdentity: Bool

        public enum Status: String, Sendable, Codable, CaseIterable { case active, revoked }

        private enum CodingKeys: String, CodingKey {
            case id, hash, status
            case expiresAt = "expires_at"
            case allowedModels = "allowed_models"
            case consumerGroup = "consumer_group"
            case teamID = "team_id"
            case userID = "user_id"
            case mayAssertIdentity = "may_assert_identity"
        }

        public init(
            id: Identifier<Token>, hash: String, status: Status, expiresAt: Timestamp? = nil,
            allowedModels: [String]? = nil, consumerGroup: String? = nil, teamID: Identifier<Team>? = nil,
            userID: Identifier<User>? = nil, mayAssertIdentity: Bool = false
        ) {
            self.id = id
            self.hash = hash
            self.status = status
            self.expiresAt = expiresAt
            self.allowedModels = allowedModels
            self.consumerGroup = consumerGroup
            self.teamID = teamID
            self.userID = userID
            self.mayAssertIdentity = mayAssertIdentity
        }
    }
}
