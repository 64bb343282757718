public import KeeptrustsCore

/// A person's signed-in session with one of our servers.
public struct Session: Listed, Equatable, Identifiable {
    public static let plural = "sessions"

    public var id: Identifier<Session>
    public var userID: Identifier<User>
    public var client: Client
    public var created: Timestamp
    public var expiresAt: Timestamp
    public var lastSeen: Timestamp?
    public var remoteAddress: String?
    public var userAgent: String?

    /// Who holds the session for the person.
    public enum Client: String, Sendable, Codable, CaseIterable { case console, chat, cli }

    private enum CodingKeys: String, CodingKey {
        case id, client, created
        case userID = "user_id"
        case expiresAt = "expires_at"
        case lastSeen = "last_seen"
        case remoteAddress = "remote_address"
        case userAgent = "user_agent"
    }

    public init(
        id: Identifier<Session>, userID: Identifier<User>, client: Client, created: Timestamp, expiresAt: Timestamp,
        lastSeen: Timestamp? = nil, remoteAddress: String? = nil, userAgent: String? = nil
    ) {
        self.id = id
        self.userID = userID
        self.client = client
        self.created = created
        self.expiresAt = expiresAt
        self.lastSeen = lastSeen
        self.remoteAddress = remoteAddress
        self.userAgent = userAgent
    }
}
