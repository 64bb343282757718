import KeeptrustsConfig
import KeeptrustsCore
import Testing

struct WarningTests {
    @Test(
        "What has no effect, or a dangerous one, is a warning",
        arguments: [
            (
                document("policy: {dlp-filter: {}}"),
                [
                    "5:10: warning: 'policy.dlp-filter' has no effect: 'dlp-filter' is not in 'policies.chain'.\n  hint: add it to the chain, or remove the block"
                ]
            ),
            (
                document().replacing("[audit-logger]", with: "[]"),
                ["2:19: warning: 'policies.chain' is empty: nothing is checked."]
            ),
            (
                document("policy: {audit: {}}").replacing("[audit-logger]", with: "[{id: audit, kind: audit-logger}]"),
                []
            ),
            (
                document("policy: {audit-logger: {}}").replacing(
                    "[audit-logger]", with: "[{id: audit, kind: audit-logger}]"), []
            ),
            (
                document("consumer_groups: [{name: a, key_ref: {env: A}, allowed_models: [demo, dmo]}]"),
                ["5:71: warning: no target serves the model 'dmo' that 'a' may ask for.\n  hint: did you mean 'demo'?"]
            ),
            (
                document(
                    providers:
                        "targets: [{id: a, provider: openai, model: m, base_url: 'http://10.0.0.1', secret_key_ref: {env: K}}]"
                ),
                [
                    "4:13: warning: the target 'a' sends its credential over plain HTTP.\n  hint: say 'https://' in 'base_url'"
                ]
            ),
            (
                document(
                    providers:
                        "targets: [{id: a, provider: openai, model: m, base_url: 'http://localhost:1', secret_key_ref: {env: K}}]"
                ), []
            ),
            (
                document(
                    providers:
                        "targets: [{id: a, provider: openai, model: m, base_url: 'http://127.9.9.9', secret_key_ref: {env: K}}]"
                ), []
            ),
            (document(providers: "targets: [{id: a, provider: openai, model: m, base_url: 'http://10.0.0.1'}]"), []),
            (
                document("consumer_groups: [{name: a, key_ref: {env: KEEPTRUSTS_APP_KEY}}]"),
                [
                    "5:44: warning: 'consumer_groups.0.key_ref.env' is a variable of Keeptrusts itself, which no managed gateway gives to a config.\n  hint: choose another name, such as APP_API_KEY"
                ]
            ),
            (
                document(
                    providers:
                        "targets: [{id: a, provider: openai, model: m, secret_key_ref: {env: KEEPTRUSTS_API_KEY}}]"
                ),
                [
                    "4:71: warning: 'providers.targets.0.secret_key_ref.env' is a variable of Keeptrusts itself, which no managed gateway gives to a config.\n  hint: choose another name, such as APP_API_KEY"
                ]
            ),
            (document("consumer_groups: [{name: a, key_ref: {env: MY_KEEPTRUSTS_KEY}}]"), []),
            (
                document("routes: [{name: all, path: /v1}, {name: chat, path: /v1/chat/completions}]"),
                [
                    "5:34: warning: no request takes the route 'chat': 'all' before it takes all that it would.\n  hint: put it before 'all'"
                ]
            ),
            (
                document(
                    "routes: [{name: a, path: /v1/chat, headers: {x-b: c}}, {name: b, path: /v1/chat, match: exact}]"),
                [
                    "5:56: warning: no request takes the route 'b': the gateway answers POST /v1/chat/completions.\n  hint: change 'path' or 'methods', or remove the route"
                ]
            ),
            (
                document(
                    "routes: [{name: a, path: /v1/chat/completions, match: exact}, {name: b, path: /v1, headers: {x-b: c}}]"
                ),
                [
                    "5:63: warning: no request takes the route 'b': 'a' before it takes all that it would.\n  hint: put it before 'a'"
                ]
            ),
            (
                document("routes: [{name: a, path: /, methods: [GET]}, {name: b, path: /v1/cha}]"),
                ["a", "b"].map { name in
                    "5:\(name == "a" ? 10 : 46): warning: no request takes the route '\(name)': the gateway answers POST /v1/chat/completions.\n  hint: change 'path' or 'methods', or remove the route"
                }
            ),
            (
                document(
                    "routes: [{name: a, path: /, headers: {x-b: c}}, {name: b, path: /, headers: {x-b: d}}, {name: c, path: /}]"
                ), []
            ),
            (
                document(providers: "targets: [{id: a, provider: openai, model: m, timeouts: {total_ms: 1000}}]"),
                ["4:13: warning: the target 'a' has a timeout beyond its 'total_ms', which ends the exchange first."]
            ),
            (
                document(
                    providers:
                        "targets: [{id: a, provider: demo, model: m}]\nfallback: {enabled: false, max_fallback_attempts: 2}"
                ), ["5:53: warning: 'providers.fallback.max_fallback_attempts' has no effect: 'enabled' is false."]
            ),
            (
                document(
                    providers: "targets: [{id: a, provider: demo, model: m}]\nretry: {max_attempts: 1, backoff_ms: 7}"),
                ["5:40: warning: 'providers.retry.backoff_ms' has no effect: 'max_attempts' is 1."]
            ),
        ]
    )
    func texts(yaml: String, expected: [String]) throws {
        #expect(try warnings(yaml) == expected)
    }

    @Test(
        "A setting of a policy that another one makes useless is a warning",
        arguments: [
            (
                "pii-detector", "{entities: [EMAIL], healthcare_mode: true}",
                ["'policy.pii-detector.healthcare_mode' has no effect: 'entities' says which types are looked for."]
            ),
            ("pii-detector", "{entities: [EMAIL]}", []),
            ("pii-detector", "{healthcare_mode: true, pci_mode: true}", []),
            (
                "code-sanitizer", "{enabled: false}",
                ["'policy.code-sanitizer' has no effect: 'enabled' is false."]
            ),
            ("code-sanitizer", "{enabled: true, block_on_match: true}", []),
        ])
    func idle(kind: String, settings: String, expected: [String]) {
        let yaml = document("policy: {\(kind): \(settings)}").replacing("[audit-logger]", with: "[\(kind)]")
        var reading = ConfigReading([ConfigLayer(name: "f", text: yaml)])
        reading.compile(cacheDirectory: TestPatterns.directory)

        #expect(reading.problems.isEmpty)
        let warnings = reading.config?.warnings.filter { $0.code == "config.no_effect" }
        #expect(warnings?.map(\.message) == expected)
    }
}
