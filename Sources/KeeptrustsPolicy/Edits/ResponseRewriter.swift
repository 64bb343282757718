import KeeptrustsCore
import KeeptrustsMatching
import KeeptrustsWire
import NIOCore

/// The kind `response-rewriter`: changes what a model says by rules of expressions and replacements.
///
/// It runs after every other policy, on what these have left: what was redacted cannot come back by a group.
struct ResponseRewriter: Policy {
    static let kind = PolicyKind(
        "response-rewriter", streaming: .whole, isSecurity: false, phases: [.response],
        capable: [.response, .toolCall])

    let rules: [Rule] = []
    private let rewrites: [RewriteRule]

    /// Of a text that is a JSON document, only strings change.
    private let preservesStructure: Bool

    private enum Key: String, ConfigKey {
        case rules
        case preserveStructure = "preserve_structure"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        preservesStructure = try mapping[.preserveStructure]?.boolean() ?? true
        var rewrites: [RewriteRule] = []
        for node in try mapping[.rules]?.list() ?? [] {
            let rule = try RewriteRule(node)
            guard !rewrites.contains(where: { $0.name == rule.name }) else {
                throw ConfigError(.duplicate, at: node.location, "there are two rules \(quoted(rule.name)).")
            }
            rewrites.append(rule)
        }
        self.rewrites = rewrites
    }

    var revises: Bool { !rewrites.isEmpty }

    func revise(_ examination: Examination) throws -> Opinion {
        let scratch = try examination.searching()
        var edits: [Redaction] = []
        for number in examination.own {
            edits += try self.edits(of: examination.segments[number].text, scratch).map { edit in
                Redaction(segment: number, span: edit.span, replacement: edit.replacement)
            }
        }
        guard !edits.isEmpty else { return .clean }
        let reason = Reason(code: "response_rewriter.rewritten", message: "The answer was changed by a rule.")
        return Opinion(decision: Decision(reason: reason), edits: edits)
    }

    private func edits(of text: ByteBuffer, _ scratch: PatternScratch) throws -> [Redaction] {
        guard preservesStructure, let tree = text.jsonDocument else { return try rewritten(text, scratch) }
        var edits: [Redaction] = []
        for node in tree.nodes.indices where tree.nodes[node].kind == .string {
            let string = ByteBuffer(string: tree.string(node))
            let redactions = try rewritten(string, scratch)
            guard !redactions.isEmpty else { continue }
            var token = ByteBuffer()
            token.writeJSONString(EditedTexts.text(string, redactions))
            edits.append(
                Redaction(segment: 0, span: tree.nodes[node].span, replacement: String(buffer: token)))
        }
        return edits
    }

    /// What the rules change in one text: each sees what the one before has left.
    private func rewritten(_ text: ByteBuffer, _ scratch: PatternScratch) throws -> [Redaction] {
        var texts = EditedTexts([Segment(text, role: .assistant, phase: .response)], [])
        for rule in rewrites {
            let current = texts.segments[0].text
            let edits = try rule.edits(of: current, scratch)
            if !edits.isEmpty { texts.apply(edits) }
        }
        return texts.redactions
    }
}

/// One rule of a ``ResponseRewriter``.
private struct RewriteRule: Sendable {
    let name: String
    private let expression: Expression
    private let template: Template
    private let position: Position

    /// Where the replacement stands: in the place of each match, or once before or behind a text that has one.
    private enum Position { case replace, prepend, append }

    private enum Key: String, ConfigKey { case name, pattern, replacement, position }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        name = try mapping.required(.name).string()
        expression = try Expression(written: mapping.required(.pattern))
        template = try Template(mapping.required(.replacement), groups: expression.captures)
        position =
            try mapping[.position]?.choice(["replace": .replace, "prepend": .prepend, "append": .append]) ?? .replace
    }

    /// Bytes that one rule may add to a text.
    private static let mostAdded = 1 << 20

    /// A text would grow beyond what is reasonable.
    private struct TooLong: Error {}

    func edits(of text: ByteBuffer, _ scratch: PatternScratch) throws -> [Redaction] {
        try text.withUnsafeReadableBytes { bytes in
            var edits: [Redaction] = []
            var added = 0
            var start = 0
            while start < bytes.count, let found = try expression.first(in: bytes, from: start, using: scratch) {
                let replacement = template.text(found, in: bytes)
                switch position {
                case .prepend: return [Redaction(segment: 0, span: 0..<0, replacement: replacement)]
                case .append:
                    return [Redaction(segment: 0, span: bytes.count..<bytes.count, replacement: replacement)]
                case .replace: edits.append(Redaction(segment: 0, span: found.whole, replacement: replacement))
                }
                added += replacement.utf8.count
                guard added <= Self.mostAdded + bytes.count else { throw TooLong() }
                start = max(found.whole.upperBound, bytes.character(after: start))
            }
            return edits
        }
    }

    /// A replacement: `$1` to `$9` stand for groups, `$0` for the match, `$$` for a dollar.
    private struct Template: Sendable {
        private enum Part: Sendable {
            case text(String)
            case group(Int)
        }

        private var parts: [Part] = []

        init(_ node: ConfigNode, groups: Int) throws(ConfigError) {
            let text = try node.string()
            guard text.utf8.count <= 4_096 else {
                throw ConfigError(.outOfRange, at: node.location, "'\(node.path)' must have at most 4096 bytes.")
            }
            var rest = text[...]
            while let dollar = rest.firstIndex(of: "$") {
                parts.append(.text(String(rest[..<dollar])))
                let next = rest[rest.index(after: dollar)...].first
                if let group = next.flatMap({ $0.isASCII ? $0.wholeNumberValue : nil }), group <= groups {
                    parts.append(.group(group))
                } else if next == "$" {
                    parts.append(.text("$"))
                } else {
                    throw ConfigError(
                        .unknownValue, at: node.location, "'\(node.path)' has a '$' that stands for no group.",
                        hint: "'$0' is the match, '$1' to '$9' are the groups of 'pattern', '$$' is a dollar")
                }
                rest = rest[dollar...].dropFirst(2)
            }
            parts.append(.text(String(rest)))
        }

        func text(_ found: Expression.Found, in bytes: UnsafeRawBufferPointer) -> String {
            parts.reduce(into: "") { text, part in
                switch part {
                case .text(let literal): text += literal
                case .group(let number):
                    guard number < found.groups.count, let span = found.groups[number] else { return }
                    text += String(decoding: bytes[span], as: UTF8.self)
                }
            }
        }
    }
}
