import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// A vendor that judges texts: how it is asked, and what its answers mean.
protocol ModerationService: Sendable {
    /// Where it listens, unless the configuration says; nil for one that everybody runs for themselves.
    static var endpoint: String? { get }

    /// The header that carries the credential, and what stands before it.
    static var credential: (header: String, prefix: String) { get }

    /// Whether the vendor answers nobody without a credential.
    static var needsCredential: Bool { get }

    /// Its categories; nil when there is no list of them.
    static var categories: [String]? { get }

    /// Whether it gives a score for each category that it is asked about.
    static var scoresAll: Bool { get }

    /// Whether a category can be asked for at all, and whether it then answers about those alone.
    static var takesCategories: Bool { get }
    static var asksByCategory: Bool { get }

    /// How many texts one question may hold, and how long each may be (bytes).
    static var mostTexts: Int { get }
    static var mostBytes: Int { get }

    /// Where this one listens, unless the configuration says.
    var address: String? { get }

    /// How its requests are signed; nil where they carry the credential.
    var signature: RequestSignature? { get }

    func question(about texts: [ModerationText], categories: [String]) -> ServiceQuestion

    /// What it says of each text, in their order: categories and how sure it is of each, 0...1.
    ///
    /// - Throws: ``MalformedReply`` or ``JSONTree/Fault`` for what is no answer to the question.
    func scores(in reply: ByteBuffer, of count: Int) throws -> [[CategoryScore]]
}

extension ModerationService {
    static var endpoint: String? { nil }
    static var credential: (header: String, prefix: String) { ("authorization", "Bearer ") }
    static var needsCredential: Bool { false }
    static var categories: [String]? { nil }
    static var scoresAll: Bool { false }
    static var takesCategories: Bool { true }
    static var asksByCategory: Bool { false }
    static var mostTexts: Int { 1 }
    static var mostBytes: Int { .max }
    var address: String? { Self.endpoint }
    var signature: RequestSignature? { nil }
}

/// A text, or a piece of a long one, that a service is asked about.
struct ModerationText {
    /// Which of the judged texts.
    var segment: Int
    var text: ByteBuffer
    var role: Segment.Role
    var phase: Phase
}

/// How sure a service is that a text is of a category.
struct CategoryScore: Sendable, Equatable {
    var category: String

    /// 0...1.
    var score: Double
}

extension JSONTree {
    /// The reply of a service, read strictly: at most 256 KiB.
    init(reply: ByteBuffer) throws {
        guard reply.readableBytes <= ServiceQuestion.mostBytes else { throw MalformedReply(what: "more than 256 KiB") }
        try self.init(reply, limit: 16_384)
    }

    func need(_ key: String, of number: Int, _ kind: JSONKind? = nil) throws -> Int {
        guard let found = member(key, of: number), kind == nil || nodes[found].kind == kind else {
            throw MalformedReply(what: "no '\(key)'")
        }
        return found
    }

    /// A score: a number in 0...1.
    func score(_ number: Int) throws -> Double {
        guard let score = double(number), (0...1).contains(score) else { throw MalformedReply(what: "no score") }
        return score
    }

    /// The scores of an object of numbers by category.
    func scores(_ number: Int) throws -> [CategoryScore] {
        try children(of: number).map { CategoryScore(category: key($0) ?? "", score: try score($0)) }
    }

    func boolean(_ number: Int) throws -> Bool {
        switch nodes[number].kind {
        case .true: true
        case .false: false
        case .string, .number, .null, .object, .array: throw MalformedReply(what: "no boolean")
        }
    }
}

extension ByteBuffer {
    /// Writes a list of JSON strings.
    mutating func writeJSONStrings(_ texts: [String]) {
        writeStaticString("[")
        for (number, text) in texts.enumerated() {
            if number > 0 { writeStaticString(",") }
            writeJSONString(text)
        }
        writeStaticString("]")
    }
}
