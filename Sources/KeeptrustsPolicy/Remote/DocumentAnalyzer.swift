import KeeptrustsCore
import NIOCore

/// The kind `document-analyzer`: pictures, sounds and files of a request must be small enough, and of types that are allowed.
///
/// It goes by the bytes themselves, and does no I/O: what lies elsewhere it cannot see. Where its settings say so, files of text
/// that hold code which may do harm pass empty.
struct DocumentAnalyzer: Policy {
    static let kind = PolicyKind("document-analyzer", streaming: .none, phases: [.request], capable: [.request])

    let rules: [Rule]
    private let isEnabled: Bool

    /// The most that a document may have (bytes, decoded).
    private let mostBytes: Int

    /// Types, and families such as `image/*`; empty for all.
    private let allowed: Set<String>

    private enum Key: String, ConfigKey {
        case enabled
        case sanitizeCode = "sanitize_code"
        case mostBytes = "max_document_bytes"
        case allowed = "allowed_mime_types"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        isEnabled = try mapping[.enabled]?.boolean() ?? true
        let sanitizes = try mapping[.sanitizeCode]?.boolean() ?? false
        rules = isEnabled && sanitizes ? try Packs.rules(of: "dangerous-code.txt", for: mapping[.sanitizeCode]) : []
        mostBytes = try mapping[.mostBytes]?.integer(in: 1...268_435_456) ?? 524_288
        allowed = try Self.types(mapping[.allowed])
    }

    private static func types(_ node: ConfigNode?) throws(ConfigError) -> Set<String> {
        var types: Set<String> = []
        for entry in try node?.list() ?? [] {
            let name = try entry.string()
            guard let type = MediaType(name) else {
                throw ConfigError(
                    .unknownValue, at: entry.location,
                    "'\(entry.path)' is \(quoted(name)), which is no type of a document.",
                    hint: "say a type such as 'application/pdf', or a family such as 'image/*'.")
            }
            types.insert(type.name)
        }
        return types
    }

    var examines: Bool { isEnabled }

    /// Code beside documents is not its matter: it says itself what it found.
    var reportsFindings: Bool { false }
    var needs: FactNeeds { FactNeeds(documents: isEnabled) }

    func examine(_ examination: Examination) -> Opinion {
        guard examination.stage == .request else { return .clean }
        var opinion = Opinion.clean
        for document in examination.facts.documents {
            let found = judge(DocumentReading(document))
            if found.decision.verdict == .block { return found }
            if found != .clean { opinion = found }
        }
        sanitize(examination, &opinion)
        return opinion
    }

    /// Empties the files of text in which code was found that may do harm.
    private func sanitize(_ examination: Examination, _ opinion: inout Opinion) {
        for segment in examination.own {
            let matches = examination.matches(in: segment)
            guard let first = matches.first else { continue }
            let text = examination.segments[segment].text.readableBytesView
            guard let payload = Self.payload(of: text) else { continue }
            for located in matches {
                let rule = rules[located.match.rule]
                let finding = Finding(rule.category, at: located.match.span, confidence: rule.confidence)
                opinion.findings.append(LocatedFinding(segment: first.segment, finding))
            }
            let reason = Reason(
                code: "document_analyzer.sanitized", message: "A file that holds code which may do harm was emptied.")
            opinion.decision = Decision(verdict: .redact, flagged: opinion.decision.flagged, reason: reason)
            opinion.edits.append(
                Redaction(
                    segment: segment, span: payload.span,
                    replacement: payload.isBase64 ? "W1JFREFDVEVEXQ==" : "%5BREDACTED%5D"))
        }
    }

    /// Where the content of a `data:` URL of text stands (RFC 2397); nil for any other text.
    private static func payload(of text: ByteBufferView) -> (span: Range<Int>, isBase64: Bool)? {
        guard let comma = text.prefix(512).firstIndex(of: 0x2C) else { return nil }
        let head = String(decoding: text[..<comma], as: UTF8.self).lowercased()
        guard head.hasPrefix("data:text/") || head.hasPrefix("data:,") || head.hasPrefix("data:;") || head == "data:"
        else { return nil }
        return (comma - text.startIndex + 1..<text.count, head.hasSuffix(";base64"))
    }

    private func judge(_ document: DocumentReading) -> Opinion {
        guard let length = document.length else {
            guard allowed.isEmpty else {
                return .block("document_analyzer.unknown_type", "A document that lies elsewhere cannot be examined.")
            }
            let reason = Reason(
                code: "document_analyzer.remote", message: "A document lies elsewhere and was not examined.")
            return Opinion(decision: Decision(flagged: true, reason: reason))
        }
        guard length <= mostBytes else {
            return .block("document_analyzer.too_large", "A document is larger than \(mostBytes) bytes.")
        }
        guard !allowed.isEmpty else { return .clean }
        guard let type = document.type else {
            return .block("document_analyzer.unknown_type", "A document is of no type that is known.")
        }
        guard allowed.contains(type.name) || allowed.contains(type.family) else {
            return .block(
                "document_analyzer.type_not_allowed", "Documents of the type '\(type.name)' are not allowed.")
        }
        return .clean
    }
}
