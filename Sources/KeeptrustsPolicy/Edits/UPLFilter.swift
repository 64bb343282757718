import KeeptrustsCore
import NIOCore

/// The kind `upl-filter`: keeps a model from practising law without a licence.
///
/// An answer that tells one person what the law means for that one is blocked, or its sentences that do so are replaced.
struct UPLFilter: Policy {
    static let kind = PolicyKind("upl-filter", streaming: .whole, phases: [.response], capable: [.response])

    let rules: [Rule]
    private let disclaimers: Disclaimers

    /// Sentences of advice are replaced, and the rest of the answer passes.
    private let rewrites: Bool

    private enum Key: String, ConfigKey {
        case patterns = "blocked_patterns"
        case replaces = "replace_defaults"
        case needsDisclaimer = "require_disclaimer"
        case rewrites = "rewrite_to_educational"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        rules = try AdviceRules.rules(
            of: "legal-advice.txt", for: config, and: mapping[.patterns], replaces: mapping[.replaces])
        rewrites = try mapping[.rewrites]?.boolean() ?? false
        let needsDisclaimer = try mapping[.needsDisclaimer]?.boolean() ?? true
        disclaimers =
            try needsDisclaimer
            ? Disclaimers(text: Self.disclaimer, at: config, of: Self.kind) : Disclaimers(nil, of: Self.kind)
    }

    private static let disclaimer = "This is general information about the law and not legal advice."

    /// What stands in the place of a sentence of advice.
    private static let educational =
        "How the law applies to a particular situation is a question for a licensed lawyer."

    /// Without a disclaimer and without sentences to replace, an answer need not be complete.
    var streaming: PolicyKind.Streaming { disclaimers.isEmpty && !rewrites ? .window : .whole }

    var examines: Bool { rewrites }
    var revises: Bool { !disclaimers.isEmpty }

    func decide(on matches: [RuleMatch]) -> Decision {
        matches.isEmpty ? .allow : rewrites ? Self.replaces : Self.blocks
    }

    private static let blocks = Decision(
        verdict: .block, reason: Reason(code: "upl_filter.detected", message: "The answer gives legal advice."))

    private static let replaces = Decision(
        verdict: .redact,
        reason: Reason(code: "upl_filter.rewritten", message: "Legal advice was replaced by a general remark."))

    func examine(_ examination: Examination) throws -> Opinion {
        guard !examination.matches.isEmpty else { return .clean }
        var edits: [Redaction] = []
        for number in examination.own {
            let matches = examination.matches(in: number)
            guard !matches.isEmpty else { continue }
            let text = examination.segments[number].text
            // Half a string of a document would be no document any more.
            guard text.jsonDocument == nil else { return Opinion(decision: Self.blocks) }
            for span in text.sentences(around: matches.map(\.match.span)) {
                edits.append(Redaction(segment: number, span: span, replacement: Self.educational))
            }
        }
        return Opinion(decision: Self.replaces, edits: edits)
    }

    func revise(_ examination: Examination) throws -> Opinion { try disclaimers.complete(examination) }
}
