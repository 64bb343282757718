import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// The kind `quality-scorer`: an answer must be what its assertions say, and score well enough as a whole.
///
/// All of it is computed from words, here, but for assertions that a model judges.
struct QualityScorer: Policy {
    static let kind = PolicyKind(
        "quality-scorer", streaming: .whole, isSecurity: false, phases: [.response], capable: [.response])

    let rules: [Rule] = []
    private let assertions: [QualityAssertion]
    private let leastCharacters: Int
    private let leastSentences: Int
    private let demands: QualityDemands
    private let action: FailureAction

    /// The models that may judge; none where no assertion is for a model.
    private let judges: [ModelJudge]

    /// Of each question about an answer, which model is asked.
    private let asked: [Int]

    /// Assertions for a model have a score without one.
    let isMock: Bool

    private enum Key: String, ConfigKey {
        case assertions, thresholds, weights, benchmarks, industry, providers
        case leastCharacters = "min_output_chars"
        case leastSentences = "min_sentences"
        case mock = "mock_scoring"
        case policy = "pass_policy"
        case failure = "failure_action"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self, hints: Self.hints)
        isMock = try mapping[.mock]?.boolean() ?? false
        let judges = try Judges(mapping[.providers], isMock: isMock)
        let severity: QualityAssertion.Severity = mapping[.policy] == nil ? .critical : .info
        var assertions: [QualityAssertion] = []
        for node in try mapping[.assertions]?.list() ?? [] {
            assertions += try QualityAssertion.read(node, otherwise: severity, judges: judges)
        }
        self.assertions = assertions
        asked = assertions.compactMap(\.judged).flatMap { [Int](repeating: $0.model, count: $0.count) }
        self.judges = isMock || asked.isEmpty ? [] : judges.models.map(\.judge)
        try Self.refuseVain(mapping, asked, judges)
        leastCharacters = try mapping[.leastCharacters]?.integer(in: 0...1_000_000) ?? 0
        leastSentences = try mapping[.leastSentences]?.integer(in: 0...10_000) ?? 0
        demands = try QualityDemands(
            QualityDemands.Sections(
                industry: mapping[.industry], benchmarks: mapping[.benchmarks], weights: mapping[.weights],
                thresholds: mapping[.thresholds], pass: mapping[.policy]))
        action = try FailureAction(mapping[.failure])
    }

    private static let hints = [
        "min_score": "say 'thresholds.min_aggregate'", "overall_min_score": "say 'thresholds.min_aggregate'",
        "dimensions": "say 'weights'", "on_fail": "say 'failure_action'",
    ]

    /// Refuses models that no assertion asks, a mock of nothing, and more questions than a policy may ask.
    private static func refuseVain(
        _ mapping: ConfigMapping<Key>, _ asked: [Int], _ judges: Judges
    ) throws(ConfigError) {
        let vain = judges.isMock ? mapping[.mock] : judges.models.isEmpty ? nil : mapping[.providers]
        if let vain, asked.isEmpty {
            throw ConfigError(
                .conflict, at: vain.location, "'\(vain.path)' has no effect: no assertion asks a model.",
                hint: "remove the key, or add an assertion of the type 'llm-rubric'")
        }
        let idle = judges.models.indices.first { !asked.contains($0) }
        if let idle, !judges.isMock {
            let model = judges.models[idle]
            throw ConfigError(
                .conflict, at: model.location, "the provider '\(model.id)' has no effect: no assertion names it.",
                hint: "remove it, or say 'provider: \(model.id)' in an assertion that a model judges")
        }
        let most = ServiceQuestion.mostQuestions
        guard let node = mapping[.assertions], asked.count > most else { return }
        throw ConfigError(
            .limit, at: node.location, "'\(node.path)' asks models \(asked.count) questions; there may be \(most).")
    }

    var examines: Bool { true }
    var needs: FactNeeds { FactNeeds(conversation: true, emptyAnswers: true) }

    var services: [ServiceAddress] { judges.map(\.service) }
    var timeout: Duration { .seconds(10) }

    func examine(_ examination: Examination) throws -> Opinion {
        // With a model's scores the average is another; it is asked about every answer that gets so far.
        judges.isEmpty ? try opinion(of: examination.answers, [], examination) : .clean
    }

    func questions(_ examination: Examination) -> [ServiceQuestion] {
        guard !judges.isEmpty else { return [] }
        let last = examination.facts.conversation.last { $0.role == .user && $0.phase == .request }?.text
        return examination.answers.flatMap { answer in
            assertions.flatMap { assertion in
                assertion.judged?.questions(about: answer.text, last ?? ByteBuffer(), by: judges) ?? []
            }
        }
    }

    func opinion(on replies: [ServiceReply], _ examination: Examination) throws -> Opinion {
        guard !judges.isEmpty else { return .clean }
        var fault: ServiceFault?
        let scores = replies.enumerated().map { place, reply -> Double? in
            let model = asked[place % asked.count]
            do { return try judges[model].score(in: reply) } catch {
                fault = fault ?? ServiceFault(error, of: model)
                return nil
            }
        }
        let opinion = try opinion(of: examination.answers, scores, examination)
        // What fails by words, or by what one model says, fails without the other ones, too.
        if let fault, opinion.decision.verdict == .allow { throw fault }
        return opinion
    }

    /// Scores answers, each by itself; `scores` is what the models say of each, nil where one has said nothing.
    private func opinion(
        of answers: [Examination.Answer], _ scores: [Double?], _ examination: Examination
    ) throws -> Opinion {
        var opinion = Opinion()
        var scores = scores[...]
        for answer in answers {
            let (number, length) = (answer.segment, examination.length(of: answer.segment))
            let verdict = try judge(answer.text, &scores, examination)
            if isMock { opinion.findings.append(LocatedFinding(segment: number, Finding("quality.mock", at: 0..<0))) }
            for fault in verdict.faults {
                let finding = Finding("quality.\(fault.name)", at: 0..<length, confidence: 1 - fault.score)
                opinion.findings.append(LocatedFinding(segment: number, finding))
            }
            opinion.decision = opinion.decision.stronger(decision(on: verdict))
            guard verdict.failure != nil, action.ending == .fallback else { continue }
            opinion.replaced[answer.choice] = number
            for part in answer.segments {
                opinion.edits.append(
                    Redaction(
                        segment: part, span: 0..<examination.length(of: part),
                        replacement: part == number ? action.message : ""))
            }
        }
        return opinion
    }

    /// What was found out about one answer.
    private struct Verdict {
        /// What it is not, and how far it is.
        var faults: [(name: String, score: Double)] = []

        /// Why it is not good enough, as a reason code ends.
        var failure: String?
        var isFlagged = false

        /// Adds a fault for which the answer is not good enough; the first reason counts.
        mutating func fail(_ reason: String, _ name: String, _ score: Double) {
            faults.append((name, score))
            failure = failure ?? reason
        }
    }

    /// A weighted average of scores.
    private struct Average {
        private var sum = 0.0
        private var weights = 0.0

        /// Nil when nothing has a weight.
        var value: Double? { weights > 0 ? sum / weights : nil }

        mutating func add(_ score: Double, _ weight: Double) {
            sum += weight * score
            weights += weight
        }
    }

    private static let mocked = Decision(
        reason: Reason(
            code: "quality_scorer.mock", message: "No model has judged the answer: its scores stand for one."))

    private func decision(on verdict: Verdict) -> Decision {
        guard let failure = verdict.failure else {
            guard verdict.isFlagged else { return isMock ? Self.mocked : .allow }
            let message = "The answer is not all that its assertions ask for."
            return Decision(flagged: true, reason: Reason(code: "quality_scorer.warning", message: message))
        }
        let reason = Reason(
            code: "quality_scorer.\(failure)", message: "The answer did not meet the quality that is asked for.")
        return action.decision(reason)
    }

    /// Scores one answer; takes what a model says of it from the front of `scores`.
    private func judge(
        _ text: ByteBuffer, _ scores: inout ArraySlice<Double?>, _ examination: Examination
    ) throws -> Verdict {
        let answer = try AnswerUnderTest(text, examination)
        var verdict = Verdict()
        if answer.text.unicodeScalars.count < leastCharacters || answer.worded.sentences.count < leastSentences {
            verdict.fail("too_short", "length", 0)
        }
        var average = Average()
        weighDimensions(of: answer, &average, &verdict)
        for assertion in assertions {
            let result: QualityAssertion.Result?
            if let judged = assertion.judged {
                result = score(of: judged, &scores, answer).map(assertion.result)
            } else {
                result = try assertion.check(answer, using: try examination.searching())
            }
            if let result { weigh(result, of: assertion, &average, &verdict) }
        }
        if let least = demands.leastAverage, let score = average.value, score < least {
            verdict.fail("below_threshold", "aggregate", score)
        }
        return verdict
    }

    /// The mean of what a model says to an assertion's questions; nil where it has not said all of it.
    private func score(
        of judged: JudgedAssertion, _ scores: inout ArraySlice<Double?>, _ answer: AnswerUnderTest
    ) -> Double? {
        guard !isMock else { return Self.mockScore(of: answer) }
        let own = scores.prefix(judged.count).compactMap(\.self)
        scores = scores.dropFirst(judged.count)
        return own.count == judged.count ? own.reduce(0, +) / Double(own.count) : nil
    }

    /// What stands for a model's score: an answer that says something, and does not decline to answer, is good.
    private static func mockScore(of answer: AnswerUnderTest) -> Double {
        answer.worded.words.isEmpty || Refusals.isOne(answer.text) ? 0 : 1
    }

    private func weighDimensions(of answer: AnswerUnderTest, _ average: inout Average, _ verdict: inout Verdict) {
        for dimension in QualityDimension.allCases {
            guard let (weight, least) = demands.dimensions[dimension], let score = dimension.score(answer) else {
                continue
            }
            average.add(score, weight)
            if let least, score < least { verdict.fail("below_threshold", dimension.rawValue, score) }
        }
    }

    private func weigh(
        _ result: QualityAssertion.Result, of assertion: QualityAssertion, _ average: inout Average,
        _ verdict: inout Verdict
    ) {
        if assertion.mode == .enforce { average.add(result.score, assertion.weight) }
        guard !result.passes else { return }
        let score = min(result.score, 1)
        switch (assertion.mode, assertion.severity) {
        case (.enforce, .critical):
            verdict.fail("assertion", assertion.name, score)
        case (.enforce, .warning), (.audit, .critical), (.audit, .warning), (.audit, .info):
            verdict.faults.append((assertion.name, score))
            verdict.isFlagged = true
        case (.enforce, .info), (.shadow, .critical), (.shadow, .warning), (.shadow, .info):
            verdict.faults.append((assertion.name, score))
        }
    }
}
