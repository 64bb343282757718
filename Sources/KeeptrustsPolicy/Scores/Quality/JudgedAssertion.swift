import KeeptrustsCore
import NIOCore

/// What a model is asked about an answer: the task of an assertion's type, and what the assertion says.
struct JudgedAssertion: Sendable {
    /// The types that a model judges.
    enum Kind: String, CaseIterable, Sendable {
        case rubric = "llm-rubric"
        case factuality
        case closedQA = "model-graded-closedqa"
        case criteria = "g-eval"

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
            case .criteria:
                """
                The document holds a question, an answer to it, and a criterion. Think of the steps in which the criterion is \
                best checked, take them one by one, and judge how far the answer meets the criterion.
                """
            }
        }

        /// What the assertion's text is called in the document.
        var member: String {
            switch self {
            case .rubric: "rubric"
            case .factuality: "reference"
            case .closedQA, .criteria: "criterion"
            }
        }

        /// The least score that passes, unless the assertion says.
        var usualThreshold: Double { self == .criteria ? 0.7 : 0.5 }
    }

    let kind: Kind

    /// Which of the policy's models is asked.
    let model: Int

    /// What the answer is judged by; the model is asked about each by itself.
    private let texts: [String]

    private enum ConfigKeys: String, ConfigKey { case rubric }

    /// - Parameters:
    ///   - kind: The type.
    ///   - rubric: The assertion's `rubric`.
    ///   - settings: What else stands beside the type.
    ///   - model: Which of the policy's models is asked.
    /// - Throws: ``ConfigError`` where no text, or more than one, says what is asked for.
    init(_ kind: Kind, rubric: ConfigNode?, _ settings: CheckSettings, model: Int) throws(ConfigError) {
        self.kind = kind
        self.model = model
        let nested = try settings.config?.mapping(ConfigKeys.self)[.rubric]
        let given = [settings.value, rubric, nested].compactMap { $0 }
        guard let node = given.first, given.count == 1 else {
            throw ConfigError(
                given.isEmpty ? .missingKey : .conflict, at: settings.typeNode.location,
                "'\(settings.typeNode.path)' needs one 'value' or 'rubric' beside it.")
        }
        texts = try Self.texts(node, of: kind)
    }

    private static func texts(_ node: ConfigNode, of kind: Kind) throws(ConfigError) -> [String] {
        var entries = [node]
        if kind == .criteria, case .list = node.value {
            try node.refuseIfEmpty()
            entries = try node.list()
        }
        guard entries.count <= mostCriteria else {
            throw ConfigError(.limit, at: node.location, "\(node.name) has more than \(mostCriteria) criteria.")
        }
        var texts: [String] = []
        for entry in entries { texts.append(try entry.label(upTo: 8_192, allowingLines: true)) }
        return texts
    }

    /// How many questions it asks about an answer; its score is the mean of what is said to each.
    var count: Int { texts.count }

    func questions(about answer: ByteBuffer, _ question: ByteBuffer, by judges: [ModelJudge]) -> [ServiceQuestion] {
        texts.map { text in
            var asked = judges[model].question(
                kind.task,
                about: [
                    ("question", question.prefix(Self.mostBytes)), ("answer", answer.prefix(Self.mostBytes)),
                    (kind.member, ByteBuffer(string: text)),
                ])
            asked.service = model
            return asked
        }
    }

    /// What the model is shown of each text (bytes).
    private static let mostBytes = 65_536

    /// Criteria of one assertion.
    private static let mostCriteria = 16
}
