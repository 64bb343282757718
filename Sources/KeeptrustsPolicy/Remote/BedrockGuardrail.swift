import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// Amazon Bedrock's `ApplyGuardrail`: one text a question; it says what its policies did about the text.
///
/// The guardrail decides by settings of its own, so that what it acts on scores 1.
struct BedrockGuardrail: ModerationService {
    static let needsCredential = true

    /// A guardrail looks at 25 units of 1,000 characters.
    static let mostBytes = 25_000

    /// Its path, in which an ARN's colons and slashes are escaped.
    private let path: String
    private let region: String

    private enum Key: String, ConfigKey { case id, version, region }

    /// Reads the section `guardrail`.
    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        let id = try Self.name(mapping.required(.id), allowing: ":/-_", upTo: 2_048)
        let version = try mapping[.version].map { node throws(ConfigError) in try Self.name(node, upTo: 8) } ?? "DRAFT"
        region = try Self.name(mapping.required(.region), allowing: "-", upTo: 64)
        let escaped = id.replacing(":", with: "%3A").replacing("/", with: "%2F")
        path = "/guardrail/\(escaped)/version/\(version)/apply"
    }

    /// Reads a name of AWS's, which stands in an address.
    private static func name(
        _ node: ConfigNode, allowing marks: String = "", upTo limit: Int
    ) throws(ConfigError) -> String {
        let text = try node.string()
        let isName = text.utf8.allSatisfy { byte in
            byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || marks.utf8.contains(byte)
        }
        guard isName, (1...limit).contains(text.utf8.count) else {
            throw ConfigError(
                .outOfRange, at: node.location, "\(node.name) is no name that AWS gives.",
                hint: "say 'id: abc123' or an ARN, 'version: DRAFT' or a number in quotes, 'region: eu-central-1'")
        }
        return text
    }

    var address: String? { "https://bedrock-runtime.\(region).amazonaws.com" }
    var signature: RequestSignature? { RequestSignature(region: region, service: "bedrock") }

    func question(about texts: [ModerationText], categories: [String]) -> ServiceQuestion {
        let text = texts.first
        let isAnswer = text?.phase == .response || text?.phase == .toolCall
        var body = ByteBuffer(string: #"{"source":""# + (isAnswer ? "OUTPUT" : "INPUT"))
        body.writeStaticString(#"","content":[{"text":{"text":"#)
        body.writeJSONString(text?.text ?? ByteBuffer())
        body.writeStaticString("}}]}")
        return ServiceQuestion(path: path, body: body)
    }

    func scores(in reply: ByteBuffer, of count: Int) throws -> [[CategoryScore]] {
        let tree = try JSONTree(reply: reply)
        switch tree.string(try tree.need("action", of: 0, .string)) {
        case "NONE": return [[]]
        case "GUARDRAIL_INTERVENED": break
        default: throw MalformedReply(what: "no action that is known")
        }
        var scores: [CategoryScore] = []
        for assessment in tree.children(of: try tree.need("assessments", of: 0, .array)) {
            for policy in tree.children(of: assessment) { scores += Self.scores(policy, in: tree) }
        }
        // What it acts on it acts on, and it must say why.
        guard !scores.isEmpty else { throw MalformedReply(what: "nothing that it acts on") }
        return [scores]
    }

    /// What one policy of the guardrail acts on: its lists name a type or a name, the matched text (never looked at), and
    /// an action.
    private static func scores(_ policy: Int, in tree: JSONTree) -> [CategoryScore] {
        let name = (tree.key(policy) ?? "").replacing("Policy", with: "")
        return tree.children(of: policy).flatMap { tree.children(of: $0) }.compactMap { entry in
            guard let action = tree.member("action", of: entry), tree.nodes[action].kind == .string,
                tree.string(action) != "NONE"
            else { return nil }
            let kind = tree.member("name", of: entry) ?? tree.member("type", of: entry)
            return CategoryScore(category: kind.map { "\(name)/\(tree.string($0))" } ?? name, score: 1)
        }
    }
}
