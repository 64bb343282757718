import KeeptrustsCore
import KeeptrustsPolicy
import Testing

struct ConfigurationTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        var chain: Settings
        var settings: Settings?
        var text: String
        var testDescription: String { text }
    }

    static let mistakes: [Mistake] = [
        Mistake(
            chain: ["pii-detectr"],
            text: """
                policy-config.yaml:1:3: error: unknown policy kind 'pii-detectr'.
                  hint: did you mean 'pii-detector'?
                """),
        Mistake(
            chain: ["magic"],
            text: """
                policy-config.yaml:1:3: error: unknown policy kind 'magic'.
                  hint: docs/reference/policies lists the kinds of this version.
                """),
        Mistake(
            chain: ["pii-detector", "pii-detector"],
            text: """
                policy-config.yaml:2:3: error: 'policies.chain.1' repeats the id 'pii-detector'.
                  hint: Give one of the two an 'id' of its own.
                """),
        Mistake(
            chain: [["kind": "pii-detector", "onn": ["request"]]],
            text: """
                policy-config.yaml:2:5: error: unknown key 'policies.chain.0.onn'.
                  hint: did you mean 'on'?
                """),
        Mistake(
            chain: [["id": "x"]], text: "policy-config.yaml:1:3: error: 'policies.chain.0' needs the key 'kind'."),
        Mistake(
            chain: [["kind": "pii-detector", "apply_to": ["request"]]],
            text: """
                policy-config.yaml:2:5: error: unknown key 'policies.chain.0.apply_to'.
                  hint: say 'on'.
                """),
        Mistake(
            chain: [["kind": "pii-detector", "timeout_ms": 5]],
            text: """
                policy-config.yaml:2:5: error: 'policies.chain.0.timeout_ms' has no effect: this policy asks no service.
                  hint: remove the key
                """),
        Mistake(
            chain: [["kind": "pii-detector", "on": []]],
            text: "policy-config.yaml:2:5: error: 'policies.chain.0.on' names no phase."),
        Mistake(
            chain: [["kind": "pii-detector", "id": "No spaces"]],
            text: """
                policy-config.yaml:2:5: error: 'policies.chain.0.id' must be 1 to 64 characters of a-z, 0-9, '-' and '_'.
                """),
        Mistake(
            chain: ["pii-detector"], settings: ["pii-detector": ["actions": "block"]],
            text: """
                policy-config.yaml:1:5: error: unknown key 'policy.pii-detector.actions'.
                  hint: did you mean 'action'?
                """),
        Mistake(
            chain: ["pii-detector"], settings: ["pii-detector": ["detect_patterns": ["(a"]]],
            text: """
                policy-config.yaml:1:7: error: 'policy.pii-detector.detect_patterns.0' is no pattern that can be used: \
                missing closing parenthesis at character 2
                  hint: Patterns must match in linear time: no look-around, no back-references.
                """),
        Mistake(
            chain: ["pii-detector"], settings: ["pii-detector": ["detect_patterns": ["EMAIL"]]],
            text: """
                policy-config.yaml:1:7: error: 'policy.pii-detector.detect_patterns.0' is the name of a type, not a pattern.
                  hint: say 'entities: [EMAIL]'.
                """),
        Mistake(
            chain: ["pii-detector"], settings: ["pii-detector": ["entities": ["EMAILS"]]],
            text: """
                policy-config.yaml:1:7: error: 'policy.pii-detector.entities.0' is 'EMAILS', which is no type of entity.
                  hint: did you mean 'EMAIL'?
                """),
        Mistake(
            chain: ["dlp-filter"], settings: ["dlp-filter": ["patterns": []]],
            text: """
                policy-config.yaml:1:5: error: unknown key 'policy.dlp-filter.patterns'.
                  hint: say 'detect_patterns', a list of regular expressions.
                """),
        Mistake(
            chain: ["dlp-filter"], settings: ["dlp-filter": ["blocked_terms": [" "]]],
            text: """
                policy-config.yaml:1:7: error: 'policy.dlp-filter.blocked_terms.0' must have 1 to 256 bytes that show.
                """),
        Mistake(
            chain: ["dlp-filter"], settings: ["dlp-filter": ["max_distance": 2]],
            text: """
                policy-config.yaml:1:5: error: 'policy.dlp-filter.max_distance' has no effect without 'fuzzy_matching: true'.
                """),
        Mistake(
            chain: ["dlp-filter"], settings: ["dlp-filter": ["fuzzy_matching": true, "max_distance": 9]],
            text: "policy-config.yaml:2:5: error: 'policy.dlp-filter.max_distance' is 9, not in 0...8."),
        Mistake(
            chain: ["prompt-injection"], settings: ["prompt-injection": ["action": "block"]],
            text: """
                policy-config.yaml:1:5: error: unknown key 'policy.prompt-injection.action'.
                  hint: say 'response.action'.
                """),
        Mistake(
            chain: ["prompt-injection"], settings: ["prompt-injection": ["detection": ["embedding_threshold": 0]]],
            text: """
                policy-config.yaml:1:7: error: 'policy.prompt-injection.detection.embedding_threshold' must be above 0: every \
                text would be an attack.
                """),
        Mistake(
            chain: ["prompt-injection"], settings: ["prompt-injection": ["embedding_threshold": 1]],
            text: """
                policy-config.yaml:1:5: error: unknown key 'policy.prompt-injection.embedding_threshold'.
                  hint: say 'detection.embedding_threshold'.
                """),
        Mistake(
            chain: ["audit-logger"], settings: ["audit-logger": ["retention": 30]],
            text: """
                policy-config.yaml:1:5: error: unknown key 'policy.audit-logger.retention'.
                  hint: did you mean 'retention_days'?
                """),
    ]

    @Test("A mistake is told at its place", arguments: mistakes)
    func mistake(_ mistake: Mistake) throws {
        let error = #expect(throws: ConfigError.self) { try PolicyChain(mistake.chain, mistake.settings) }

        #expect(error?.description == mistake.text)
    }

    @Test(
        "A pattern that cannot be matched in linear time is refused at its place",
        arguments: [#"(a)\1"#, "a(?=b)", "(?<!a)b", "a*", #"\bfoo(?!bar)"#]
    )
    func patternsMustBeLinear(pattern: String) throws {
        let settings: Settings = ["dlp-filter": ["detect_patterns": ["fine", .string(pattern)]]]
        let error = #expect(throws: ConfigError.self) { try PolicyChain(["dlp-filter"], settings) }

        #expect(error?.location == SourceLocation(file: "policy-config.yaml", line: 2, column: 7))
    }
}
