public import KeeptrustsCore

/// A person's way from the console to the chat: a code that is exchanged once, by who knows the verifier (RFC 7636).
public struct Handoff: Sendable, Codable, Equatable, Identifiable {
    public var id: Identifier<Handoff>
    public var userID: Identifier<User>

    /// The session that asked for it.
    public var sessionID: Identifier<Session>

    /// BASE64URL(SHA-256(verifier)), without padding.
    public var codeChallenge: String
    public var created: Timestamp
    public var expiresAt: Timestamp

    private enum CodingKeys: String, CodingKey {
        case id, created
        case userID = "user_id"
        case sessionID = "session_id"
        case codeChallenge = "code_challenge"
        case expiresAt = "expires_at"
    }

    public init(
        id: Identifier<Handoff>, userID: Identifier<User>, sessionID: Identifier<Session>, codeChallenge: String,
        created: Timestamp, expiresAt: Timestamp
    ) {
        self.id = id
        self.userID = userID
        self.sessionID = sessionID
        self.codeChallenge = codeChallenge
        self.created = created
        self.expiresAt = expiresAt
    }

    /// The body of `POST /v1/auth/handoff`.
    public struct Draft: Sendable, Codable, Equatable {
        public var codeChallenge: String

        private enum CodingKeys: String, CodingKey { case codeChallenge = "code_challenge" }

        public init(codeChallenge: String) { self.codeChallenge = codeChallenge }
    }

    /// The answer of `POST /v1/auth/handoff`.
    public struct Code: Sendable, Codable, Equatable {
        public var code: Secret
        public var expiresAt: Timestamp

        private enum CodingKeys: String, CodingKey {
            case code
            case expiresAt = "expires_at"
        }

        public init(code: Secret, expiresAt: Timestamp) {
            self.code = code
            self.expiresAt = expiresAt
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            code = try container.decodeSecret(forKey: .code)
            expiresAt = try container.decode(Timestamp.self, forKey: .expiresAt)
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeSecret(code, forKey: .code)
            try container.encode(expiresAt, forKey: .expiresAt)
        }
    }
}
