import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("The kind quality-scorer")
struct QualityScorerTests {
    private static func chain(_ settings: Settings) throws -> PolicyChain {
        try PolicyChain(["quality-scorer"], ["quality-scorer": settings])
    }

    private static func judge(
        _ answer: String, _ settings: Settings, asked: String = "", sources: [String] = [], calls: [Segment] = []
    ) throws -> ChainOutcome {
        var facts = ExchangeFacts.caller()
        facts.conversation = sources.map { Segment(ByteBuffer(string: $0), role: .tool, phase: .toolResult) }
        if !asked.isEmpty { facts.conversation.append(.user(asked)) }
        facts.conversation += calls
        return try chain(settings).judge([.answer(answer)], at: .answer, knowing: facts)
    }

    /// Whether an assertion of a type with a value holds.
    private static func holds(
        _ type: String, _ value: Settings?, _ answer: String, extra: [(String, Settings)] = [], asked: String = "",
        sources: [String] = [], calls: [Segment] = []
    ) throws -> Bool {
        var assertion: [(String, Settings)] = [("type", .string(type))] + extra
        if let value { assertion.append(("value", value)) }
        let settings = Settings.mapping([("assertions", .list([.mapping(assertion)]))])
        return try judge(answer, settings, asked: asked, sources: sources, calls: calls).verdict == .allow
    }

    static let texts: [(String, Settings?, String, Bool)] = [
        ("equals", "Yes", " Yes\n", true), ("equals", "Yes", "yes", false), ("equals", ["yes", "no"], "no", true),
        ("contains", "rye", "oats and rye", true), ("contains", "Rye", "oats and rye", false),
        ("icontains", "RYE", "oats and rye", true), ("contains-any", ["a!", "b!"], "so b!", true),
        ("contains-any", ["a!", "b!"], "so c!", false), ("contains-all", ["oats", "rye"], "oats and rye", true),
        ("contains-all", ["oats", "rye"], "oats", false), ("icontains-all", ["OATS", "RYE"], "oats and rye", true),
        ("icontains-any", ["X", "RYE"], "rye", true), ("starts-with", "Dear", "Dear Ida,", true),
        ("starts-with", "Dear", "Oh dear", false), ("ends-with", "thanks.", "Many thanks.", true),
        ("ends-with", "thanks.", "thanks. Bye", false), ("regex", "[0-9]{3}-[A-Z]", "order 123-B", true),
        ("regex", "^[a-z]+$", "two words", false), ("word-count", ["max": 3], "one two three", true),
        ("word-count", ["max": 3], "one two three four", false), ("char-count", ["min": 2, "max": 4], "été", true),
        ("char-count", 3, "été!", false), ("sentence-count", ["min": 2], "One. Two.", true),
        ("sentence-count", ["min": 2], "Just one of them.", false), ("not-contains", "rye", "oats", true),
        ("not-contains", "rye", "rye", false), ("is-refusal", nil, "I'm sorry, but I can't help with that.", true),
        ("is-refusal", nil, "I can help with that.", false), ("not-is-refusal", nil, "Here it is.", true),
        ("flesch-reading-ease", ["min": 60], "The cat sat on the mat. It was a good cat.", true),
        (
            "flesch-reading-ease", ["min": 60],
            "Institutional considerations necessitate comprehensive organisational reconfiguration.", false
        ),
        ("flesch-kincaid-grade", ["max": 6], "The cat sat on the mat.", true),
        ("flesch-kincaid-grade", ["max": 6], "Institutional considerations necessitate reconfiguration.", false),
    ]

    @Test("What the text must be", arguments: texts)
    func text(type: String, value: Settings?, answer: String, isHeld: Bool) throws {
        #expect(try Self.holds(type, value, answer) == isHeld)
    }

    static let structures: [(String, Settings?, String, Bool)] = [
        ("is-json", nil, #" {"a":1} "#, true), ("is-json", nil, #"Here: {"a":1}"#, false), ("is-json", nil, "{", false),
        ("is-json", ["type": "object", "required": ["a"]], #"{"a":1}"#, true),
        ("is-json", ["type": "object", "required": ["b"]], #"{"a":1}"#, false),
        ("contains-json", nil, "Here:\n```json\n{\"a\":[1,2]}\n```\n", true),
        ("contains-json", nil, "no {json here}", false),
        ("contains-json", ["required": ["a"]], "x {y} {\"a\":\"}\"} z", true), ("contains-json", nil, "", false),
        ("has-list", nil, "So:\n- a\n- b", true), ("has-list", nil, "1) a", true), ("has-list", nil, "a - b", false),
        ("has-heading", nil, "## Facts\nx", true), ("has-heading", nil, "#tag", false),
        ("has-code", nil, "```\nx\n```", true),
        ("has-code", nil, "`x`", false), ("has-table", nil, "| a | b |\n|---|---|", true),
        ("has-table", nil, "a | b", false),
        ("has-link", nil, "see https://mill.example/a", true), ("has-link", nil, "see mill.example", false),
    ]

    @Test("What form the answer must have", arguments: structures)
    func structure(type: String, value: Settings?, answer: String, isHeld: Bool) throws {
        #expect(try Self.holds(type, value, answer) == isHeld)
    }

    static let similarities: [(String, Settings, String, Bool)] = [
        ("levenshtein", "kitten", "kitten!", true), ("levenshtein", "kitten", "sitting down", false),
        ("rouge-1", "the mill ground rye", "In 1903 the mill ground much rye", true),
        ("rouge-1", "the mill ground rye", "the baker slept", false),
        ("rouge-2", "the mill ground rye", "the mill ground rye fast", true),
        ("rouge-2", "the mill ground rye", "rye ground mill the", false),
        ("rouge-l", "the mill ground rye", "the old mill ground rye", true),
        ("rouge-l", "the mill ground rye", "rye ground mill the", false),
        ("bleu", "the mill ground forty tons of rye", "the mill ground forty tons of rye today", true),
        ("bleu", "the mill ground forty tons of rye", "tons of mill", false),
        ("cosine", "rye and oats", "oats and rye", true), ("cosine", "rye and oats", "wheat or barley", false),
        ("jaccard", ["x y z", "rye and oats"], "oats and rye", true), ("jaccard", "rye and oats", "rye", false),
    ]

    @Test("What text the answer must be like", arguments: similarities)
    func similarity(type: String, value: Settings, answer: String, isHeld: Bool) throws {
        #expect(try Self.holds(type, value, answer) == isHeld)
    }

    @Test(
        "Texts are similar when their words and parts of words are",
        arguments: [
            ("The salary is paid on Friday.", "Salaries are paid on Fridays.", true),
            ("The salary is paid on Friday.", "The mill ground forty tons of rye.", false),
            ("The salary is paid on Friday.", "", false),
        ])
    func similar(reference: String, answer: String, isHeld: Bool) throws {
        #expect(try Self.holds("similar", .list(["Penguins swim.", .string(reference)]), answer) == isHeld)
        let exact: [(String, Settings)] = [("threshold", 0.99)]
        #expect(try Self.holds("similar", .string(reference), reference, extra: exact))
        #expect(try !Self.holds("similar", .string(reference), answer, extra: exact))
    }

    static let rye = "The mill ground 40 tons of rye [1]."

    @Test(
        "A pack stands for the assertions of a set",
        arguments: [
            ("no-preamble", "Rye.", "Sure! Here is it: rye.", "no-preamble.1"),
            ("no-preamble", "Rye is sure to grow.", "Rye. I hope this helps!", "no-preamble.2"),
            ("structured", "Two things. They are:\n- oats\n- rye", "Oats. Rye.", "structured.1"),
            ("structured", "# Grains\nOats are one. Rye is one.", "- rye", "structured.2"),
            (
                "structured", "1. Oats grow here.\n2. Rye grows there.",
                "- Rye is good.\n- Rye is good.\n- Rye is good.", "structured.3"
            ),
            ("rag", rye, "The mill ground 90 tons of rye [1].", "rag.1"),
            ("rag", rye, "The mill ground rye. Bananas are yellow. Penguins swim. Cars drive.", "rag.4"),
            ("concise", rye, String(repeating: "rye and oats ", count: 51), "concise.1"),
            ("concise", rye, "The mill ground rye. The mill ground rye.", "concise.2"),
        ])
    func packs(name: String, good: String, bad: String, fault: String) throws {
        func outcome(_ answer: String, _ more: [(String, Settings)] = []) throws -> ChainOutcome {
            let assertion: [(String, Settings)] = [("pack", .string(name))] + more
            return try Self.judge(
                answer, .mapping([("assertions", .list([.mapping(assertion)]))]), asked: "What did the mill grind?",
                sources: Self.mill)
        }
        let blocked = try outcome(bad)

        #expect(try outcome(good).verdict == .allow)
        #expect(blocked.verdict == .block && blocked.reason?.code == "quality_scorer.assertion")
        #expect(blocked.results[0].findings.map(\.finding.category).contains("quality.\(fault)"))
        #expect(try outcome(bad, [("severity", "warning")]).flagged)
        #expect(try outcome(bad, [("mode", "shadow")]).verdict == .allow)
        #expect(try outcome(bad, [("enabled", false)]).results[0].findings.isEmpty)
    }

    @Test("The weight of a pack is that of each of its assertions")
    func packWeight() throws {
        func code(_ weight: Double) throws -> String? {
            try Self.judge(
                "Sure! Rye.",
                [
                    "assertions": [
                        ["pack": "no-preamble", "weight": .number(weight)], ["type": "contains", "value": "Rye"],
                    ],
                    "pass_policy": ["threshold": 0.8],
                ]
            ).reason?.code
        }

        #expect(try code(0.1) == nil)
        #expect(try code(1) == "quality_scorer.below_threshold")
    }

    @Test(
        "A mock scores what a model would judge, and the record says so",
        arguments: ["llm-rubric", "factuality", "model-graded-closedqa", "g-eval"])
    func mock(type: String) throws {
        func outcome(_ answer: String, _ more: [(String, Settings)] = []) throws -> ChainOutcome {
            let own: [(String, Settings)] = [
                ("assertions", [["type": .string(type), "value": "kind", "provider": "judge"]]),
                ("mock_scoring", true),
            ]
            return try Self.judge(answer, .mapping(own + more))
        }
        let good = try outcome("Rye is a grass.")
        let bad = try outcome("I'm sorry, but I can't help with that.")

        #expect(good.verdict == .allow && good.results[0].reasonCode == "quality_scorer.mock")
        #expect(good.results[0].findings.map(\.finding.category) == ["quality.mock"])
        #expect(bad.reason?.code == "quality_scorer.assertion")
        #expect(bad.results[0].findings.map(\.finding.category).contains("quality.mock"))
        let chain = try Self.chain(["assertions": [["type": .string(type), "value": "kind"]], "mock_scoring": true])
        #expect(chain.services == [[]] && chain.mocks == [true])
        let named = try outcome("Rye.", [("providers", [["id": "judge", "model": "m"]])])
        #expect(named.results[0].reasonCode == "quality_scorer.mock")
    }

    /// What each industry says of good and bad answers to a question with sources.
    @Test("An industry presets weights and thresholds", arguments: IndustryPreset.allCases)
    func industries(industry: IndustryPreset) throws {
        func code(_ answer: String, _ more: [(String, Settings)] = []) throws -> String? {
            try Self.judge(
                answer, .mapping([("industry", .string(industry.rawValue))] + more), asked: "What did the mill grind?",
                sources: Self.mill
            ).reason?.code
        }
        let total = QualityDimension.allCases.reduce(0.0) { $0 + (industry.part(of: $1)?.weight ?? 0) }

        #expect(abs(total - 1) < 1e-9)
        #expect(try code(Self.rye) == nil)
        #expect(try code(Self.beside) == "quality_scorer.below_threshold")
        // What the configuration says itself goes first.
        let mild: [(String, Settings)] = [
            (
                "thresholds",
                .mapping(
                    ["aggregate", "faithfulness", "relevancy", "coherence", "completeness", "accuracy"].map {
                        ("min_\($0)", 0)
                    })
            )
        ]
        #expect(try code(Self.beside, mild) == nil)
        #expect(try code(Self.rye, [("min_sentences", 3)]) == "quality_scorer.too_short")
    }

    static let beside = "Bananas are yellow fruit. Bananas are yellow fruit. Bananas are yellow fruit."

    @Test("What a configuration says goes before its industry, key by key")
    func overIndustry() throws {
        let wrong = "The mill ground 90 tons of rye [1]."
        func code(_ more: [(String, Settings)]) throws -> String? {
            try Self.judge(
                wrong, .mapping([("industry", "finance")] + more), asked: "What did the mill grind?", sources: Self.mill
            ).reason?.code
        }
        let off: (String, Settings) = (
            "thresholds", ["min_faithfulness": 0, "min_accuracy": 0, "min_aggregate": .number(0.45)]
        )

        #expect(try code([]) == "quality_scorer.below_threshold")
        #expect(try code([off]) == "quality_scorer.below_threshold")
        #expect(try code([off, ("weights", ["faithfulness": 0, "accuracy": 0])]) == nil)
        #expect(try code([off, ("benchmarks", ["ragas_faithfulness": false]), ("weights", ["accuracy": 0])]) == nil)
    }

    @Test("The pieces of rouge-n can be chosen")
    func pieces() throws {
        let three: [(String, Settings)] = [("config", ["n": 3])]

        #expect(try Self.holds("rouge-n", "the mill ground rye", "rye ground mill the"))
        #expect(try !Self.holds("rouge-n", "the mill ground rye", "the mill, rye ground", extra: three))
    }

    static let mill = ["The mill ground 40 tons of rye.", "It stands in Lindow."]

    @Test(
        "How the answer stands to question and sources",
        arguments: [
            ("context-faithfulness", nil, "The mill ground 40 tons of rye [1].", true),
            ("context-faithfulness", nil, "The mill ground 90 tons of rye [1].", false),
            ("context-accuracy", nil, "The mill ground 90 tons of rye [1].", false),
            ("context-recall", "The mill stands in Lindow", "x", true),
            ("context-recall", "The bakery of Graz sells cakes", "x", false),
            ("context-relevance", nil, "x", true), ("answer-relevance", nil, "The mill ground rye.", true),
            ("answer-relevance", nil, "Bananas are yellow. Penguins swim.", false),
            ("answer-completeness", nil, "The mill ground rye.", true), ("answer-completeness", nil, "Bananas.", false),
            ("has-citation", nil, "It ground rye [1].", true), ("has-citation", nil, "It ground rye.", false),
            ("coherence", nil, "The mill ground rye. It stands in Lindow.", true),
            ("coherence", nil, "The mill ground rye. The mill ground rye. The mill ground rye.", false),
        ] as [(String, Settings?, String, Bool)])
    func retrieval(type: String, value: Settings?, answer: String, isHeld: Bool) throws {
        #expect(try Self.holds(type, value, answer, asked: "What did the mill grind?", sources: Self.mill) == isHeld)
    }

    static let steps: [Segment] = [
        .call("find", #"{"q":"rye"}"#, number: 0), .call("read_page", #"{"id":7}"#, number: 1),
    ]

    @Test(
        "Which tools were called on the way",
        arguments: [
            ("trajectory:tool-used", "find", true), ("trajectory:tool-used", ["find", "read_*"], true),
            ("trajectory:tool-used", "send", false), ("not-trajectory:tool-used", "send", true),
            ("trajectory:tool-sequence", ["find", "read_page"], true),
            ("trajectory:tool-sequence", ["read_page", "find"], false),
            ("trajectory:step-count", ["max": 2], true), ("trajectory:step-count", ["max": 1], false),
            ("trajectory:tool-args-match", ["tool": "read_page", "schema": ["required": ["id"]]], true),
            ("trajectory:tool-args-match", ["tool": "find", "schema": ["required": ["id"]]], false),
            ("trajectory:tool-args-match", ["tool": "send", "schema": [:]], false),
        ] as [(String, Settings, Bool)])
    func trajectory(type: String, value: Settings, isHeld: Bool) throws {
        #expect(try Self.holds(type, value, "Done.", calls: Self.steps) == isHeld)
        let exact: [(String, Settings)] = [("config", ["exact": true])]
        #expect(try !Self.holds("trajectory:tool-sequence", ["find"], "Done.", extra: exact, calls: Self.steps))
    }

    @Test("An assertion can be weighed down, watched only, or switched off")
    func modes() throws {
        func outcome(_ extra: [(String, Settings)]) throws -> ChainOutcome {
            let assertion: [(String, Settings)] = [("type", "contains"), ("value", "rye"), ("name", "grain")] + extra
            return try Self.judge("oats", .mapping([("assertions", .list([.mapping(assertion)]))]))
        }
        let enforced = try outcome([])
        let audited = try outcome([("mode", "audit")])
        let shadowed = try outcome([("mode", "shadow")])
        let warned = try outcome([("severity", "warning")])
        let informed = try outcome([("severity", "info")])

        #expect(enforced.verdict == .block && enforced.reason?.code == "quality_scorer.assertion")
        #expect(enforced.results[0].findings.map(\.finding.category) == ["quality.grain"])
        #expect(audited.verdict == .allow && audited.flagged)
        #expect(audited.results[0].reasonCode == "quality_scorer.warning")
        #expect(shadowed.verdict == .allow && !shadowed.flagged && shadowed.results[0].findings.count == 1)
        #expect(warned.verdict == .allow && warned.flagged)
        #expect(informed.verdict == .allow && !informed.flagged && informed.results[0].findings.count == 1)
        #expect(try outcome([("enabled", false)]).results[0].findings.isEmpty)
        #expect(try outcome([("negate", true)]).verdict == .allow)
        #expect(try Self.holds("contains", "RYE", "rye", extra: [("case_sensitive", false)]))
        #expect(try Self.holds("contains-all", ["rye", "oats"], "rye", extra: [("threshold", .number(0.5))]))
    }

    @Test("Lengths, dimensions and averages are thresholds")
    func thresholds() throws {
        func code(_ answer: String, _ settings: Settings) throws -> String? {
            try Self.judge(answer, settings, asked: "What did the mill grind?", sources: Self.mill).reason?.code
        }
        let good = "The mill ground 40 tons of rye [1]."
        let bad = "The mill ground 90 tons of rye [1]."

        #expect(try code("Rye.", ["min_output_chars": 5]) == "quality_scorer.too_short")
        #expect(try code("Rye!!", ["min_output_chars": 5]) == nil)
        #expect(try code("Rye.", ["min_sentences": 2]) == "quality_scorer.too_short")
        for key in ["min_faithfulness", "min_accuracy"] {
            let settings = Settings.mapping([("thresholds", .mapping([(key, .number(0.9))]))])
            #expect(try code(good, settings) == nil)
            #expect(try code(bad, settings) == "quality_scorer.below_threshold")
        }
        #expect(
            try code("Bananas.", ["thresholds": ["min_relevancy": .number(0.5)]]) == "quality_scorer.below_threshold")
        #expect(
            try code("Bananas.", ["thresholds": ["min_completeness": .number(0.5)]]) == "quality_scorer.below_threshold"
        )
        #expect(
            try code("It is so. It is so so so.", ["thresholds": ["min_coherence": .number(0.9)]])
                == "quality_scorer.below_threshold")
        let benchmark: Settings = [
            "benchmarks": ["ragas_faithfulness": true], "thresholds": ["min_aggregate": .number(0.9)],
        ]
        #expect(try code(good, benchmark) == nil)
        #expect(try code(bad, benchmark) == "quality_scorer.below_threshold")
        let off: Settings = [
            "benchmarks": ["ragas_faithfulness": false], "thresholds": ["min_faithfulness": .number(0.9)],
        ]
        #expect(try code(bad, off) == nil)
    }

    @Test("An average weighs dimensions and assertions")
    func average() throws {
        func code(_ weights: (Double, Double), least: Double) throws -> String? {
            let settings: Settings = [
                "assertions": [
                    ["type": "contains", "value": "rye", "weight": .number(weights.0)],
                    ["type": "contains", "value": "oats", "weight": .number(weights.1)],
                ],
                "pass_policy": ["strategy": "weighted_average", "threshold": .number(least)],
            ]
            return try Self.judge("rye", settings).reason?.code
        }

        #expect(try code((1, 1), least: 0.5) == nil)
        #expect(try code((1, 1), least: 0.51) == "quality_scorer.below_threshold")
        #expect(try code((3, 1), least: 0.75) == nil)
        #expect(try code((1, 3), least: 0.75) == "quality_scorer.below_threshold")
        let weighted: Settings = [
            "weights": ["faithfulness": 1, "relevancy": 3], "pass_policy": ["threshold": .number(0.7)],
        ]
        let answer = "The mill ground 90 tons of rye [1]."
        #expect(
            try Self.judge(answer, weighted, asked: "What did the mill grind?", sources: Self.mill).verdict == .allow)
    }

    @Test("What becomes of an answer that is not good enough can be chosen")
    func actions() throws {
        func outcome(_ failure: Settings) throws -> ChainOutcome {
            try Self.judge("Rye.", ["min_output_chars": 50, "failure_action": failure])
        }

        #expect(try outcome(["action": "block"]).verdict == .block)
        #expect(try outcome(["action": "escalate"]).verdict == .escalate)
        let flagged = try outcome(["action": "flag"])
        #expect(flagged.verdict == .allow && flagged.flagged)
        let replaced = try outcome(["action": "fallback", "message": "Ask a miller."])
        #expect(replaced.verdict == .redact)
        #expect(replaced.redactions == [Redaction(segment: 0, span: 0..<4, replacement: "Ask a miller.")])
        #expect(replaced.repeats == 0)
        #expect(replaced.replaced == [0: 0])
    }

    @Test("An empty answer is scored as the empty text; one that only calls a tool, and a provider's error, are not")
    func empty() throws {
        let chain = try Self.chain(["min_sentences": 1])
        func code(_ texts: [Segment], at stage: ExchangeStage = .answer) -> String? {
            chain.judge(texts, at: stage, knowing: .caller()).reason?.code
        }

        #expect(chain.needs.emptyAnswers)
        #expect(code([.answer("")]) == "quality_scorer.too_short")
        #expect(code([.call("pay", "{}")]) == nil)
        #expect(code([.answer("One.", choice: 0), .answer("", choice: 1)]) == "quality_scorer.too_short")
        #expect(code([.answer("")], at: .failure) == nil)
    }

    @Test("What stands beside an answer is none: thoughts, titles of sources, names")
    func beside() throws {
        let chain = try Self.chain(["min_sentences": 2])
        let aside = Segment.answer("Some Provider, Inc.", choice: nil)

        #expect(chain.judge([.answer("One. Two."), aside], at: .answer, knowing: .caller()).verdict == .allow)
        #expect(chain.judge([.answer("One."), aside], at: .answer, knowing: .caller()).verdict == .block)
    }

    @Test("Where a choice has no content, its refusal or what it says aloud is its answer")
    func spoken() throws {
        let chain = try Self.chain(["assertions": [["type": "not-contains", "value": "never"]]])
        var refusal = Segment.answer("I never do.", choice: nil)
        refusal.spoken = 0

        #expect(chain.judge([refusal], at: .answer, knowing: .caller()).verdict == .block)
        #expect(chain.judge([.answer("Here it is."), refusal], at: .answer, knowing: .caller()).verdict == .allow)
    }

    @Test("An answer in several parts is scored as one, and replaced as one")
    func parts() throws {
        let settings: Settings = [
            "min_sentences": 3, "failure_action": ["action": "fallback", "message": "Ask a miller."],
        ]
        let chain = try Self.chain(settings)
        let long = chain.judge(
            [.answer("One. Two."), .answer("Three.")], at: .answer, knowing: .caller())
        let short = chain.judge([.answer("One."), .answer("Two.")], at: .answer, knowing: .caller())

        #expect(long.verdict == .allow)
        #expect(short.redactions.map(\.replacement) == ["Ask a miller.", ""])
        #expect(short.replaced == [0: 0])
    }

    @Test("An answer that is not good enough can be asked for anew before it becomes what is chosen")
    func retry() throws {
        func outcome(_ failure: Settings, answer: String = "Rye.") throws -> ChainOutcome {
            try Self.judge(answer, ["min_output_chars": 5, "failure_action": failure])
        }

        let blocked = try outcome(["action": "retry"])
        #expect(blocked.verdict == .block && blocked.repeats == 1)
        #expect(try outcome(["action": "retry"], answer: "Rye and oats.").repeats == 0)
        let flagged = try outcome(["action": "retry", "retries": 3, "then": "flag"])
        #expect(flagged.verdict == .allow && flagged.flagged && flagged.repeats == 3)
        let replaced = try outcome(["action": "retry", "then": "fallback", "message": "Ask a miller."])
        #expect(replaced.redactions.map(\.replacement) == ["Ask a miller."] && replaced.repeats == 1)
    }

    @Test(
        "What asks a model, and what would change nothing, is refused",
        arguments: [
            (["assertions": [["type": "select-best", "value": "kind"]]], "asks a model"),
            (["assertions": [["type": "g-eval", "value": "kind"]]], "needs a model that judges"),
            (["assertions": [["type": "g-eval", "value": []]], "mock_scoring": true], "is empty"),
            (
                [
                    "assertions": [["type": "g-eval", "value": .list(Array(repeating: "a", count: 17))]],
                    "mock_scoring": true,
                ], "more than 16 criteria"
            ),
            (
                [
                    "assertions": .list(
                        Array(
                            repeating: ["type": "g-eval", "value": .list(Array(repeating: "a", count: 13))], count: 5)),
                    "providers": [["id": "j", "model": "m"]],
                ], "asks models 65 questions; there may be 64"
            ),
            (["assertions": [["type": "llm-rubric", "value": "kind"]]], "needs a model that judges"),
            (["assertions": [["type": "factuality"]], "providers": [["id": "j", "model": "m"]]], "needs one 'value'"),
            (["providers": [["id": "j", "model": "m"]]], "no assertion asks a model"),
            (["providers": [["id": "j", "model": "m"], ["id": "j", "model": "n"]]], "repeats the name 'j'"),
            (
                ["providers": [["id": "j", "label": "k", "model": "m"], ["id": "k", "model": "m"]]],
                "repeats the name 'k'"
            ),
            (
                [
                    "assertions": [["type": "llm-rubric", "value": "kind"]],
                    "providers": [["id": "j", "model": "m"], ["id": "k", "model": "m"]],
                ], "the provider 'k' has no effect"
            ),
            (
                ["providers": .list((0..<9).map { ["id": .string("j\($0)"), "model": "m"] })],
                "is one too many: 8 models"
            ),
            (
                [
                    "assertions": [["type": "llm-rubric", "value": "kind", "provider": "k"]],
                    "providers": [["id": "j", "model": "m"]],
                ], "is 'k', which no provider is called"
            ),
            (
                [
                    "assertions": [["type": "llm-rubric", "value": "kind", "provider": "strct"]],
                    "providers": [["id": "j", "label": "Strict", "model": "m"]],
                ], "say 'j' or 'Strict', or remove the key"
            ),
            (
                [
                    "assertions": [["type": "llm-rubric", "value": "kind"]],
                    "providers": [["id": "j", "model": "m", "config": ["temperature": 3]]],
                ], "config.temperature' is 3"
            ),
            (
                [
                    "assertions": [["type": "llm-rubric", "value": "kind"]],
                    "providers": [
                        ["id": "j", "model": "m", "config": ["max_tokens": 64, "max_completion_tokens": 64]]
                    ],
                ], "stands beside 'max_tokens'"
            ),
            (["assertions": [["pack": "ragg"]]], "did you mean 'rag'?"),
            (["assertions": [["type": "contains", "value": "x", "pack": "rag"]]], "stands beside 'pack'"),
            (["assertions": [["pack": "rag", "threshold": 0.5]]], "stands beside 'pack'"),
            (["assertions": [["type": "similar"]]], "needs a 'value'"),
            (["assertions": [["type": "contain", "value": "x"]]], "did you mean 'contains'?"),
            (["assertions": [["type": "contains"]]], "needs a 'value'"),
            (["assertions": [["type": "regex", "value": "(a)\\1"]]], "no pattern that can be used"),
            (["assertions": [["type": "is-json", "case_sensitive": true]]], "changes nothing"),
            (["assertions": [["type": "contains", "value": "x", "provider": "p"]]], "no model judges this type"),
            (["assertions": [["type": "word-count", "value": ["min": 3, "max": 2]]]], "above its 'max'"),
            (["industry": "banking"], "not one of"), (["mock_scoring": true], "no assertion asks a model"),
            (["min_score": 1], "say 'thresholds.min_aggregate'"),
            (["failure_action": ["action": "block", "retries": 1]], "is for 'action: retry'"),
            (["failure_action": ["then": "flag"]], "is for 'action: retry'"),
            (["failure_action": ["action": "retry", "then": "retry"]], "not one of"),
            (["failure_action": ["action": "retry", "retries": 4]], "not in 1...3"),
            (["failure_action": ["action": "retry", "message": "x"]], "is for 'action: fallback'"),
            (["failure_action": ["action": "block", "message": "x"]], "is for 'action: fallback'"),
            (["pass_policy": ["strategy": "all", "threshold": 1]], "not one of 'weighted_average'"),
        ] as [(Settings, String)])
    func mistakes(settings: Settings, text: String) throws {
        let error = #expect(throws: ConfigError.self) { try Self.chain(settings) }

        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }

    @Test(
        "Hostile answers end in a verdict or a failure",
        arguments: [
            ("{", 60_000), ("[1,", 40_000), ("a ", 60_000), ("\"{", 30_000), ("- a\n", 30_000), ("a. ", 12_000),
            ("é", 60_000), ("x", 300_000),
        ])
    func hostile(piece: String, count: Int) throws {
        let settings: Settings = [
            "assertions": [
                ["type": "contains-json"], ["type": "rouge-l", "value": "a b c"],
                ["type": "levenshtein", "value": "abc"],
                ["type": "coherence"], ["type": "has-list"], ["type": "flesch-reading-ease", "value": ["min": 1]],
            ]
        ]

        #expect(try Self.judge(String(repeating: piece, count: count), settings, sources: Self.mill).results.count == 1)
    }
}
