import KeeptrustsCore

/// The kind `document-analyzer`: pictures, sounds and files of a request must be small enough, and of types that are allowed.
///
/// It goes by the bytes themselves, and does no I/O: what lies elsewhere it cannot see.
struct DocumentAnalyzer: Policy {
    static let kind = PolicyKind("document-analyzer", streaming: .none, phases: [.request], capable: [.request])

    let rules: [Rule] = []
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
        if let node = mapping[.sanitizeCode], try node.boolean() {
            try node.refuseForNow(
                hint: "Documents are not changed; 'code-sanitizer' takes dangerous code out of answers.")
        }
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
    var needs: FactNeeds { FactNeeds(documents: isEnabled) }

    func examine(_ examination: Examination) -> Opinion {
        guard examination.stage == .request else { return .clean }
        var opinion = Opinion.clean
        for document in examination.facts.documents {
            let found = judge(DocumentReading(document))
            if found.decision.verdict == .block { return found }
            if found != .clean { opinion = found }
        }
        return opinion
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
