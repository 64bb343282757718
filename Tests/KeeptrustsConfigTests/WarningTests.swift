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
}
