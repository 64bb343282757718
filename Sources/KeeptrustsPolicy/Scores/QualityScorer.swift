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

    /// The dimensions that are scored, with what each counts in the average and the least that it may be.
    private let dimensions: [QualityDimension: (weight: Double, least: Double?)]

    /// The least average; nil where none is asked for.
    private let leastAverage: Double?
    private let action: Action
    private let fallback: String

    /// The model that judges some of the assertions; nil where none does.
    private let judge: ModelJudge?

    /// What becomes of an answer that is not good enough.
    private enum Action: String, CaseIterable { case block, escalate, flag, fallback }

    private enum Key: String, ConfigKey {
        case assertions, thresholds, weights, benchmarks, industry, providers
        case leastCharacters = "min_output_chars"
        case leastSentences = "min_sentences"
        case mock = "mock_scoring"
        case policy = "pass_policy"
        case failure = "failure_action"
    }
    private enum PassKey: String, ConfigKey { case strategy, threshold }
    private enum FailureKey: String, ConfigKey { case action, message }
    private enum Strategy: String, CaseIterable { case average = "weighted_average" }
    private enum BenchmarkKey: String, ConfigKey {
        case faithfulness = "ragas_faithfulness"
        case relevancy = "ragas_relevancy"
        case coherence, completeness
    }
    private enum WeightKey: String, ConfigKey { case faithfulness, relevancy, coherence, completeness, accuracy }
    private enum ThresholdKey: String, ConfigKey {
        case aggregate = "min_aggregate"
        case faithfulness = "min_faithfulness"
        case relevancy = "min_relevancy"
        case coherence = "min_coherence"
        case completeness = "min_completeness"
        case accuracy = "min_accuracy"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self, hints: Self.hints)
        try Self.refuseModels(mapping)
        let pass = try mapping[.policy]?.mapping(PassKey.self)
        if let node = pass?[.strategy] { _ = try node.choice(of: Strategy.self) }
        let severity: QualityAssertion.Severity = pass == nil ? .critical : .info
        let provider = try JudgingModel.read(mapping[.providers])
        var assertions: [QualityAssertion] = []
        for node in try mapping[.assertions]?.list() ?? [] {
            let assertion = try QualityAssertion(node, otherwise: severity, judge: provider)
            if let assertion { assertions.append(assertion) }
        }
        self.assertions = assertions
        judge = assertions.contains { $0.judged != nil } ? provider?.judge : nil
        if let node = mapping[.providers], provider != nil, judge == nil {
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' has no effect: no assertion asks a model.",
                hint: "remove the key, or add an assertion of the type 'llm-rubric'")
        }
        leastCharacters = try mapping[.leastCharacters]?.integer(in: 0...1_000_000) ?? 0
        leastSentences = try mapping[.leastSentences]?.integer(in: 0...10_000) ?? 0
        let thresholds = try mapping[.thresholds]?.mapping(ThresholdKey.self)
        dimensions = try Self.dimensions(mapping, thresholds)
        let least = try thresholds?[.aggregate]?.number(in: 0...1)
        leastAverage =
            try pass.map { pass throws(ConfigError) in try pass.required(.threshold).number(in: 0...1) } ?? least
        if let node = thresholds?[.aggregate], pass != nil {
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' stands beside 'pass_policy'.", hint: "Say one of the two."
            )
        }
        let failure = try mapping[.failure]?.mapping(FailureKey.self)
        action =
            try failure?[.action]?.choice(
                of: Action.self, hints: ["retry": "an answer is not asked for twice in this version"]) ?? .block
        if let node = failure?[.message], action != .fallback {
            throw ConfigError(.conflict, at: node.location, "'\(node.path)' is for 'action: fallback'.")
        }
        fallback = try failure?[.message]?.string() ?? "The answer did not meet the quality that is asked for here."
    }

    private static let hints = [
        "min_score": "say 'thresholds.min_aggregate'", "overall_min_score": "say 'thresholds.min_aggregate'",
        "dimensions": "say 'weights'", "on_fail": "say 'failure_action'",
    ]

    private static func refuseModels(_ mapping: ConfigMapping<Key>) throws(ConfigError) {
        if let node = mapping[.industry] {
            throw ConfigError(
                .unknownKey, at: node.location, "'\(node.path)' is not in this version yet.",
                hint: "Say what the answers of an industry must be in 'assertions'.")
        }
        guard let node = mapping[.mock], try node.boolean() else { return }
        throw ConfigError(
            .unknownValue, at: node.location, "'\(node.path)' would score nothing.", hint: "Say 'mode: observe'.")
    }

    private static func dimensions(
        _ mapping: ConfigMapping<Key>, _ thresholds: ConfigMapping<ThresholdKey>?
    ) throws(ConfigError) -> [QualityDimension: (weight: Double, least: Double?)] {
        let weights = try mapping[.weights]?.mapping(WeightKey.self)
        let benchmarks = try mapping[.benchmarks]?.mapping(BenchmarkKey.self)
        let keys: [(QualityDimension, WeightKey, ThresholdKey, BenchmarkKey?)] = [
            (.faithfulness, .faithfulness, .faithfulness, .faithfulness),
            (.relevancy, .relevancy, .relevancy, .relevancy),
            (.coherence, .coherence, .coherence, .coherence),
            (.completeness, .completeness, .completeness, .completeness), (.accuracy, .accuracy, .accuracy, nil),
        ]
        var dimensions: [QualityDimension: (weight: Double, least: Double?)] = [:]
        for (dimension, weightKey, thresholdKey, benchmarkKey) in keys {
            let weight = try weights?[weightKey]?.number(in: 0...10)
            let least = try thresholds?[thresholdKey]?.number(in: 0...1)
            let isOn = try benchmarkKey.flatMap { benchmarks?[$0] }?.boolean()
            guard isOn != false, isOn == true || weight != nil || least != nil else { continue }
            dimensions[dimension] = (weight ?? (isOn == true || weights == nil ? 1 : 0), least)
        }
        return dimensions
    }

    var examines: Bool { true }
    var needs: FactNeeds { FactNeeds(conversation: true) }

    var service: ServiceAddress? { judge?.service }
    var timeout: Duration { .seconds(10) }

    func examine(_ examination: Examination) throws -> Opinion {
        // With a model's scores the average is another; it is asked about every answer that gets so far.
        judge == nil ? try opinion(of: answers(examination), [], examination) : .clean
    }

    func questions(_ examination: Examination) -> [ServiceQuestion] {
        guard let judge else { return [] }
        let asked = examination.facts.conversation.last { $0.role == .user && $0.phase == .request }?.text
        return answers(examination).flatMap { number in
            assertions.compactMap { assertion in
                assertion.judged?.question(about: examination.segments[number].text, asked ?? ByteBuffer(), by: judge)
            }
        }
    }

    func opinion(on replies: [ServiceReply], _ examination: Examination) throws -> Opinion {
        guard let judge else { return .clean }
        let scores: [Double]
        do { scores = try replies.map { try judge.score(in: $0) } } catch {
            // What fails by words alone fails without the model, too.
            let local = try opinion(of: answers(examination), [], examination)
            guard local.decision.verdict == .allow else { return local }
            throw error
        }
        return try opinion(of: answers(examination), scores, examination)
    }

    /// The texts that are scored.
    private func answers(_ examination: Examination) -> [Int] {
        guard examination.stage == .answer else { return [] }
        return examination.own.filter { examination.segments[$0].phase == .response }
    }

    /// Scores answers, each by itself; `scores` is what a model says of each, for each assertion that it judges.
    private func opinion(
        of answers: [Int], _ scores: [Double], _ examination: Examination
    ) throws -> Opinion {
        var opinion = Opinion()
        var scores = scores[...]
        for number in answers {
            let text = examination.segments[number].text
            let verdict = try judge(text, &scores, examination)
            for fault in verdict.faults {
                let finding = Finding("quality.\(fault.name)", at: 0..<text.readableBytes, confidence: 1 - fault.score)
                opinion.findings.append(LocatedFinding(segment: number, finding))
            }
            opinion.decision = opinion.decision.stronger(decision(on: verdict))
            guard verdict.failure != nil, action == .fallback else { continue }
            opinion.edits.append(Redaction(segment: number, span: 0..<text.readableBytes, replacement: fallback))
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

    private func decision(on verdict: Verdict) -> Decision {
        guard let failure = verdict.failure else {
            guard verdict.isFlagged else { return .allow }
            let message = "The answer is not all that its assertions ask for."
            return Decision(flagged: true, reason: Reason(code: "quality_scorer.warning", message: message))
        }
        let reason = Reason(
            code: "quality_scorer.\(failure)", message: "The answer did not meet the quality that is asked for.")
        return switch action {
        case .block: Decision(verdict: .block, reason: reason)
        case .escalate: Decision(verdict: .escalate, reason: reason)
        case .flag: Decision(flagged: true, reason: reason)
        case .fallback: Decision(verdict: .redact, reason: reason)
        }
    }

    /// Scores one answer; takes what a model says of it from the front of `scores`.
    private func judge(
        _ text: ByteBuffer, _ scores: inout ArraySlice<Double>, _ examination: Examination
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
            if assertion.judged != nil {
                result = scores.popFirst().map(assertion.result)
            } else {
                result = try assertion.check(answer, using: try examination.searching())
            }
            if let result { weigh(result, of: assertion, &average, &verdict) }
        }
        if let least = leastAverage, let score = average.value, score < least {
            verdict.fail("below_threshold", "aggregate", score)
        }
        return verdict
    }

    private func weighDimensions(of answer: AnswerUnderTest, _ average: inout Average, _ verdict: inout Verdict) {
        for dimension in QualityDimension.allCases {
            guard let (weight, least) = dimensions[dimension], let score = dimension.score(answer) else { continue }
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
