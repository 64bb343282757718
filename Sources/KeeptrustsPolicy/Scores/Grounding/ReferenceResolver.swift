import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// A service of the operator's that knows which works and addresses there are: `external_resolver` of `citation-verifier`.
struct ReferenceResolver: Sendable {
    let service: ServiceAddress
    let timeout: Duration

    /// References of one answer that are asked for, and the longest of them (bytes); others count as unknown.
    private static let most = 64
    private static let mostBytes = 2_048

    private enum Key: String, ConfigKey {
        case endpoint
        case secret = "secret_key_ref"
        case timeout = "timeout_ms"
    }

    init(_ node: ConfigNode) throws(ConfigError) {
        let mapping = try node.mapping(Key.self)
        service = try ServiceAddress(mapping[.endpoint], secret: mapping[.secret], owner: node)
        timeout = .milliseconds(try mapping[.timeout]?.integer(in: 1...60_000) ?? 2_000)
    }

    /// Those of some references that are asked for.
    func asked(of references: [Range<Int>]) -> [Range<Int>] {
        Array(references.lazy.filter { $0.count <= Self.mostBytes }.prefix(Self.most))
    }

    /// Asks for references by where they stand in an answer; nil when there is nothing to ask.
    func question(about references: [Range<Int>], in answer: ByteBuffer) -> ServiceQuestion? {
        let asked = asked(of: references)
        guard !asked.isEmpty else { return nil }
        var body = ByteBuffer(string: #"{"references":["#)
        for (place, span) in asked.enumerated() {
            if place > 0 { body.writeStaticString(",") }
            body.writeJSONString(answer.text(at: span))
        }
        body.writeStaticString("]}")
        return ServiceQuestion(path: "", body: body)
    }

    /// Those of the references that were asked for that the service knows: `{"results": [{"verdict": "found" | "unknown"}]}`, in
    /// the order of the question.
    ///
    /// - Throws: ``ServiceFailure``, ``MalformedReply`` or ``JSONTree/Fault`` for anything else.
    func known(of asked: [Range<Int>], in reply: ServiceReply) throws -> Set<Range<Int>> {
        let tree = try JSONTree(reply: try reply.get().body)
        let results = tree.children(of: try tree.need("results", of: 0, .array))
        guard results.count == asked.count else { throw MalformedReply(what: "another number of results") }
        var known: Set<Range<Int>> = []
        for (span, result) in zip(asked, results) {
            switch tree.string(try tree.need("verdict", of: result, .string)) {
            case "found": known.insert(span)
            case "unknown": continue
            default: throw MalformedReply(what: "an unknown verdict")
            }
        }
        return known
    }
}
