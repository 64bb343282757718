import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// How an assertion looks at an answer.
struct QualityCheck: Sendable {
    /// Scores an answer, 0...1; nil where there is nothing to compare it with.
    private let measure: @Sendable (AnswerUnderTest, PatternScratch) throws -> Double?

    /// The least score that passes, unless the assertion says.
    let usualThreshold: Double

    /// Small and capital letters may count as the same.
    let knowsCase: Bool

    /// - Parameters:
    ///   - type: The name of the type, without `not-`.
    ///   - settings: What stands beside it.
    /// - Throws: ``ConfigError`` for a type that is not known or needs a model, and for settings that do not fit.
    init(_ type: String, _ settings: CheckSettings) throws(ConfigError) {
        if let made = try TextChecks.make(type, settings) {
            self = made
        } else if let made = try StructureChecks.make(type, settings) {
            self = made
        } else if let made = try SimilarityChecks.make(type, settings) {
            self = made
        } else if let made = try RetrievalChecks.make(type, settings) {
            self = made
        } else if let made = try TrajectoryChecks.make(type, settings) {
            self = made
        } else {
            throw Self.unknown(type, settings.typeNode)
        }
    }

    init(
        threshold: Double = 1, knowsCase: Bool = false,
        _ measure: @escaping @Sendable (AnswerUnderTest, PatternScratch) throws -> Double?
    ) {
        usualThreshold = threshold
        self.knowsCase = knowsCase
        self.measure = measure
    }

    /// A check that holds or does not.
    static func holds(knowsCase: Bool = false, _ test: @escaping @Sendable (AnswerUnderTest) -> Bool) -> Self {
        Self(knowsCase: knowsCase) { answer, _ in test(answer) ? 1 : 0 }
    }

    func score(_ answer: AnswerUnderTest, using scratch: PatternScratch) throws -> Double? {
        try measure(answer, scratch).map { min(max($0, 0), 1) }
    }

    private static func unknown(_ type: String, _ node: ConfigNode) -> ConfigError {
        if asksModels.contains(type) || type.hasPrefix("model-graded") || type.hasPrefix("llm") {
            return ConfigError(
                .unknownValue, at: node.location,
                "the type \(quoted(type)) asks a model, which is not in this version yet.",
                hint: "'llm-rubric', 'g-eval', 'factuality' and 'model-graded-closedqa' do; 'similar' compares words."
            )
        }
        let known =
            TextChecks.types + StructureChecks.types + SimilarityChecks.types + RetrievalChecks.types
            + TrajectoryChecks.types
        return ConfigError(
            .unknownValue, at: node.location, "there is no type of assertion \(quoted(type)).",
            hint: nearestName(to: type, among: known).map { "did you mean '\($0)'?" }
                ?? "docs/reference/policies/quality-scorer.md lists the types.")
    }

    private static let asksModels: Set = [
        "select-best", "moderation", "classifier", "pi", "search-rubric",
        "conversation-relevance", "trajectory:goal-success", "javascript", "python", "ruby", "webhook", "agent-rubric",
    ]
}

/// Checks of the text itself.
enum TextChecks {
    static let types = [
        "equals", "contains", "contains-all", "contains-any", "icontains", "icontains-all", "icontains-any",
        "starts-with",
        "ends-with", "regex", "word-count", "char-count", "sentence-count", "is-refusal", "flesch-reading-ease",
        "flesch-kincaid-grade",
    ]

    static func make(_ type: String, _ settings: CheckSettings) throws(ConfigError) -> QualityCheck? {
        let ignoresCase = type.hasPrefix("i") && type.contains("contains") || !settings.isCaseSensitive
        switch type {
        case "equals":
            let wanted = fold(try settings.texts(), ignoresCase)
            return .holds(knowsCase: true) { answer in wanted.contains(fold(answer.text.trimmed, ignoresCase)) }
        case "contains", "contains-any", "icontains", "icontains-any", "contains-all", "icontains-all":
            return contains(fold(try settings.texts(), ignoresCase), type, ignoresCase)
        case "starts-with":
            let wanted = fold(try settings.texts(), ignoresCase)
            return .holds(knowsCase: true) { answer in
                let text = fold(answer.text.trimmed, ignoresCase)
                return wanted.contains { text.hasPrefix($0) }
            }
        case "ends-with":
            let wanted = fold(try settings.texts(), ignoresCase)
            return .holds(knowsCase: true) { answer in
                let text = fold(answer.text.trimmed, ignoresCase)
                return wanted.contains { text.hasSuffix($0) }
            }
        case "regex":
            let expression = try Expression(written: try settings.required(), mayBeEmpty: true)
            return QualityCheck { answer, scratch in
                try answer.bytes.withUnsafeReadableBytes { try expression.first(in: $0, using: scratch) == nil ? 0 : 1 }
            }
        default: return try counts(type, settings)
        }
    }

    private static func contains(_ wanted: [String], _ type: String, _ ignoresCase: Bool) -> QualityCheck {
        let needsAll = type.hasSuffix("all")
        return QualityCheck(knowsCase: !type.hasPrefix("i")) { answer, _ in
            let text = fold(answer.text, ignoresCase)
            let found = wanted.count { text.contains($0) }
            // Some of all that are wanted is better than none, for whoever lowers the threshold.
            return needsAll ? Double(found) / Double(wanted.count) : found > 0 ? 1 : 0
        }
    }

    private static func counts(_ type: String, _ settings: CheckSettings) throws(ConfigError) -> QualityCheck? {
        let count: @Sendable (AnswerUnderTest) -> Double?
        switch type {
        case "word-count": count = { Double($0.worded.words.count) }
        case "char-count": count = { Double($0.text.unicodeScalars.count) }
        case "sentence-count": count = { Double($0.worded.sentences.count) }
        case "flesch-reading-ease":
            count = { TextMeasures.readability(Array($0.bytes.readableBytesView), $0.worded)?.ease }
        case "flesch-kincaid-grade":
            count = { TextMeasures.readability(Array($0.bytes.readableBytesView), $0.worded)?.grade }
        case "is-refusal": return .holds { Refusals.isOne($0.text) }
        default: return nil
        }
        let range = try settings.range()
        return QualityCheck { answer, _ in count(answer).map { range.contains($0) ? 1 : 0 } }
    }

    private static func fold(_ text: String, _ ignoresCase: Bool) -> String { ignoresCase ? text.lowercased() : text }

    private static func fold(_ texts: [String], _ ignoresCase: Bool) -> [String] {
        texts.map { fold($0, ignoresCase) }
    }
}

/// Answers that decline to answer.
enum Refusals {
    static func isOne(_ text: String) -> Bool {
        let head = text.prefix(400).lowercased().replacing("’", with: "'")
        return phrases.contains { head.contains($0) }
    }

    private static let phrases = [
        "i can't help", "i cannot help", "i can't assist", "i cannot assist", "i'm unable to", "i am unable to",
        "i'm not able to", "i am not able to", "i can't provide", "i cannot provide", "i can't do that", "i won't",
        "i must decline", "as an ai", "i'm sorry, but i can", "i apologize, but i can", "i don't have the ability",
    ]
}

/// Checks of the answer's form.
enum StructureChecks {
    static let types = ["is-json", "contains-json", "has-list", "has-heading", "has-code", "has-table", "has-link"]

    static func make(_ type: String, _ settings: CheckSettings) throws(ConfigError) -> QualityCheck? {
        switch type {
        case "is-json", "contains-json":
            let schema = try settings.value.map { node throws(ConfigError) in try ArgumentSchema(node) }
            return QualityCheck { answer, scratch in
                guard let tree = answer.json(anywhere: type == "contains-json") else { return 0 }
                guard let schema else { return 1 }
                return try schema.violation(in: tree, using: scratch) == nil ? 1 : 0
            }
        case "has-heading": return .holds { $0.hasLine { $0.first == 0x23 && $0.drop { $0 == 0x23 }.first == 0x20 } }
        case "has-code": return .holds { $0.hasLine { $0.starts(with: [0x60, 0x60, 0x60]) } }
        case "has-table": return .holds { $0.hasLine { $0.first == 0x7C && $0.dropFirst().contains(0x7C) } }
        case "has-list": return .holds { $0.hasLine(isItem) }
        case "has-link":
            return .holds { answer in
                CitationMarks.find(in: Array(answer.bytes.readableBytesView), .url).marks.contains {
                    $0.kind == .address
                }
            }
        default: return nil
        }
    }

    private static func isItem(_ line: ArraySlice<UInt8>) -> Bool {
        if [0x2D, 0x2A, 0x2B].contains(line.first), line.dropFirst().first == 0x20 { return true }
        let digits = line.prefix { $0 &- 0x30 < 10 }
        let rest = line.dropFirst(digits.count)
        return (1...3).contains(digits.count) && [0x2E, 0x29].contains(rest.first) && rest.dropFirst().first == 0x20
    }
}

extension AnswerUnderTest {
    /// Whether any line is such, without its white space at the beginning.
    fileprivate func hasLine(_ test: (ArraySlice<UInt8>) -> Bool) -> Bool {
        Array(bytes.readableBytesView).split(separator: 0x0A).contains { test($0.drop { $0 == 0x20 || $0 == 0x09 }) }
    }
}
