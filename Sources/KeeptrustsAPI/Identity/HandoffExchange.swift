public import KeeptrustsCore

/// The body of `POST /v1/auth/handoff/exchange`.
public struct HandoffExchange: Sendable, Codable, Equatable {
    public var code: Secret

    /// What the code's challenge is the hash of.
    public var codeVerifier: Secret

    private enum CodingKeys: String, CodingKey {
        case code
        case codeVerifier = "code_verifier"
    }

    public init(code: Secret, codeVerifier: Secret) {
        self.code = code
        self.codeVerifier = codeVerifier
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = try container.decodeSecret(forKey: .code)
        codeVerifier = try container.decodeSecret(forKey: .codeVerifier)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeSecret(code, forKey: .code)
        try container.encodeSecret(codeVerifier, forKey: .codeVerifier)
    }
}

/// What the chat's server gets for a person: a session, and a key for the gateway that is bound to the person.
public struct HandedOff: Sendable, Codable, Equatable {
    public var token: Secret
    public var gatewayKey: Secret

    /// When both end.
    public var expiresAt: Timestamp
    public var user: User

    private enum CodingKeys: String, CodingKey {
        case token, user
        case gatewayKey = "gateway_key"
        case expiresAt = "expires_at"
    }

    public init(token: Secret, gatewayKey: Secret, expiresAt: Timestamp, user: User) {
        self.token = token
        self.gatewayKey = gatewayKey
        self.expiresAt = expiresAt
        self.user = user
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        token = try container.decodeSecret(forKey: .token)
        gatewayKey = try container.decodeSecret(forKey: .gatewayKey)
        expiresAt = try container.decode(Timestamp.self, forKey: .expiresAt)
        user = try container.decode(User.self, forKey: .user)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeSecret(token, forKey: .token)
        try container.encodeSecret(gatewayKey, forKey: .gatewayKey)
        try container.encode(expiresAt, forKey: .expiresAt)
        try container.encode(user, forKey: .user)
    }
}
