import KeeptrustsCore
import NIOCore

/// What a model is asked about an answer: the task of an assertion's type, and what the assertion says.
struct JudgedAssertion: Sendable {
    /// The types that a model judges.
    enum Kind: String, CaseIterable, Sendable {
        case rubric = "llm-rubric"
        case factuality
        case closedQA = "model-graded-closedqa"

        /// What the model must do.
        var task: String {
            switch self {
            case .rubric:
                """
                The document holds a question, an answer to it, and a rubric. Judge how far the answer is what the rubric asks for.
                """
            case .factuality:
                """
                The document holds a question, an answer to it, and a reference that is right. Judge how far the facts of the \
                answer agree with the reference; what the reference does not speak of counts neither way.
                """
            case .closedQA:
                """
                The document holds a question, an answer to it, and a criterion. Judge whether the answer meets the criterion: \
                1 when it does, 0 when it does not.
                """
            }
        }

        /// What the assertion's text is called in the document.
        var member: String {
            switch self {
            case .rubric: "rubric"
            case .factuality: "reference"
            case .closedQA: "criterion"
            }
        }
    }

    let kind: Kind
    private let text: String

    private enum ConfigKeys: String, ConfigKey { case rubric }

    /// - Parameters:
    ///   - kind: The type.
    ///   - rubric: The assertion's `rubric`.
    ///   - settings: What else stands beside the type.
    /// - Throws: ``ConfigError`` where no text, or more than one, says what is asked for.
    init(_ kind: Kind, rubric: ConfigNode?, _ settings: CheckSettings) throws(ConfigError) {
        self.kind = kind
        let nested = try settings.config?.mapping(ConfigKeys.self)[.rubric]
        let given = [settings.value, rubric, nested].compactMap { $0 }
        guard let node = given.first, given.count == 1 else {
            throw ConfigError(
                given.isEmpty ? .missingKey : .conflict, at: settings.typeNode.location,
                "'\(settings.typeNode.path)' needs one 'value' or 'rubric' beside it.")
        }
        text = try node.label(upTo: 8_192, allowingLines: true)
    }

    func question(about answer: ByteBuffer, _ question: ByteBuffer, by judge: ModelJudge) -> ServiceQuestion {
        judge.question(
            kind.task,
            about: [
                ("question", question.prefix(Self.mostBytes)), ("answer", answer.prefix(Self.mostBytes)),
                (kind.member, ByteBuffer(string: text)),
            ])
    }

    /// What the model is shown of each text (bytes).
    private static let mostBytes = 65_536
}
