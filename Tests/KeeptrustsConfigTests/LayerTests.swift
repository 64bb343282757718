import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import Testing

struct LayerTests {
    private static let base = """
        pack: {name: base, version: 1.0.0}
        policies:
          chain: [audit-logger]
        providers:
          targets:
            - id: one
              provider: demo
              model: small
            - id: two
              provider: openai
              model: gpt-4o
              timeouts: {connect_ms: 100, idle_ms: 200}
          fallback: {enabled: true, triggers: [timeout, connection]}

        """

    private func read(_ upper: String...) -> ConfigReading {
        let uppers = upper.enumerated().map { ConfigLayer(name: "over\($0 + 1).yaml", text: $1) }
        return ConfigReading([ConfigLayer(name: "base.yaml", text: Self.base)] + uppers)
    }

    private func effective(_ upper: String...) -> String? {
        let uppers = upper.enumerated().map { ConfigLayer(name: "over\($0 + 1).yaml", text: $1) }
        return ConfigReading([ConfigLayer(name: "base.yaml", text: Self.base)] + uppers)
            .config?.effectiveYAML(withOrigins: false)
    }

    @Test("Mappings merge, the later value wins, and targets merge by their id")
    func merges() {
        let upper = """
            pack: {version: 2.0.0}
            providers:
              targets:
                - {id: three, provider: demo, model: large}
                - {id: two, model: gpt-4o-mini, timeouts: {idle_ms: 300}}
              fallback: {triggers: [rate_limit]}
            """
        #expect(
            effective(upper) == """
                pack:
                  name: base
                  version: "2.0.0"
                policies:
                  chain:
                    - audit-logger
                providers:
                  targets:
                    - id: one
                      provider: demo
                      model: small
                    - id: two
                      provider: openai
                      model: gpt-4o-mini
                      timeouts:
                        connect_ms: 100
                        idle_ms: 300
                    - id: three
                      provider: demo
                      model: large
                  fallback:
                    enabled: true
                    triggers:
                      - rate_limit

                """)
    }

    @Test("Consumer groups merge by their name; the chain is replaced even when its entries have ids")
    func listsByName() throws {
        let first =
            "consumer_groups: [{name: a, key_ref: {env: A}}, {name: b, key_ref: {env: B}}]\npolicies: {chain: [{id: x, kind: audit-logger}]}"
        let second =
            "consumer_groups: [{name: b, may_assert_identity: true}]\npolicies: {chain: [{id: y, kind: audit-logger}]}"
        let config = try #require(read(first, second).config)

        #expect(config.consumerGroups.map(\.name) == ["a", "b"])
        #expect(config.consumerGroups.map(\.key.variable?.name) == ["A", "B"])
        #expect(config.consumerGroups.map(\.mayAssertIdentity) == [false, true])
        #expect(config.effectiveYAML(withOrigins: false).contains("id: x") == false)
    }

    @Test("Routes merge by their name, and what is new comes last")
    func routes() throws {
        let first = "routes: [{name: a, path: /v1/a, headers: {x-a: b}}, {name: b, path: /v1}]"
        let second = "routes: [{name: c, path: /}, {name: a, headers: {x-c: d}}]"
        let config = try #require(read(first, second).config)

        #expect(config.routes.map(\.name) == ["a", "b", "c"])
        #expect(config.routes.first?.headers.map(\.name) == ["x-a", "x-c"])
    }

    @Test(
        "A layer of another shape replaces what is below it",
        arguments: [
            ("providers: {targets: []}", "over1.yaml:1:22: error: 'providers.targets' must not be empty."),
            ("providers: {targets: {id: a}}", "over1.yaml:1:22: error: 'providers.targets' must be a list."),
            ("providers: 7", "over1.yaml:1:12: error: 'providers' must be a mapping."),
            ("pack: {name: ~}", "over1.yaml:1:14: error: 'pack.name' must be a text."),
        ]
    )
    func replaces(upper: String, expected: String) {
        #expect(read(upper).problems.first?.description == expected)
    }

    @Test("A mistake is reported in the layer that made it, with the path in the whole")
    func origins() {
        let upper = "providers:\n  targets:\n    - {id: two, modle: x}\n    - {id: new, provider: demo}\n"
        #expect(
            read(upper).problems.map(\.description) == [
                "over1.yaml:3:17: error: unknown key 'providers.targets.1.modle'.\n  hint: did you mean 'model'?",
                "over1.yaml:4:7: error: 'providers.targets.2' needs the key 'model'.",
            ])
    }

    @Test("An empty layer changes nothing; a broken one is named")
    func emptyAndBroken() {
        #expect(effective("", "# nothing\n") == effective())
        #expect(read("a: [").problems.map(\.location.file) == ["over1.yaml"])
        #expect(
            read("", "- a").problems.map(\.description) == ["over2.yaml:1:1: error: the document must be a mapping."])
        #expect(ConfigReading([]).problems.count == 1)
    }

    @Test("Each value of the effective document says where it was written")
    func effectiveOrigins() throws {
        let config = try #require(
            read("pack: {version: 2.0.0}\nproviders:\n  targets:\n    - {id: two, model: x}\n").config)
        let lines = config.effectiveYAML(withOrigins: true).split(separator: "\n")

        #expect(lines.prefix(3) == ["pack:", "  name: base  # base.yaml:1", "  version: \"2.0.0\"  # over1.yaml:1"])
        #expect(lines.contains("      provider: openai  # base.yaml:10"))
        #expect(lines.contains("      model: x  # over1.yaml:4"))
    }

    @Test("Programs read of the effective document where each value was written, by the keys that lead to it")
    func effectiveJSON() throws {
        let config = try #require(read("pack: {version: 2.0.0}\npolicy: {audit-logger: {}}\n").config)
        func members(_ withOrigins: Bool) throws -> [String: Any] {
            let text = config.effectiveJSON(withOrigins: withOrigins)
            return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        }

        let origins = try #require(try members(true)["origins"] as? [String: String])
        let document = try #require(try members(true)["config"] as? [String: Any])

        #expect(origins["pack.version"] == "over1.yaml:1")
        #expect(origins["pack.name"] == "base.yaml:1")
        #expect(origins["policy.audit-logger"] == "over1.yaml:2")
        #expect((document["pack"] as? [String: String])?["version"] == "2.0.0")
        #expect(try members(true)["digest"] as? String == config.digest)
        #expect(try members(false)["origins"] == nil)
    }

    @Test("The effective document reads back as the same configuration")
    func roundTrip() throws {
        let odd =
            "pack: {name: \"a: 'b' \\\"c\\\" # d\\\\ é \\U0001F600\", description: \"1\\n\\ttwo\\u2028\"}\nconsumer_groups: [{name: 'null', key_ref: {env: yes}}, {name: '12', key_ref: {env: A}}]"
        let config = try #require(read(odd).config)

        for withOrigins in [true, false] {
            let again = try PolicyConfig(yaml: config.effectiveYAML(withOrigins: withOrigins), file: "f")
            #expect(again.digest == config.digest)
        }
    }
}
