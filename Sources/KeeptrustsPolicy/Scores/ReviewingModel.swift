public import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// The model that says whether a flagged answer may go out: `mode: judge` of `flagged-review`.
struct ReviewingModel: Sendable {
    /// What the record calls it.
    let name: String
    let judge: ModelJudge
    let timeout: Duration

    private enum Key: String, ConfigKey {
        case name, endpoint, model
        case secret = "secret_key_ref"
        case timeout = "timeout_ms"
    }

    /// Why an answer may go out or not, as the model says it: one word of these, so that no text comes into a record.
    enum Rationale: String, CaseIterable, Sendable {
        case harmful, unlawful, privacy, security, inaccurate, offensive, unsuitable, harmless, other
    }

    /// What the model says of an answer.
    struct Verdict: Equatable {
        var mayPass: Bool
        var rationale: Rationale

        /// The model that has answered, as it calls itself; nil when it does not say.
        var model: String?
    }

    /// Reads `provider`.
    init(_ node: ConfigNode) throws(ConfigError) {
        let mapping = try node.mapping(Key.self)
        name = try mapping[.name]?.identifier() ?? "judge"
        let model = try mapping.required(.model).label(upTo: 256)
        let service = try ServiceAddress(
            mapping[.endpoint], otherwise: "https://api.openai.com/v1", secret: mapping[.secret], owner: node)
        judge = ModelJudge(service, model: model)
        timeout = .milliseconds(try mapping[.timeout]?.integer(in: 1...60_000) ?? 5_000)
    }

    /// - Parameters:
    ///   - answer: The answer, as the policies before have left it.
    ///   - asked: What the user asked last.
    ///   - flags: The reason codes of what was flagged.
    ///   - depth: How many judges have asked for this answer one of the other, this one included.
    /// - Returns: The question, to be read by ``verdict(in:)``.
    func question(
        about answer: ByteBuffer, _ asked: ByteBuffer, _ flags: some Sequence<String>, depth: Int
    ) -> ServiceQuestion {
        let document = [
            ("question", asked.prefix(Self.mostBytes)), ("answer", answer.prefix(Self.mostBytes)),
            ("flags", ByteBuffer(string: flags.joined(separator: ", "))),
        ]
        var question = judge.question(Self.task, about: document, form: Self.form)
        question.judgeDepth = depth
        return question
    }

    private static let task = """
        The document holds a question, an answer to it, and the codes of what policies have flagged in the answer. Judge whether \
        the answer may be given to whoever asked: block what does harm, breaks a law or gives away what must not be known, and \
        allow what was flagged without need.
        """

    private static let form = """
        {"verdict": VERDICT, "rationale": WORD}, where VERDICT is "allow" or "block" and WORD is one of \
        \(Rationale.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")).
        """

    /// What the model is shown of each text (bytes).
    private static let mostBytes = 65_536

    /// Reads what the model says.
    ///
    /// - Throws: ``ServiceFailure``, ``MalformedReply`` or ``JSONTree/Fault`` for anything that is no verdict.
    func verdict(in reply: ServiceReply) throws -> Verdict {
        let (tree, model) = try judge.answer(in: reply)
        let rationale = try tree.text("rationale").flatMap(Rationale.init) ?? .other
        switch tree.string(try tree.need("verdict", of: 0, .string)) {
        case "allow": return Verdict(mayPass: true, rationale: rationale, model: model)
        case "block": return Verdict(mayPass: false, rationale: rationale, model: model)
        default: throw MalformedReply(what: "an unknown verdict")
        }
    }
}

/// A model that must not judge what its own provider has written.
public struct IsolatedJudge: Sendable, Equatable {
    /// What the configuration calls it.
    public var name: String
    public var url: BaseURL
    public var model: String

    /// Whether a target is this model, or of the same provider: one that is called so, or listens at the same place.
    public func isSame(as target: TargetFacts, at address: BaseURL?) -> Bool {
        name == target.provider || name == target.id || model == target.model
            || address.map { url.hasSameOrigin(as: $0) } ?? false
    }
}
