import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// Texts that every answer must hold: one that an answer does not say itself is put at its end.
struct Disclaimers: Sendable {
    private struct Sentence: Sendable {
        var text: String

        /// Finds the sentence in any case, however its words are spaced.
        var expression: Expression
    }

    private let sentences: [Sentence]
    private let codeName: String

    /// The most that a list may hold, and the most bytes that each may have.
    private static let (most, mostBytes) = (16, 1_024)

    var isEmpty: Bool { sentences.isEmpty }

    /// Reads a list of texts.
    ///
    /// - Parameters:
    ///   - list: At most 16 texts of 1 to 1024 bytes that show; nil for none.
    ///   - kind: The kind, with whose name the codes of the reasons begin.
    /// - Throws: ``ConfigError`` for the first mistake, such as one text twice.
    init(_ list: ConfigNode?, of kind: PolicyKind) throws(ConfigError) {
        let nodes = try list?.list() ?? []
        var sentences: [Sentence] = []
        for node in nodes {
            guard sentences.count < Self.most else {
                throw ConfigError(
                    .outOfRange, at: node.location, "'\(list?.path ?? "")' must have at most \(Self.most) entries.")
            }
            let sentence = try Self.sentence(node.string(), at: node)
            guard !sentences.contains(where: { $0.text == sentence.text }) else {
                throw ConfigError(.duplicate, at: node.location, "'\(node.path)' is there twice.")
            }
            sentences.append(sentence)
        }
        self.sentences = sentences
        codeName = kind.codeName
    }

    /// One text that a kind brings along.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - node: The settings that asked for it.
    ///   - kind: The kind.
    /// - Throws: ``ConfigError`` when it cannot be looked for.
    init(text: String, at node: ConfigNode, of kind: PolicyKind) throws(ConfigError) {
        sentences = [try Self.sentence(text, at: node)]
        codeName = kind.codeName
    }

    private static func sentence(_ text: String, at node: ConfigNode) throws(ConfigError) -> Sentence {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !words.isEmpty, text.utf8.count <= mostBytes else {
            throw ConfigError(
                .outOfRange, at: node.location, "'\(node.path)' must have 1 to \(mostBytes) bytes that show.")
        }
        do {
            let pattern = Pattern.literal(words, wholeWords: false, ignoresCase: true)
            return Sentence(text: text, expression: try Expression(pattern))
        } catch {
            throw ConfigError(
                .unknownValue, at: node.location, "'\(node.path)' cannot be looked for: \(error.message)")
        }
    }

    /// Puts behind each answer what it lacks; a JSON document stays one, so it is flagged instead.
    func complete(_ examination: Examination) throws -> Opinion {
        let scratch = try examination.searching()
        var opinion = Opinion.clean
        for texts in Self.answers(examination) {
            guard let last = texts.last else { continue }
            let missing = try sentences.filter { try !Self.isSaid($0, in: texts, examination, scratch) }
            guard !missing.isEmpty else { continue }
            let text = examination.segments[last].text
            guard text.jsonDocument == nil else {
                opinion.findings.append(LocatedFinding(segment: last, Finding("disclaimer.missing", at: 0..<0)))
                continue
            }
            let end = text.readableBytes
            let addition = "\n\n" + missing.map(\.text).joined(separator: "\n\n")
            opinion.edits.append(Redaction(segment: last, span: end..<end, replacement: addition))
        }
        opinion.decision = decision(opinion)
        return opinion
    }

    private func decision(_ opinion: Opinion) -> Decision {
        if !opinion.findings.isEmpty {
            let message = "The answer lacks a required text, which cannot be put into a JSON document."
            return Decision(flagged: true, reason: Reason(code: "\(codeName).disclaimer_missing", message: message))
        }
        guard !opinion.edits.isEmpty else { return .allow }
        let message = "A required text was put at the end of the answer."
        return Decision(reason: Reason(code: "\(codeName).disclaimer_added", message: message))
    }

    /// The texts of each answer, in their order; an answer that says nothing is none.
    private static func answers(_ examination: Examination) -> [[Int]] {
        var choices: [Int32] = []
        var texts: [Int32: [Int]] = [:]
        for number in examination.own {
            let segment = examination.segments[number]
            guard let choice = segment.choice, segment.text.hasVisibleText else { continue }
            if texts[choice] == nil { choices.append(choice) }
            texts[choice, default: []].append(number)
        }
        return choices.compactMap { texts[$0] }
    }

    private static func isSaid(
        _ sentence: Sentence, in texts: [Int], _ examination: Examination, _ scratch: PatternScratch
    ) throws -> Bool {
        for number in texts {
            let found = try examination.segments[number].text.withUnsafeReadableBytes { bytes in
                try sentence.expression.first(in: bytes, using: scratch)
            }
            if found != nil { return true }
        }
        return false
    }
}
