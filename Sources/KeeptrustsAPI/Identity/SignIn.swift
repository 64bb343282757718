public import KeeptrustsCore

/// The body of `POST /v1/auth/login`.
public struct SignInRequest: Sendable, Codable, Equatable {
    public var email: String
    public var password: Secret

    private enum CodingKeys: String, CodingKey { case email, password }

    public init(email: String, password: Secret) {
        self.email = email
        self.password = password
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        email = try container.decode(String.self, forKey: .email)
        password = try container.decodeSecret(forKey: .password)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(email, forKey: .email)
        try container.encodeSecret(password, forKey: .password)
    }
}

/// What signing in gives: a session's bearer token, for the server that holds it for the person.
public struct SignedIn: Sendable, Codable, Equatable {
    public var token: Secret
    public var expiresAt: Timestamp
    public var user: User

    private enum CodingKeys: String, CodingKey {
        case token, user
        case expiresAt = "expires_at"
    }

    public init(token: Secret, expiresAt: Timestamp, user: User) {
        self.token = token
        self.expiresAt = expiresAt
        self.user = user
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        token = try container.decodeSecret(forKey: .token)
        expiresAt = try container.decode(Timestamp.self, forKey: .expiresAt)
        user = try container.decode(User.self, forKey: .user)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeSecret(token, forKey: .token)
        try container.encode(expiresAt, forKey: .expiresAt)
        try container.encode(user, forKey: .user)
    }
}

/// A link that signs a person in, once.
public struct SignInLink: Listed, Equatable, Identifiable {
    public static let plural = "sign_in_links"

    public var id: Identifier<SignInLink>
    public var userID: Identifier<User>
    public var created: Timestamp
    public var expiresAt: Timestamp
    public var usedAt: Timestamp?

    private enum CodingKeys: String, CodingKey {
        case id, created
        case userID = "user_id"
        case expiresAt = "expires_at"
        case usedAt = "used_at"
    }

    public init(
        id: Identifier<SignInLink>, userID: Identifier<User>, created: Timestamp, expiresAt: Timestamp,
        usedAt: Timestamp? = nil
    ) {
        self.id = id
        self.userID = userID
        self.created = created
        self.expiresAt = expiresAt
        self.usedAt = usedAt
    }

    /// The body of `POST /v1/auth/sign-in-link/redeem`.
    public struct Redemption: Sendable, Codable, Equatable {
        public var code: Secret

        private enum CodingKeys: String, CodingKey { case code }

        public init(code: Secret) { self.code = code }

        public init(from decoder: any Decoder) throws {
            code = try decoder.container(keyedBy: CodingKeys.self).decodeSecret(forKey: .code)
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeSecret(code, forKey: .code)
        }
    }
}

/// The answer of `GET /v1/whoami`: whom a credential stands for.
public struct WhoAmI: Sendable, Codable, Equatable {
    public var organisation: Organisation

    /// The person of a session, or the one that a token is bound to.
    public var user: User?

    /// The token itself, when the credential is one.
    public var token: Token?

    /// The names of all roles that count, those of teams included, sorted.
    public var roles: [String]

    /// What these roles allow, such as `events:read`, sorted.
    public var actions: [String]

    public init(organisation: Organisation, user: User?, token: Token?, roles: [String], actions: [String]) {
        self.organisation = organisation
        self.user = user
        self.token = token
        self.roles = roles
        self.actions = actions
    }
}
