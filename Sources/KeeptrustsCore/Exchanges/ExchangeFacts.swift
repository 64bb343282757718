public import NIOCore

/// What is known of an exchange apart from the texts that are judged.
///
/// Only what a policy may believe stands here: a role, a user or an address that a caller merely claims is left out.
/// Values of headers are there for the names that the chain asked for (``FactNeeds``), and for no other.
public struct ExchangeFacts: Sendable {
    /// The caller's key; nil for a caller on the gateway's own machine who came without one.
    public var keyID: String?
    public var consumerGroup: String?

    /// Who asks: the key's own binding, or `X-User-Id` and `X-Team-Id` where the key may assert them.
    public var user: String?
    public var team: String?

    /// The model that was asked for.
    public var model = ""
    public var isStreaming = false

    /// Wanted headers by name, in lower case; headers of identity only where the key may assert it.
    public var headers: [String: String] = [:]

    /// The tools that the request declares, where the chain wants them.
    public var tools: [DeclaredTool] = []

    /// The pictures, sounds and files of the request, where the chain wants them.
    public var documents: [AttachedDocument] = []

    /// What tokens of the target cost that has answered; nil while the request is judged, and where that is not known.
    public var price: TokenPrice?

    /// The target that has answered; nil while the request is judged.
    public var author: TargetFacts?

    /// The texts of the request, when its answer is judged and the chain wants them; as the provider has got them.
    public var conversation: [Segment] = []

    /// When the exchange began.
    public var time = Timestamp(rawValue: 0)

    /// The time since the gateway began to serve, by a clock that never goes back.
    public var uptime = Duration.zero

    public init() {}

    /// The role that the caller acts in, by a trusted `X-User-Role`; nil when none is known.
    public var role: String? { headers[Self.roleHeader] }

    /// The conversation that the exchange belongs to, by `X-Conversation-Id`.
    public var conversationID: String? { headers[Self.conversationHeader] }

    /// The session of the caller that the exchange belongs to: its key and its `X-Session-Id`; nil without that header.
    public var session: String? { headers[Self.sessionHeader].map { "\(keyID ?? "") \($0)" } }

    public static let roleHeader = "x-user-role"
    public static let conversationHeader = "x-conversation-id"
    public static let sessionHeader = "x-session-id"

    /// Headers by which a caller says who it is, or where it comes from: believed only of a key that may assert it.
    public static let identityHeaders: Set<String> = [
        "x-user-id", "x-team-id", roleHeader, "x-forwarded-for", "x-real-ip", "forwarded",
    ]

    /// Headers whose value is a credential: never copied.
    public static let credentialHeaders: Set<String> = [
        "authorization", "x-api-key", "api-key", "cookie", "proxy-authorization",
    ]

    /// Whether a header's name, in lower case, says that its value is a credential, whoever reads it.
    public static func isCredential(header name: String) -> Bool {
        let parts = name.split { !$0.isLetter && !$0.isNumber }
        let words: Set<Substring> = [
            "authorization", "cookie", "cookie2", "token", "secret", "password", "passwd", "credential", "credentials",
            "apikey", "signature",
        ]
        let keys: Set<Substring> = ["api", "access", "subscription", "private", "auth", "functions", "secret"]
        return parts.contains { words.contains($0) }
            || zip(parts, parts.dropFirst()).contains { keys.contains($0) && $1 == "key" }
    }
}

/// A tool that a request lets the model call.
public struct DeclaredTool: Sendable, Equatable {
    public var name: String

    /// The JSON Schema of its arguments, as the request writes it; nil when it has none.
    public var schema: ByteBuffer?

    public init(name: String, schema: ByteBuffer? = nil) {
        self.name = name
        self.schema = schema
    }
}

/// What the policies of a chain want to know of an exchange; nothing else is gathered.
public struct FactNeeds: Sendable, Equatable {
    /// Names of headers, in lower case.
    public var headers: Set<String> = []

    /// The tools that a request declares.
    public var tools = false

    /// The request's texts while its answer is judged.
    public var conversation = false

    /// The pictures, sounds and files of a request.
    public var documents = false

    /// What they remember of earlier exchanges.
    public var memory = false

    /// A text without a byte for each answer that neither says anything nor calls a tool.
    public var emptyAnswers = false

    public init(
        headers: Set<String> = [], tools: Bool = false, conversation: Bool = false, documents: Bool = false,
        memory: Bool = false, emptyAnswers: Bool = false
    ) {
        self.headers = headers
        self.tools = tools
        self.conversation = conversation
        self.documents = documents
        self.memory = memory
        self.emptyAnswers = emptyAnswers
    }

    public mutating func formUnion(_ other: Self) {
        headers.formUnion(other.headers)
        tools = tools || other.tools
        conversation = conversation || other.conversation
        documents = documents || other.documents
        memory = memory || other.memory
        emptyAnswers = emptyAnswers || other.emptyAnswers
    }
}

/// Which half of an exchange is judged.
public enum ExchangeStage: Sendable, Equatable {
    /// What goes to the provider.
    case request

    /// What goes to the caller.
    case answer

    /// What a provider says in the place of an answer: its words are judged, but by nobody as an answer.
    case failure

    /// The phase that each judgement of this half has, whatever texts there are.
    public var phase: Phase {
        switch self {
        case .request: .request
        case .answer, .failure: .response
        }
    }
}
