import KeeptrustsCore
import KeeptrustsMatching
import KeeptrustsWire
import NIOCore

/// Checks that compare the answer with a text that it should be like.
enum SimilarityChecks {
    static let types = [
        "levenshtein", "rouge-n", "rouge-1", "rouge-2", "rouge-l", "bleu", "cosine", "jaccard", "similar",
    ]

    private enum ConfigKeys: String, ConfigKey { case n }

    static func make(_ type: String, _ settings: CheckSettings) throws(ConfigError) -> QualityCheck? {
        guard types.contains(type) else { return nil }
        var pieces = type == "rouge-2" ? 2 : 1
        if type == "rouge-n", let n = try settings.config?.mapping(ConfigKeys.self)[.n] {
            pieces = try n.integer(in: 1...8)
        }
        let references = try settings.texts().map { Array($0.utf8) }
        if type == "similar" {
            let vectors = references.map { FeatureVector($0) }
            return QualityCheck(threshold: 0.6) { answer, _ in
                let own = FeatureVector(Array(answer.bytes.readableBytesView))
                return vectors.map { own.cosine(to: $0) }.max()
            }
        }
        let words = references.map { Self.words($0) }
        let n = pieces
        return QualityCheck(threshold: type == "bleu" ? 0.5 : 0.75) { answer, _ in
            let own = Self.words(Array(answer.bytes.readableBytesView))
            if type == "levenshtein" {
                let bytes = Array(answer.text.trimmed.utf8)
                return references.map { TextMeasures.editSimilarity(bytes, $0) }.max()
            }
            return words.map { reference in
                switch type {
                case "rouge-l": TextMeasures.longestCommon(own, reference)
                case "bleu": TextMeasures.bleu(own, reference)
                case "cosine": TextMeasures.cosine(own, reference)
                case "jaccard": TextMeasures.jaccard(own, reference)
                default: TextMeasures.recall(own, reference, n: n)
                }
            }.max()
        }
    }

    private static func words(_ text: [UInt8]) -> [UInt64] { WordReader.read(text).words.map(\.hash) }
}

/// Checks that compare the answer with the question and the sources of its request.
enum RetrievalChecks {
    static let types = [
        "context-faithfulness", "context-accuracy", "context-recall", "context-relevance", "answer-relevance",
        "answer-completeness", "coherence", "has-citation",
    ]

    static func make(_ type: String, _ settings: CheckSettings) throws(ConfigError) -> QualityCheck? {
        switch type {
        case "context-faithfulness": return dimension(.faithfulness, 0.8)
        case "context-accuracy": return dimension(.accuracy, 0.9)
        case "answer-relevance": return dimension(.relevancy, 0.5)
        case "answer-completeness": return dimension(.completeness, 0.5)
        case "coherence": return dimension(.coherence, 0.8)
        case "has-citation":
            return .holds { answer in
                let marks = CitationMarks.find(in: Array(answer.bytes.readableBytesView), .all).marks
                return marks.contains { !$0.isQuotation }
            }
        case "context-recall":
            let wanted = try settings.texts().map { WordReader.read(Array($0.utf8)) }
            return QualityCheck(threshold: 0.75) { answer, _ in
                guard !answer.sources.passages.isEmpty else { return nil }
                let words = wanted.flatMap { $0.words.filter(\.hasContent) }
                guard !words.isEmpty else { return nil }
                let found = words.count { word in answer.sources.passages.contains { $0.has(word) } }
                return Double(found) / Double(words.count)
            }
        case "context-relevance":
            return QualityCheck(threshold: 0.5) { answer, _ in
                let asked = answer.question.words.filter(\.hasContent)
                guard !asked.isEmpty, !answer.sources.passages.isEmpty else { return nil }
                let relevant = answer.sources.passages.count { passage in asked.contains { passage.has($0) } }
                return Double(relevant) / Double(answer.sources.passages.count)
            }
        default: return nil
        }
    }

    private static func dimension(_ dimension: QualityDimension, _ threshold: Double) -> QualityCheck {
        QualityCheck(threshold: threshold) { answer, _ in dimension.score(answer) }
    }
}

/// Checks of the tools that were called on the way to the answer, those of the request's history included.
enum TrajectoryChecks {
    static let types = [
        "trajectory:tool-used", "trajectory:tool-sequence", "trajectory:tool-args-match", "trajectory:step-count",
    ]

    private enum SequenceKey: String, ConfigKey { case exact }
    private enum ArgumentsKey: String, ConfigKey { case tool, schema }

    static func make(_ type: String, _ settings: CheckSettings) throws(ConfigError) -> QualityCheck? {
        switch type {
        case "trajectory:tool-used":
            let wanted = try settings.texts().map { NamePattern($0) }
            return QualityCheck { answer, _ in
                let used = wanted.count { pattern in answer.calls.contains { pattern.matches($0.name) } }
                return Double(used) / Double(wanted.count)
            }
        case "trajectory:tool-sequence":
            let wanted = try settings.texts().map { NamePattern($0) }
            let isExact = try settings.config?.mapping(SequenceKey.self)[.exact]?.boolean() ?? false
            return QualityCheck { answer, _ in Self.followed(wanted, answer.calls.map(\.name), isExact) }
        case "trajectory:step-count":
            let range = try settings.range()
            return .holds { range.contains(Double($0.calls.count)) }
        case "trajectory:tool-args-match":
            let mapping = try settings.required().mapping(ArgumentsKey.self)
            let tool = NamePattern(try mapping.required(.tool).string())
            let schema = try ArgumentSchema(try mapping.required(.schema))
            return QualityCheck { answer, scratch in
                let calls = answer.calls.filter { tool.matches($0.name) }
                guard !calls.isEmpty else { return 0 }
                var right = 0
                for call in calls {
                    guard let tree = try? JSONTree(call.arguments) else { continue }
                    if try schema.violation(in: tree, using: scratch) == nil { right += 1 }
                }
                return Double(right) / Double(calls.count)
            }
        default: return nil
        }
    }

    /// The share of a sequence that was followed in its order; exactly, or with other calls between.
    private static func followed(_ wanted: [NamePattern], _ names: [String], _ isExact: Bool) -> Double {
        if isExact { return wanted.count == names.count && zip(wanted, names).allSatisfy { $0.matches($1) } ? 1 : 0 }
        var next = 0
        for name in names where next < wanted.count && wanted[next].matches(name) { next += 1 }
        return Double(next) / Double(wanted.count)
    }
}
