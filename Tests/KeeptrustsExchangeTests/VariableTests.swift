import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange
import Testing

@Suite("Variables that a config names")
struct VariableTests {
    /// Names one at each place where a config can; those that begin with `OK` are allowed.
    static let yaml = """
        pack: {name: play, version: 1.2.3, enabled: true}
        policies:
          chain:
            - {id: scores, kind: external-moderation}
            - {id: rail, kind: external-moderation}
            - embedding-detector
            - quality-scorer
            - tool-validation
            - tool-security
            - gdpr-compliance
        policy:
          scores: {endpoint: "https://a.example", secret_key_ref: {env: SCORES}}
          rail:
            provider: bedrock-apply-guardrail
            guardrail: {id: abc, version: '1', region: eu-central-1}
            access_key_ref: {env: ID}
            secret_key_ref: {env: SECRET}
            session_token_ref: {env: TOKEN}
          embedding-detector: {backend: external, endpoint: "https://a.example", categories: [{label: x, reference_text: x}], secret_key_ref: {env: EMBED}}
          quality-scorer:
            providers: [{id: judge, model: m, secret_key_ref: {env: JUDGE}}, {id: two, model: m, secret_key_ref: {env: SECOND}}]
            assertions: [{type: llm-rubric, value: kind}, {type: g-eval, value: kind, provider: two}]
          tool-validation:
            semantic_validation: {enabled: true, model: m, endpoint: "https://a.example", secret_key_ref: {env: CALLS}}
          tool-security: {analysis_mode: external, firewall_endpoint: "https://a.example", secret_key_ref: {env: WALL}}
          gdpr-compliance: {consent_verification_endpoint: "https://a.example", secret_key_ref: {env: CONSENT}}
        consumer_groups:
          - {name: here, key_ref: {env: OK_KEY}}
          - {name: gone, key_ref: {env: GROUP}}
        providers:
          targets:
            - {id: named, provider: openai, model: m, secret_key_ref: {env: TARGET}}
            - {id: usual, provider: openai, model: m}
            - {id: fine, provider: groq, model: m, secret_key_ref: {env: OK_TARGET}}
        """

    @Test("All that a config from the control plane may not have are refused in one go, wherever it names them")
    func refused() throws {
        let config = try PolicyConfig(yaml: Self.yaml, file: "a.yaml")
        let environment = ConfigEnvironment(allowing: try AllowedVariables(["OK_*"])) { _ in "value" }

        let error = #expect(throws: ConfigMistakes.self) {
            try Snapshot(config, cacheDirectory: TestPatterns.directory, environment: environment)
        }

        let refused = try #require(error).all.map { mistake in
            "\(mistake.location) \(mistake.message.split(separator: "'")[1])"
        }
        #expect(
            refused == [
                "a.yaml:12:65 SCORES",
                "a.yaml:16:27 ID",
                "a.yaml:17:27 SECRET",
                "a.yaml:18:30 TOKEN",
                "a.yaml:19:141 EMBED",
                "a.yaml:21:61 JUDGE",
                "a.yaml:21:112 SECOND",
                "a.yaml:24:105 CALLS",
                "a.yaml:25:106 WALL",
                "a.yaml:26:95 CONSENT",
                "a.yaml:29:33 GROUP",
                "a.yaml:32:69 TARGET",
                "a.yaml:33:7 OPENAI_API_KEY",
            ])
    }

    @Test("One of the gateway's own operator may have all of them")
    func operatorsOwn() throws {
        let config = try PolicyConfig(yaml: Self.yaml, file: "a.yaml")

        let snapshot = try Snapshot(
            config, cacheDirectory: TestPatterns.directory, environment: ConfigEnvironment { $0 })

        #expect(snapshot.warnings == [] && snapshot.groupKeys.count == 2)
    }
}
