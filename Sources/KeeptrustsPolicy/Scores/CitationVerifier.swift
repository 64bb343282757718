import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// The kind `citation-verifier`: an answer must say what the sources in its request say, and cite them rightly.
///
/// It compares words: numbers, names, quotations, negations and opposites, and which source is cited for them. A service of
/// the operator's may know works and addresses that the request does not have.
struct CitationVerifier: Policy {
    static let kind = PolicyKind(
        "citation-verifier", streaming: .whole, isSecurity: false, phases: [.response], capable: [.response])

    let rules: [Rule] = []
    private let needsCitation: Bool
    private let demands: GroundingReport.Demands

    /// The least share of claims that are supported; nil for any.
    private let leastGroundedness: Double?
    private let onUnverified: Action
    private let onHallucination: Action
    private let appendsReport: Bool
    private let resolver: ReferenceResolver?

    private enum Action: String, CaseIterable {
        case block, flag

        func decision(_ cause: String, _ message: String) -> Decision {
            let reason = Reason(code: "citation_verifier.\(cause)", message: message)
            return self == .block ? Decision(verdict: .block, reason: reason) : Decision(flagged: true, reason: reason)
        }
    }

    private enum Key: String, ConfigKey {
        case requireSources = "require_sources"
        case requireMatch = "require_source_match"
        case minConfidence = "min_confidence"
        case minGroundedness = "min_groundedness"
        case resolver = "external_resolver"
        case patterns = "extract_patterns"
        case output = "output_action"
        case response
    }
    private enum OutputKey: String, ConfigKey {
        case unverified = "unverified_action"
        case hallucination = "hallucination_action"
    }
    private enum ResponseKey: String, ConfigKey { case report = "include_verification_report" }
    private enum Form: String, CaseIterable { case academic, url, quote }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        needsCitation = try mapping[.requireSources]?.boolean() ?? true
        var demands = GroundingReport.Demands()
        demands.needsMatch = try mapping[.requireMatch]?.boolean() ?? false
        demands.leastConfidence = try mapping[.minConfidence]?.number(in: 0...1) ?? 0.8
        resolver = try mapping[.resolver].map { node throws(ConfigError) in try ReferenceResolver(node) }
        demands.looksUp = resolver != nil
        if let node = mapping[.patterns] { demands.forms = try Self.forms(node) }
        self.demands = demands
        leastGroundedness = try mapping[.minGroundedness]?.number(in: 0...1)
        let output = try mapping[.output]?.mapping(OutputKey.self)
        onUnverified = try output?[.unverified]?.choice(of: Action.self) ?? .flag
        onHallucination = try output?[.hallucination]?.choice(of: Action.self) ?? .block
        appendsReport = try mapping[.response]?.mapping(ResponseKey.self)[.report]?.boolean() ?? false
        guard let node = mapping[.resolver], demands.forms.isDisjoint(with: [.academic, .url]) else { return }
        throw ConfigError(
            .conflict, at: node.location, "'\(node.path)' has no effect: neither works nor addresses are read.",
            hint: "add 'academic' or 'url' to 'extract_patterns', or remove the key")
    }

    private static func forms(_ node: ConfigNode) throws(ConfigError) -> CitationMarks.Forms {
        var forms: CitationMarks.Forms = []
        for entry in try node.list() {
            switch try entry.choice(of: Form.self) {
            case .academic: forms.insert(.academic)
            case .url: forms.insert(.url)
            case .quote: forms.insert(.quote)
            }
        }
        return forms
    }

    var examines: Bool { true }
    var revises: Bool { appendsReport }
    var needs: FactNeeds { FactNeeds(conversation: true) }

    var services: [ServiceAddress] { [resolver?.service].compactMap(\.self) }
    var timeout: Duration { resolver?.timeout ?? .seconds(2) }

    func examine(_ examination: Examination) throws -> Opinion {
        var opinion = Opinion()
        for (number, found) in try reports(examination) {
            var report = found
            // Of these the resolver has the last word.
            if resolver != nil { report.admit(Set(report.unknownReferences)) }
            take(report, number, &opinion)
        }
        return opinion
    }

    func questions(_ examination: Examination) throws -> [ServiceQuestion] {
        guard let resolver else { return [] }
        return try reports(examination).compactMap { number, report in
            resolver.question(about: report.unknownReferences, in: examination.segments[number].text)
        }
    }

    func opinion(on replies: [ServiceReply], _ examination: Examination) throws -> Opinion {
        var opinion = Opinion()
        guard let resolver else { return opinion }
        var replies = replies[...]
        for (number, found) in try reports(examination) {
            var report = found
            let asked = resolver.asked(of: report.unknownReferences)
            if !asked.isEmpty, let reply = replies.popFirst() { report.admit(try resolver.known(of: asked, in: reply)) }
            take(report, number, &opinion)
        }
        return opinion
    }

    /// What is known of each answer, by its number.
    private func reports(_ examination: Examination) throws -> [(number: Int, report: GroundingReport)] {
        let own = examination.answers.flatMap(\.segments).filter { examination.length(of: $0) > 0 }
        guard !own.isEmpty else { return [] }
        let sources = try Sources(examination.facts.conversation)
        return try own.map { ($0, try GroundingReport(examination.segments[$0].text, sources, demands)) }
    }

    private func take(_ report: GroundingReport, _ number: Int, _ opinion: inout Opinion) {
        for problem in report.problems {
            let finding = Finding(problem.cause.rawValue, at: problem.span, confidence: problem.confidence)
            opinion.findings.append(LocatedFinding(segment: number, finding))
        }
        opinion.decision = opinion.decision.stronger(decision(on: report))
    }

    private func decision(on report: GroundingReport) -> Decision {
        var decision = Decision.allow
        if report.problems.contains(where: \.isHallucination) {
            decision = onHallucination.decision(
                "hallucination", "The answer says or cites what the sources of the request do not hold.")
        }
        if report.problems.contains(where: { !$0.isHallucination }) {
            let message = "The answer makes claims that the sources of the request do not support."
            decision = decision.stronger(onUnverified.decision("unverified", message))
        }
        if needsCitation, report.citations == 0, report.claims > 0 {
            decision = decision.stronger(onUnverified.decision("uncited", "The answer cites no source."))
        }
        if let least = leastGroundedness, report.groundedness < least {
            let message = "Too few of the answer's claims are supported by the sources of the request."
            decision = decision.stronger(onUnverified.decision("ungrounded", message))
        }
        return decision
    }

    /// Appends what was found to the answer; one that is JSON stays as it is.
    func revise(_ examination: Examination) throws -> Opinion {
        guard let last = examination.answers.last?.segments.last else { return .clean }
        let text = examination.segments[last].text
        guard text.readableBytes > 0, (try? JSONTree(text)) == nil else { return .clean }
        var report = try GroundingReport(text, Sources(examination.facts.conversation), demands)
        if resolver != nil {
            let own = examination.said.first { $0.id == examination.policy }
            let unknown = own?.findings.filter {
                $0.segment == last && $0.finding.category == GroundingProblem.Cause.unknownReference.rawValue
            }
            // What the resolver knows was not found.
            report.admit(Set(report.unknownReferences.dropFirst(unknown?.count ?? 0)))
        }
        let end = text.readableBytes
        return Opinion(edits: [Redaction(segment: last, span: end..<end, replacement: "\n\n" + report.summary)])
    }
}

extension Decision {
    /// The stronger of two; of two that are alike, this one.
    func stronger(_ other: Self) -> Self {
        if other.verdict != verdict { return other.verdict > verdict ? other : self }
        return reason == nil && other.reason != nil ? other : self
    }
}

extension GroundingReport {
    /// One line for the reader of the answer; it repeats none of it.
    fileprivate var summary: String {
        var causes: [String: Int] = [:]
        for problem in problems { causes[problem.cause.rawValue, default: 0] += 1 }
        let found = causes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let end = found.isEmpty ? "." : "; found: \(found.joined(separator: ", "))."
        return "[Verification: \(supported) of \(claims) claims supported, \(citations) citations\(end)]"
    }
}
