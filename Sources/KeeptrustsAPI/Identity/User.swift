public import KeeptrustsCore

/// A person of an organisation.
public struct User: Listed, Equatable, Identifiable {
    public static let plural = "users"

    public var id: Identifier<User>

    /// As the person writes it; two addresses that differ in case only are the same.
    public var email: String
    public var name: String
    public var state: State

    /// The names of the roles that the person holds directly, sorted.
    public var roles: [String]
    public var created: Timestamp
    public var lastSignIn: Timestamp?

    public enum State: String, Sendable, Codable, CaseIterable { case active, suspended, removed }

    private enum CodingKeys: String, CodingKey {
        case id, email, name, state, roles, created
        case lastSignIn = "last_sign_in"
    }

    public init(
        id: Identifier<User>, email: String, name: String, state: State = .active, roles: [String] = [],
        created: Timestamp, lastSignIn: Timestamp? = nil
    ) {
        self.id = id
        self.email = email
        self.name = name
        self.state = state
        self.roles = roles
        self.created = created
        self.lastSignIn = lastSignIn
    }

    /// The body of `POST /v1/users`.
    ///
    /// Without a password the person signs in with a link.
    public struct Draft: Sendable, Codable, Equatable {
        public var email: String
        public var name: String
        public var password: Secret?
        public var roles: [String]?

        private enum CodingKeys: String, CodingKey { case email, name, password, roles }

        public init(email: String, name: String, password: Secret? = nil, roles: [String]? = nil) {
            self.email = email
            self.name = name
            self.password = password
            self.roles = roles
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            email = try container.decode(String.self, forKey: .email)
            name = try container.decode(String.self, forKey: .name)
            password = try container.decodeSecretIfPresent(forKey: .password)
            roles = try container.decodeIfPresent([String].self, forKey: .roles)
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(email, forKey: .email)
            try container.encode(name, forKey: .name)
            try container.encodeSecretIfPresent(password, forKey: .password)
            try container.encodeIfPresent(roles, forKey: .roles)
        }
    }

    /// The body of `PATCH /v1/users/{id}`; an absent key leaves its field as it is.
    public struct Patch: Sendable, Codable, Equatable {
        public var name: String?
        public var state: State?
        public var roles: [String]?

        public init(name: String? = nil, state: State? = nil, roles: [String]? = nil) {
            self.name = name
            self.state = state
            self.roles = roles
        }
    }
}
