import KeeptrustsConfig
import KeeptrustsExchange
import Testing

@Suite("Policies decide on targets")
struct RouteTests {
    private static func yaml(_ settings: String) -> String {
        """
        pack: {name: play, version: 1.2.3, enabled: true}
        policies: {chain: [data-routing-policy]}
        policy: {data-routing-policy: \(settings)}
        consumer_groups:
          - {name: tests, key_ref: {env: KEY}}
        providers:
          retry: {max_attempts: 1}
          fallback: {enabled: true}
          targets:
            - {id: open, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1"}
            - {id: closed, provider: openai, model: gpt-4o, base_url: "http://127.0.0.2:9/v1", zdr: true}
            - {id: other, provider: openai, model: other, base_url: "http://127.0.0.3:9/v1"}
        """
    }

    @Test("A target that is left out is never asked, neither first nor when another fails")
    func excluded() throws {
        let play = try Play(Self.yaml("{require_zero_data_retention: true}"))

        #expect(try play.chat(ChatTests.ping).call?.target == "closed")
        let actions = play.tell(.upstreamEnded(.failed(.unreachable)))
        #expect(actions.call == nil)
        #expect(actions.record?["status"] as? Int == 502)
        let findings = try #require(actions.record?["findings"] as? [[String: Any]])
        #expect(findings.map { $0["category"] as? String } == ["target_excluded.open", "target_excluded.other"])
    }

    @Test("When no target is left nothing is sent")
    func none() throws {
        let play = try Play(Self.yaml("{require_no_training: true}"))

        let actions = try play.chat(ChatTests.ping)

        #expect(actions.call == nil)
        #expect(actions.record?["status"] as? Int == 409)
        #expect(actions.record?["error_code"] as? String == "data_routing_policy.no_compliant_provider")
    }

    /// Whose failure is told, and who is asked after `open`, when a key may use some models or ids only.
    @Test(
        "A target whose model the key may not use never stands in for another",
        arguments: [
            ("gpt-4o", "open", [nil]), ("gpt-4o, other", "open", ["other"]), ("gpt-4o, third", "open", ["third"]),
            ("open, third", "open", ["third"]), ("open", "open", [nil]),
        ] as [(String, String, [String?])])
    func allowedModels(allowed: String, first: String, next: [String?]) throws {
        let yaml = """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: []}
            consumer_groups:
              - {name: tests, key_ref: {env: KEY}, allowed_models: [\(allowed)]}
            providers:
              retry: {max_attempts: 1}
              fallback: {enabled: true}
              targets:
                - {id: open, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1"}
                - {id: other, provider: openai, model: other, base_url: "http://127.0.0.2:9/v1"}
                - {id: third, provider: openai, model: dear, base_url: "http://127.0.0.3:9/v1"}
            """
        let play = try Play(yaml)
        let model = allowed.hasPrefix("open") ? "open" : "gpt-4o"

        let begun = try play.chat(#"{"model":"\#(model)","messages":[{"role":"user","content":"ping"}]}"#)
        #expect(begun.call?.target == first)
        for target in next {
            let actions = play.tell(.upstreamEnded(.failed(.unreachable)))
            #expect(actions.call?.target == target)
            guard target == nil else { continue }
            #expect(actions.record?["error_code"] as? String == "upstream_unreachable")
        }
    }

    @Test("A chain that leaves no target is worth a warning")
    func warning() throws {
        func remarks(_ settings: String) -> String {
            LintReport([ConfigLayer(name: "a.yaml", text: Self.yaml(settings))]).remarks
        }

        #expect(remarks("{require_no_training: true}").contains("no target promises what the chain wants"))
        #expect(remarks("{require_zero_data_retention: true}") == "")
    }
}
