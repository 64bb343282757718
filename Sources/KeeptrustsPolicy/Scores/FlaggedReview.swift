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

    /// The model that is asked; nil in any other mode than ``Mode/judge``.
    private let reviewer: ReviewingModel?

    /// How often a judge's own answer may be judged again.
    private let mostDepth: Int

    /// The model must not be of the provider that has written the answer.
    private let isIsolated: Bool

    private enum Mode: String, CaseIterable {
        case annotate = "review_and_return"
        case audit = "audit_only"
        case escalate, judge
    }

    private enum Key: String, ConfigKey {
        case mode, provider
        case depth = "recursion_depth_max"
        case isolation = "provider_isolation"
        case rationale = "rationale_capture"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        mode = try mapping.required(.mode).choice(of: Mode.self)
        namesCauses = try mapping[.rationale]?.boolean() ?? true
        mostDepth = try mapping[.depth]?.integer(in: 0...8) ?? 0
        isIsolated = try mapping[.isolation]?.boolean() ?? true
        reviewer = try mapping[.provider].map { node throws(ConfigError) in try ReviewingModel(node) }
        try Self.refuseModel(mapping, isAsked: mode == .judge)
    }

    /// Refuses a judge without a model, and what is for a judge in another mode.
    private static func refuseModel(_ mapping: ConfigMapping<Key>, isAsked: Bool) throws(ConfigError) {
        guard !isAsked else {
            _ = try mapping.required(.provider, hint: "add 'provider: {model: …, secret_key_ref: {env: NAME}}'")
            return
        }
        for key in [Key.provider, .depth, .isolation] {
            guard let node = mapping[key] else { continue }
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' has no effect: no model is asked.",
                hint: "say 'mode: judge', or remove the key")
        }
    }

    var examines: Bool { true }
    var isPassive: Bool { mode == .audit }
    var revises: Bool { mode == .annotate }
    var services: [ServiceAddress] { [reviewer?.judge.service].compactMap(\.self) }
    var timeout: Duration { reviewer?.timeout ?? .seconds(2) }
    var needs: FactNeeds {
        reviewer == nil ? FactNeeds() : FactNeeds(headers: [ServiceQuestion.judgeDepthHeader], conversation: true)
    }
    var isolatedJudge: IsolatedJudge? {
        guard let reviewer, isIsolated else { return nil }
        return IsolatedJudge(name: reviewer.name, url: reviewer.judge.service.url, model: reviewer.judge.model)
    }

    func examine(_ examination: Examination) -> Opinion {
        let flags = examination.earlierFlags
        guard examination.stage == .answer, !flags.isEmpty else { return .clean }
        let message = "A policy saw something in the answer that a person should see."
        let findings = findings(examination)
        switch mode {
        case .judge:
            guard depth(of: examination) == nil else { return .clean }
            // Not let through: else whoever claims to be a judge would never be judged.
            return .block(
                "flagged_review.too_deep", "The answer is a judge's own, and may not be judged again.", findings)
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

    /// What was flagged, as far as the record is to say it.
    private func findings(_ examination: Examination) -> [LocatedFinding] {
        // An answer that only calls tools has no text of its own.
        guard namesCauses, let first = examination.own.first ?? examination.segments.indices.first else { return [] }
        return examination.earlierFlags.prefix(8).map { flag in
            LocatedFinding(segment: first, Finding("flagged.\(flag)", at: 0..<examination.length(of: first)))
        }
    }

    /// How many judges have asked for this answer one of the other; nil when it may not be judged again.
    ///
    /// The header is believed of anybody, for it only forbids: one that cannot be read counts as too deep.
    private func depth(of examination: Examination) -> Int? {
        guard let text = examination.facts.headers[ServiceQuestion.judgeDepthHeader] else { return 0 }
        guard let depth = UInt8(text), depth <= mostDepth else { return nil }
        return Int(depth)
    }

    /// What a model is asked about: the texts of the answer, and what tools are called with.
    private func answers(_ examination: Examination) -> [Int] {
        guard examination.stage == .answer, !examination.earlierFlags.isEmpty else { return [] }
        let calls = Examination.calls(in: examination.segments).map(\.segment)
        return (examination.own + calls).filter { examination.length(of: $0) > 0 }
    }

    func questions(_ examination: Examination) -> [ServiceQuestion] {
        guard let reviewer, let depth = depth(of: examination) else { return [] }
        let asked = examination.facts.conversation.last { $0.role == .user && $0.phase == .request }?.text
        return answers(examination).map { number in
            reviewer.question(
                about: examination.segments[number].text, asked ?? ByteBuffer(), examination.earlierFlags.prefix(8),
                depth: depth + 1)
        }
    }

    func opinion(on replies: [ServiceReply], _ examination: Examination) throws -> Opinion {
        guard let reviewer else { return .clean }
        var findings = findings(examination)
        var refusal: Reason?
        var failure: (any Error)?
        for (number, reply) in zip(answers(examination), replies) {
            do {
                let verdict = try reviewer.verdict(in: reply)
                if namesCauses {
                    for category in ["judged_by.\(reviewer.name)", "rationale.\(verdict.rationale.rawValue)"] {
                        findings.append(LocatedFinding(segment: number, Finding("flagged.\(category)", at: 0..<0)))
                    }
                }
                refusal = refusal ?? reason(against: verdict, examination)
            } catch {
                failure = error
            }
        }
        // What one verdict forbids is forbidden, even if another one is missing.
        if let refusal { return Opinion(decision: Decision(verdict: .block, reason: refusal), findings: findings) }
        if let failure { throw failure }
        let message = "A model has seen what was flagged in the answer, and lets it pass."
        return Opinion(
            decision: Decision(reason: Reason(code: "flagged_review.allowed", message: message)), findings: findings)
    }

    /// Why an answer may not go out after a verdict; nil when it may.
    private func reason(against verdict: ReviewingModel.Verdict, _ examination: Examination) -> Reason? {
        if isIsolated, let author = examination.facts.author, verdict.model == author.model {
            return Reason(
                code: "flagged_review.not_isolated",
                message: "The answer was judged by the model that has written it.")
        }
        guard !verdict.mayPass else { return nil }
        return Reason(code: "flagged_review.blocked", message: "A model has found that the answer must not go out.")
    }

    /// Appends a line to the answer that says what was flagged; what was seen is not repeated.
    ///
    /// An answer that is JSON stays as it is: its reader is a program.
    func revise(_ examination: Examination) -> Opinion {
        let flags = examination.flags
        guard !flags.isEmpty, let answer = examination.answers.last(where: { !$0.isDocument }),
            let last = answer.segments.last
        else { return .clean }
        let causes = namesCauses ? ": \(flags.prefix(8).joined(separator: ", "))" : ""
        let end = examination.length(of: last)
        let note = "\n\n[Flagged for review\(causes)]"
        return Opinion(edits: [Redaction(segment: last, span: end..<end, replacement: note)])
    }
}

extension Examination {
    /// The reason codes of all other policies that saw something without stopping it.
    fileprivate var flags: [String] { said.filter { $0.id != policy }.compactMap(\.flag) }

    /// Those of the policies before this one; what others will say or have said does not depend on when it is asked.
    fileprivate var earlierFlags: [String] { said.prefix { $0.id != policy }.compactMap(\.flag) }
}

extension PolicyResult {
    /// Why it has flagged; nil when it has not.
    fileprivate var flag: String? { flagged ? reasonCode ?? "\(id).flagged" : nil }
}
