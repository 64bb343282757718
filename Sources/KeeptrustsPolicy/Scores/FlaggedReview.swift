import KeeptrustsCore
import NIOCore

/// The kind `flagged-review`: what becomes of an answer in which a policy before it saw something that changes nothing.
struct FlaggedReview: Policy {
    static let kind = PolicyKind(
        "flagged-review", streaming: .whole, isSecurity: false, phases: [.response], capable: [.response])

    let rules: [Rule] = []
    private let mode: Mode

    /// The record, and the reader of an annotated answer, learn which policies flagged it and why.
    private let namesCauses: Bool

    private enum Mode: String, CaseIterable {
        case annotate = "review_and_return"
        case audit = "audit_only"
        case escalate
    }

    private enum Key: String, ConfigKey {
        case mode, provider
        case depth = "recursion_depth_max"
        case isolation = "provider_isolation"
        case rationale = "rationale_capture"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        for key in [Key.provider, .depth, .isolation] {
            guard let node = mapping[key] else { continue }
            throw ConfigError(
                .unknownKey, at: node.location, "'\(node.path)' is not in this version yet.",
                hint: "No model is asked: say 'mode' without it.")
        }
        mode = try mapping.required(.mode).choice(
            of: Mode.self, hints: ["judge": "a model would be asked, which is not in this version yet"])
        namesCauses = try mapping[.rationale]?.boolean() ?? true
    }

    var examines: Bool { true }
    var isPassive: Bool { mode == .audit }
    var revises: Bool { mode == .annotate }

    func examine(_ examination: Examination) -> Opinion {
        let flags = examination.flags
        guard examination.stage == .answer, !flags.isEmpty, let first = examination.own.first else { return .clean }
        var findings: [LocatedFinding] = []
        if namesCauses {
            for flag in flags.prefix(8) {
                let finding = Finding("flagged.\(flag)", at: 0..<examination.length(of: first))
                findings.append(LocatedFinding(segment: first, finding))
            }
        }
        let message = "A policy saw something in the answer that a person should see."
        switch mode {
        case .escalate:
            let reason = Reason(code: "flagged_review.escalated", message: message)
            return Opinion(decision: Decision(verdict: .escalate, reason: reason), findings: findings)
        case .audit:
            return Opinion(
                decision: Decision(reason: Reason(code: "flagged_review.logged", message: message)), findings: findings)
        case .annotate:
            return Opinion(
                decision: Decision(reason: Reason(code: "flagged_review.annotated", message: message)),
                findings: findings)
        }
    }

    /// Appends a line that says what was flagged; what was seen is not repeated.
    func revise(_ examination: Examination) -> Opinion {
        let flags = examination.flags
        guard examination.stage == .answer, !flags.isEmpty, let last = examination.own.last else { return .clean }
        let causes = namesCauses ? ": \(flags.prefix(8).joined(separator: ", "))" : ""
        let end = examination.length(of: last)
        let note = "\n\n[Flagged for review\(causes)]"
        return Opinion(edits: [Redaction(segment: last, span: end..<end, replacement: note)])
    }
}

extension Examination {
    /// The reason codes of the policies before this one that saw something without stopping it.
    fileprivate var flags: [String] {
        said.filter { $0.flagged && $0.id != policy }.map { $0.reasonCode ?? "\($0.id).flagged" }
    }
}
