import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsPolicy
import Testing

@Suite("Models that must not judge what their own provider wrote")
struct IsolationTests {
    private static func yaml(_ provider: String, _ more: String = "", targets: String = "") -> String {
        """
        pack: {name: a, version: 1.0.0, enabled: true}
        policies: {chain: [{kind: pii-detector, mode: observe}, {id: second, kind: flagged-review}]}
        policy: {second: {mode: judge, provider: {\(provider)}\(more)}}
        providers: {targets: [{id: main, provider: openai, model: gpt-4o}\(targets)]}
        """
    }

    @Test(
        "One that is the same as a target is a mistake, for lint and for whoever runs the chain",
        arguments: [
            ("model: m", "judge", "main"), ("model: gpt-4o, endpoint: 'https://other.example/v1'", "judge", "main"),
            ("name: openai, model: m, endpoint: 'https://other.example/v1'", "openai", "main"),
            ("name: main, model: m, endpoint: 'https://other.example/v1'", "main", "main"),
            ("name: x, model: m, endpoint: 'http://10.0.0.7:8000/v1'", "x", "own"),
        ])
    func same(provider: String, name: String, target: String) throws {
        let own = ", {id: own, provider: vllm, model: n, base_url: 'http://10.0.0.7:8000/v1'}"
        let yaml = Self.yaml(provider, targets: own)
        let text = "'second' would let '\(name)' judge what the target '\(target)' of the same provider has written."
        let config = try PolicyConfig(yaml: yaml, file: "a.yaml")

        #expect(LintReport([ConfigLayer(name: "a.yaml", text: yaml)]).remarks.contains(text))
        let mistakes = #expect(throws: ConfigMistakes.self) {
            try config.compileChain(cacheDirectory: TestPatterns.directory)
        }
        #expect(mistakes?.all.map(\.message) == [text])
        let open = Self.yaml(provider, ", provider_isolation: false", targets: own)
        #expect(!LintReport([ConfigLayer(name: "a.yaml", text: open)]).remarks.contains("would let"))
    }

    @Test("Another one may judge, in a rehearsal, too")
    func other() throws {
        let yaml = Self.yaml("name: openai, model: m, endpoint: 'http://127.0.0.1:9/v1'").replacing(
            "{id: main, provider: openai, model: gpt-4o}", with: "{id: main, provider: groq, model: n}")
        let config = try PolicyConfig(yaml: yaml, file: "a.yaml")

        let chain = try config.rehearsed.compileChain(cacheDirectory: TestPatterns.directory)

        #expect(chain.isolatedJudges.compactMap(\.self).map(\.name) == ["openai"])
        #expect(!LintReport([ConfigLayer(name: "a.yaml", text: yaml)]).remarks.contains("error"))
    }
}
