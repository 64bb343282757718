import KeeptrustsCore
import NIOCore

/// Asks a model whether calls of tools make sense: what `semantic_validation` of `tool-validation` says.
struct SemanticValidation: Sendable {
    let judge: ModelJudge
    let timeout: Duration

    private enum Key: String, ConfigKey {
        case enabled, endpoint, model
        case secret = "secret_key_ref"
        case timeout = "timeout_ms"
    }

    /// Reads the section; nil for one that is switched off.
    static func read(_ node: ConfigNode?) throws(ConfigError) -> SemanticValidation? {
        guard let mapping = try node?.mapping(Key.self) else { return nil }
        let isOn = try mapping.required(.enabled).boolean()
        let timeout = try mapping[.timeout]?.integer(in: 1...60_000) ?? 5_000
        let secret = mapping[.secret]
        guard isOn else { return nil }
        let model = try mapping.required(.model).label(upTo: 256)
        let service = try ServiceAddress(mapping[.endpoint], secret: secret, owner: mapping.owner)
        return SemanticValidation(judge: ModelJudge(service, model: model), timeout: .milliseconds(timeout))
    }

    func question(about call: Examination.Call, _ examination: Examination) -> ServiceQuestion {
        let texts = examination.stage == .answer ? examination.facts.conversation : examination.segments
        let asked = texts.last { $0.role == .user && $0.phase == .request }?.text ?? ByteBuffer()
        let schema = examination.facts.tools.first { $0.name == call.name }?.schema ?? ByteBuffer()
        return judge.question(
            Self.task,
            about: [
                ("request", asked.prefix(Self.mostBytes)), ("tool", ByteBuffer(string: call.name)),
                ("schema", schema.prefix(Self.mostBytes)), ("arguments", call.arguments.prefix(Self.mostBytes)),
            ])
    }

    private static let task = """
        A language model that works for a user wants to call a tool. The document holds what the user asked, the tool's name, \
        the schema of its arguments (empty when it has none), and the arguments. Judge whether these arguments mean something \
        that fits the tool, its schema and what the user asked; 0 for a call that the user did not ask for or whose values \
        cannot be meant.
        """

    /// A score below this is no sensible call.
    static let threshold = 0.5

    /// What the model is shown of each text (bytes).
    private static let mostBytes = 16_384
}

extension ByteBuffer {
    /// The beginning of the text, which does not end within a character.
    func prefix(_ limit: Int) -> ByteBuffer { pieces(upTo: limit).first ?? self }
}
