import KeeptrustsConfig
import KeeptrustsCore
import Testing

/// All mistakes of a file are told in one go, whatever their kinds are, and nothing else is.
struct AllMistakesTests {
    /// A document without a mistake, of which each test spoils lines.
    private static let document = """
        pack: {name: test, version: 1.0.0}
        policies:
          chain:
            - prompt-injection
            - pii-detector
            - {id: words, kind: dlp-filter, mode: observe}
            - quality-scorer
            - agent-firewall
            - eu-ai-act
            - external-moderation
        policy:
          prompt-injection:
            response: {action: block}
          pii-detector:
            action: redact
            redaction:
              marker_format: numbered
              reversible: true
          words:
            action: block
            blocked_terms: [alpenglow]
          quality-scorer:
            assertions:
              - {type: contains, value: yes please, case_sensitive: false}
              - {type: equals, value: a}
            providers: []
          agent-firewall:
            allowed_tools: [search]
          eu-ai-act:
            risk_class: high
          external-moderation:
            provider: openai-moderation
            secret_key_ref: {env: MODERATION_KEY}
        providers:
          targets:
            - {id: main, provider: demo, model: demo}

        """

    /// What is written in the place of what, and the mistake that it makes.
    private struct Spoiling: Sendable, CustomStringConvertible {
        var good: String
        var bad: String
        var mistake: String

        var description: String { bad }
    }

    /// Of each line at most one, so that any of them can be made together.
    private static let spoilings = [
        Spoiling(
            good: "- prompt-injection", bad: "- prompt-injektion",
            mistake: "4:7: unknown policy kind 'prompt-injektion'"),
        Spoiling(
            good: "mode: observe}", bad: "mode: obsrve}",
            mistake: "6:43: 'policies.chain.2.mode' is 'obsrve', not one of 'enforce', 'observe'"),
        Spoiling(
            good: "- eu-ai-act", bad: "- {kind: eu-ai-act, timeout_ms: 5}",
            mistake: "9:37: 'policies.chain.5.timeout_ms' has no effect: this policy asks no service"),
        Spoiling(
            good: "action: redact", bad: "action: redactt",
            mistake: "15:13: 'policy.pii-detector.action' is 'redactt', not one of 'redact', 'block'"),
        Spoiling(
            good: "marker_format: numbered", bad: "marker_format: label",
            mistake: "18:19: 'policy.pii-detector.redaction.reversible' needs 'marker_format: numbered'"),
        Spoiling(
            good: "blocked_terms: [alpenglow]", bad: "max_distance: 2",
            mistake: "21:19: 'policy.words.max_distance' has no effect without 'fuzzy_matching: true'"),
        Spoiling(
            good: "case_sensitive: false", bad: "rubric: polite",
            mistake:
                "24:53: 'policy.quality-scorer.assertions.0.rubric' has no effect: no model judges this type"),
        Spoiling(
            good: "{type: equals, value: a}", bad: "{type: equls, value: a}",
            mistake: "25:16: there is no type of assertion 'equls'"),
        Spoiling(
            good: "allowed_tools: [search]", bad: "allowed_tool: [search]",
            mistake: "28:5: unknown key 'policy.agent-firewall.allowed_tool'"),
        Spoiling(
            good: "risk_class: high", bad: "articles: [99]",
            mistake: "30:16: 'policy.eu-ai-act.articles.0' is 99"),
        Spoiling(
            good: "provider: openai-moderation", bad: "provider: openai-moderaton",
            mistake: "32:15: 'policy.external-moderation.provider' is 'openai-moderaton', not one of"),
        Spoiling(
            good: "secret_key_ref: {env: MODERATION_KEY}", bad: "secret_key_rev: {env: MODERATION_KEY}",
            mistake: "33:5: unknown key 'policy.external-moderation.secret_key_rev'"),
        Spoiling(
            good: "provider: demo, model: demo}", bad: "provider: demo, model: demo, zdr: maybe}",
            mistake: "36:52: 'providers.targets.0.zdr' must be true or false"),
    ]

    @Test("The document that the mistakes are made in has none")
    func sound() {
        #expect(mistakes(Self.document) == [])
    }

    @Test("Any two mistakes are told in one go, in the order of the lines, and nothing else is", arguments: spoilings)
    private func pairs(first: Spoiling) {
        for second in Self.spoilings {
            let expected = Self.spoilings.filter { [first.bad, second.bad].contains($0.bad) }
            let yaml = expected.reduce(Self.document) { $0.replacing($1.good, with: $1.bad) }

            let found = mistakes(yaml)

            #expect(found.count == expected.count, "\(found)")
            #expect(zip(found, expected).allSatisfy { $0.hasPrefix($1.mistake) }, "\(found)")
        }
    }

    @Test("All mistakes are told in one go")
    func all() {
        let yaml = Self.spoilings.reduce(Self.document) { $0.replacing($1.good, with: $1.bad) }

        let found = mistakes(yaml)

        #expect(found.count == Self.spoilings.count, "\(found)")
        #expect(zip(found, Self.spoilings).allSatisfy { $0.hasPrefix($1.mistake) }, "\(found)")
    }

    @Test(
        "What a policy lacks is told, and nothing that is there",
        arguments: [
            (
                "external-moderation", "{provider: azure-content-safety, endpoint: 'https://x.example.com'}",
                ["needs the key 'secret_key_ref'"]
            ),
            (
                "external-moderation",
                "{provider: azure-content-safety, endpoint: 'https://x.example.com', threshold: 7}",
                ["needs the key 'secret_key_ref'", "'policy.gr.threshold' is 7"]
            ),
            ("external-moderation", "{provider: openai-moderation}", ["needs the key 'secret_key_ref'"]),
            (
                "external-moderation",
                "{provider: bedrock-apply-guardrail, guardrail: {id: a, version: '1', region: us-east-1}}",
                ["needs the key 'access_key_ref'", "needs the key 'secret_key_ref'"]
            ),
            ("external-moderation", "{provider: bedrock-apply-guardrail}", ["needs the key 'guardrail'"]),
            ("external-moderation", "{provider: webhook}", ["needs the key 'endpoint'"]),
            ("flagged-review", "{mode: judge}", ["needs the key 'provider'"]),
            ("flagged-review", "{}", ["needs the key 'mode'"]),
        ])
    func lacks(kind: String, settings: String, expected: [String]) {
        for name in ["gr", kind] {
            let found = mistakes(
                """
                pack: {name: test, version: 1.0.0}
                policies: {chain: [{id: gr, kind: \(kind)}]}
                policy: {\(name): \(settings)}
                providers: {targets: [{id: main, provider: demo, model: demo}]}
                """)

            #expect(found.count == expected.count, "\(found)")
            for text in expected {
                #expect(found.contains { $0.contains(text.replacing("policy.gr", with: "policy.\(name)")) }, "\(found)")
            }
        }
    }

    @Test("Suites hide none of each other's mistakes, and a wrong key hides only the one that it was meant for")
    func sections() {
        let good = "cases: [{name: a, input: {messages: [{role: user, content: hi}]}, expected: {verdict: allow}}]"
        let found = mistakes(
            """
            pack: {nam: x}
            policies: {chain: [audit-logger]}
            providers: {targets: [{id: main, provider: demo, model: demo}]}
            testing:
              suites:
                - {name: a, target: nobody, \(good)}
                - {name: a, \(good)}
                - {name: b, target: nothing, cases: []}
                - {name: c, target: 1, cases: [{name: a, input: {}, expected: {verdict: alow}}]}
            """)

        #expect(
            found == [
                "1:7: 'pack' needs the key 'version'.", "1:8: unknown key 'pack.nam'.",
                "6:25: the suite 'a' tests 'nobody', which is not in the chain.", "7:14: there are two suites 'a'.",
                "8:25: the suite 'b' tests 'nothing', which is not in the chain.",
                "8:41: 'testing.suites.2.cases' must not be empty.",
                "9:25: 'testing.suites.3.target' must be a text.",
                "9:53: 'testing.suites.3.cases.0.input' needs the key 'messages' or 'request'.",
                "9:77: 'testing.suites.3.cases.0.expected.verdict' is 'alow', not one of 'allow', 'redact', 'escalate', 'block'.",
            ])
    }
}

/// Lines and texts of all mistakes of a document, those of its policies included.
private func mistakes(_ yaml: String) -> [String] {
    var reading = ConfigReading([ConfigLayer(name: "f", text: yaml)])
    reading.compile()
    return reading.problems.map { problem in
        "\(problem.location.line):\(problem.location.column): \(problem.message)"
    }
}
