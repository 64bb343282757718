public import KeeptrustsCore
import KeeptrustsWire
public import NIOCore

/// A question to a service outside, as a policy puts it: the gateway adds host, length and credential.
public struct ServiceQuestion: Sendable, Equatable {
    public enum Method: String, Sendable { case get = "GET", post = "POST" }

    public var method = Method.post

    /// Which of the policy's own services is asked, by its place in ``Policy/services``.
    public var service = 0

    /// What is asked in their place; nil for one of them.
    public var url: BaseURL?

    /// What follows the URL's own path, such as `/v1/moderations`.
    public var path: String
    public var body: ByteBuffer

    /// The longest answer that is taken (bytes).
    public var mostBytes = ServiceQuestion.mostBytes

    /// Whether a longer answer is cut there; else it is a failure.
    public var cutsAnswer = false

    /// How many judges have asked one of the other, this one included; nil for a question whose answer nobody judges.
    public var judgeDepth: Int?

    /// Whether it must not go to an address of a private network.
    public var isPublicOnly = false

    public init(path: String, body: ByteBuffer, to service: Int = 0) {
        self.path = path
        self.body = body
        self.service = service
    }

    /// The header that carries ``judgeDepth``.
    public static let judgeDepthHeader = "x-keeptrusts-judge-depth"

    /// The longest answer of a service that judges (bytes).
    public static let mostBytes = 1 << 18

    /// The most questions of one policy about half an exchange.
    static let mostQuestions = 64
}

/// What came of a question.
public enum ServiceReply: Sendable, Equatable {
    case answer(ServiceAnswer)
    case failed(ServiceFailure)

    /// The answer.
    ///
    /// - Throws: ``ServiceFailure`` when there is none.
    func get() throws(ServiceFailure) -> ServiceAnswer {
        switch self {
        case .answer(let answer): return answer
        case .failed(let failure): throw failure
        }
    }

    /// Why there is no answer; nil when there is one.
    var failure: ServiceFailure? {
        switch self {
        case .answer: nil
        case .failed(let failure): failure
        }
    }

    /// Whether a service that only says yes or no says yes: `{"verdict": "allow" | "deny"}`.
    ///
    /// - Throws: ``ServiceFailure``, ``MalformedReply`` or ``JSONTree/Fault`` for anything else.
    func allows() throws -> Bool {
        let tree = try JSONTree(reply: try get().body)
        switch tree.string(try tree.need("verdict", of: 0, .string)) {
        case "allow": return true
        case "deny": return false
        default: throw MalformedReply(what: "an unknown verdict")
        }
    }
}

/// What a service has answered, with a status of 2xx.
public struct ServiceAnswer: Sendable, Equatable {
    public var contentType: String?
    public var body: ByteBuffer

    public init(contentType: String? = nil, body: ByteBuffer) {
        self.contentType = contentType
        self.body = body
    }
}

/// Why a question has no answer that could be used; reason codes end with it.
public enum ServiceFailure: String, Error, Sendable, CaseIterable {
    /// No connection, or one that broke.
    case unreachable

    /// No whole answer within `timeout_ms`.
    case timeout

    /// A status other than 2xx.
    case status

    /// More bytes than a reply may have.
    case tooLarge = "too_large"

    /// Not what the service documents, or not about what was asked.
    case malformed

    /// Too many questions are under way, or one exchange asks too many.
    case overloaded

    /// The variable of the credential is not set.
    case credential

    /// Whether the same question may have an answer soon, without anybody's doing; else the operator must act first.
    public var mayPass: Bool {
        switch self {
        case .unreachable, .timeout, .status, .tooLarge, .malformed, .overloaded: true
        case .credential: false
        }
    }

    /// As a message ends.
    var text: String {
        switch self {
        case .unreachable: "its service cannot be reached"
        case .timeout: "its service did not answer in time"
        case .status: "its service answered with an error"
        case .tooLarge: "its service answered too much"
        case .malformed: "its service's answer cannot be understood"
        case .overloaded: "too many questions are under way"
        case .credential: "the credential of its service is not set"
        }
    }
}

/// What a policy throws when one of its services, of several, has answered what it cannot use.
struct ServiceFault: Error {
    /// Which one, by its place in ``Policy/services``.
    var service: Int
    var failure: ServiceFailure

    /// - Parameters:
    ///   - error: What was found wrong with a reply.
    ///   - service: Whose reply it was.
    init(_ error: any Error, of service: Int) {
        self.service = service
        failure = ServiceFailure(error)
    }
}

extension ServiceFailure {
    /// The failure that an error of a policy stands for: a reply that cannot be used, unless it says otherwise.
    init(_ error: any Error) {
        self = error as? ServiceFailure ?? (error as? ServiceFault)?.failure ?? .malformed
    }
}

/// An answer that is none: another shape than the service documents, or fewer scores than texts.
struct MalformedReply: Error, Equatable {
    var what: String
}
