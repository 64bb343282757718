import KeeptrustsConfig
import KeeptrustsCore
import Testing

struct TargetMistakeTests {
    /// The mistakes of a document whose one target is `{id: a, …}`, in line 5.
    private func targetProblems(_ rest: String) -> [String] {
        problems(document(providers: "targets:\n  - {id: a, \(rest)}"))
    }

    @Test(
        "A mistake in a target says what is wanted, and repeats no secret",
        arguments: [
            ("provider: openai", "5:7: error: 'providers.targets.0' needs the key 'model'."),
            ("model: m", "5:7: error: 'providers.targets.0' needs the key 'provider'."),
            (
                "provider: vllm, model: m",
                "5:7: error: 'providers.targets.0' needs the key 'base_url'.\n  hint: 'vllm' has no address of its own"
            ),
            (
                "provider: azure, model: m",
                "5:25: error: 'providers.targets.0.provider': there is no provider 'azure'.\n  hint: 'azure' is not in this version"
            ),
            (
                "provider: nobody, model: m",
                "5:25: error: 'providers.targets.0.provider': there is no provider 'nobody'.\n  hint: any API that speaks OpenAI's dialect is 'openai' with a 'base_url'"
            ),
            (
                "provider: 'openai:embedding:m'",
                "5:25: error: 'providers.targets.0.provider' names the kind 'embedding', not 'chat'.\n  hint: 'embedding' is not in this version"
            ),
            (
                "provider: 'openai:chat'",
                "5:25: error: 'providers.targets.0.provider' is 'openai:chat', not 'vendor' or 'vendor:chat:model'."
            ),
            (
                "provider: 'openai:chat:m', model: n",
                "5:49: error: 'providers.targets.0.provider' names the model 'm', and 'providers.targets.0.model' another.\n  hint: keep one of the two"
            ),
            (
                "provider: openai, model: m, api_key: sk-s3cret",
                "5:43: error: unknown key 'providers.targets.0.api_key'.\n  hint: say 'secret_key_ref: {env: NAME}'; a configuration holds no secrets"
            ),
            (
                "provider: openai, model: m, secret_key_ref: sk-s3cret",
                "5:59: error: 'providers.targets.0.secret_key_ref' must be a mapping, not a text.\n  hint: write '{env: NAME}', where NAME is an environment variable of the gateway"
            ),
            (
                "provider: openai, model: m, secret_key_ref: {env: sk-s3cret}",
                "5:65: error: 'providers.targets.0.secret_key_ref.env' is not the name of an environment variable.\n  hint: write the variable's name here, such as OPENAI_API_KEY; the secret itself stays in the environment"
            ),
            (
                "provider: openai, model: m, secret_key_ref: {store: a}",
                "5:60: error: unknown key 'providers.targets.0.secret_key_ref.store'.\n  hint: write '{env: NAME}'; 'store' is not in this version"
            ),
            (
                "provider: openai, model: m, secret_key_ref: {store: a, env: b}",
                "5:60: error: unknown key 'providers.targets.0.secret_key_ref.store'.\n  hint: write '{env: NAME}'; 'store' is not in this version"
            ),
            (
                "provider: openai, model: m, secret_key_ref: {file: a}",
                "5:60: error: unknown key 'providers.targets.0.secret_key_ref.file'.\n  hint: the keys are 'env'"
            ),
            (
                "provider: openai, model: m, data_collection: deny",
                "5:43: error: unknown key 'providers.targets.0.data_collection'.\n  hint: 'data_collection' is not in this version"
            ),
            (
                "provider: openai, model: m, data_policy: {retention: 5}",
                "5:57: error: unknown key 'providers.targets.0.data_policy.retention'.\n  hint: did you mean 'retention_days'?"
            ),
            (
                "provider: openai, model: m, data_policy: {zero_data_retention: true, retention_days: 1}",
                "5:100: error: 'providers.targets.0.data_policy.retention_days' keeps what 'zero_data_retention' says is not kept.\n  hint: remove one of the two"
            ),
            (
                "provider: openai, model: m, zdr: true, data_policy: {zero_data_retention: false}",
                "5:48: error: 'providers.targets.0.zdr' says what 'data_policy' says already.\n  hint: keep 'zero_data_retention'"
            ),
            (
                "provider: demo, model: m, base_url: 'http://a'",
                "5:51: error: 'providers.targets.0.base_url' has no effect: 'demo' is built in.\n  hint: remove the key"
            ),
            (
                "provider: demo, model: m, timeouts: {total_ms: 1}",
                "5:51: error: 'providers.targets.0.timeouts' has no effect: 'demo' is built in.\n  hint: remove the key"
            ),
            (
                "provider: ollama, model: m, api_key_header: x-key",
                "5:59: error: 'providers.targets.0.api_key_header' has no effect without a credential.\n  hint: add 'secret_key_ref: {env: NAME}'"
            ),
            (
                "provider: openai, model: m, api_key_header: Content-Length",
                "5:59: error: 'providers.targets.0.api_key_header' is not a header that can carry a credential.\n  hint: such as x-api-key"
            ),
            (
                "provider: openai, model: m, api_key_header: \"x: y\"",
                "5:59: error: 'providers.targets.0.api_key_header' is not a header that can carry a credential.\n  hint: such as x-api-key"
            ),
            (
                "provider: openai, model: m, api_key_prefix: \"a\\r\\nb\"",
                "5:59: error: 'providers.targets.0.api_key_prefix' must be up to 64 printable ASCII characters."
            ),
            (
                "provider: openai, model: m, timeouts: {connect_ms: 0}",
                "5:66: error: 'providers.targets.0.timeouts.connect_ms' is 0, not in 1...60000."
            ),
            (
                "provider: openai, model: \"a\\u0007\"",
                "5:40: error: 'providers.targets.0.model' must be 1 to 256 characters, none of them control characters."
            ),
            ("provider: [openai], model: m", "5:25: error: 'providers.targets.0.provider' must be a text."),
        ]
    )
    func targets(rest: String, expected: String) {
        let found = targetProblems(rest)
        #expect(found == [expected])
        #expect(!found.joined().contains("s3cret"))
    }

    @Test("Two targets must not have one id")
    func duplicateID() {
        let yaml = document(
            providers: "targets:\n  - {id: a, provider: demo, model: m}\n  - {id: a, provider: demo, model: n}")
        #expect(problems(yaml) == ["6:12: error: there are two targets 'a'."])
    }

    @Test(
        "A base URL is one place without secrets, and means the same with and without the version",
        arguments: [
            ("https://api.openai.com", "https://api.openai.com/v1"),
            ("https://api.openai.com/v1", "https://api.openai.com/v1"),
            ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
            ("HTTP://LocalHost:4000//", "http://localhost:4000/v1"),
            ("http://[::1]:4000/v1", "http://[::1]:4000/v1"),
            ("https://a.example:443/x%20y/v2", "https://a.example/x%20y/v2"),
        ]
    )
    func baseURLs(text: String, expected: String) throws {
        let yaml = document(providers: "targets:\n  - {id: a, provider: openai, model: m, base_url: '\(text)'}")
        #expect(try PolicyConfig(yaml: yaml, file: "f").targets.map(\.baseURL) == [expected])
    }

    @Test(
        "What is no base URL is refused without repeating it",
        arguments: [
            ("api.openai.com", "is not a URL.\n  hint: write it as in https://api.example.com/v1"),
            ("ftp://a.example", "must begin with 'http://' or 'https://'."),
            (
                "https://u:s3cret@a.example",
                "must not hold a user or a password.\n  hint: say 'secret_key_ref: {env: NAME}'"
            ),
            ("https://a.example/?key=s3cret", "must not have a query or a fragment."),
            ("https://a.example#x", "must not have a query or a fragment."),
            ("https://", "has no valid host and port."),
            ("https://a.example:0", "has no valid host and port."),
            ("https://a.example:65536", "has no valid host and port."),
            ("https://a b.example", "has no valid host and port."),
            ("https://a.example/x y", "has a path that no provider has."),
            ("https://a.example/../v1", "has a path that no provider has."),
            ("https://é.example", "has no valid host and port."),
        ]
    )
    func badBaseURLs(text: String, expected: String) {
        #expect(
            targetProblems("provider: openai, model: m, base_url: '\(text)'")
                == ["5:53: error: 'providers.targets.0.base_url' \(expected)"])
    }

    @Test("A provider's usual variable is used for the provider's own address only")
    func usualVariable() throws {
        func variable(_ rest: String) throws -> String? {
            let yaml = document(providers: "targets:\n  - {id: a, model: m, \(rest)}")
            return try PolicyConfig(yaml: yaml, file: "f").targets.first?.secretVariable?.name
        }
        #expect(try variable("provider: openai") == "OPENAI_API_KEY")
        #expect(try variable("provider: anthropic") == "ANTHROPIC_API_KEY")
        #expect(try variable("provider: openai, base_url: 'https://API.openai.com:443/v1'") == "OPENAI_API_KEY")
        #expect(try variable("provider: openai, base_url: 'http://api.openai.com'") == nil)
        #expect(try variable("provider: openai, base_url: 'https://elsewhere.example'") == nil)
        #expect(
            try variable("provider: openai, base_url: 'https://elsewhere.example', secret_key_ref: {env: K}") == "K")
        #expect(try variable("provider: ollama") == nil)
    }

    @Test(
        "Prices are exact",
        arguments: [
            ("2.50", 2_500_000), ("0", 0), ("0.1", 100_000), ("\"0.000001\"", 1), ("1000000", 1_000_000_000_000),
            ("999999.999999", 999_999_999_999), ("0.30", 300_000), ("15", 15_000_000),
            ("1000000.000", 1_000_000_000_000),
        ] as [(String, Int64)]
    )
    func prices(text: String, micros: Int64) throws {
        let yaml = document(
            providers: "targets: [{id: a, provider: demo, model: m, pricing: {input: \(text), output: 1}}]")
        let price = try PolicyConfig(yaml: yaml, file: "f").targets.first?.price
        #expect(price == TokenPrice(input: micros, output: 1_000_000))
    }

    @Test(
        "What is no price is refused",
        arguments: [
            ("input: 1", "5:50: error: 'providers.targets.0.pricing' needs the key 'output'."),
            (
                "input: 0.0000001, output: 1",
                "5:58: error: 'providers.targets.0.pricing.input' has 7 decimal places; up to 6 are exact."
            ),
            (
                "input: 1e-3, output: 1",
                "5:58: error: 'providers.targets.0.pricing.input' is '1e-3', not a decimal number.\n  hint: write it as in 2.50"
            ),
            (
                "input: -1, output: 1",
                "5:58: error: 'providers.targets.0.pricing.input' is '-1', not a decimal number.\n  hint: write it as in 2.50"
            ),
            (
                "input: '2,50', output: 1",
                "5:58: error: 'providers.targets.0.pricing.input' is '2,50', not a decimal number.\n  hint: write it as in 2.50"
            ),
            (
                "input: .5, output: 1",
                "5:58: error: 'providers.targets.0.pricing.input' is '.5', not a decimal number.\n  hint: write it as in 2.50"
            ),
            (
                "input: 1000000.5, output: 1",
                "5:58: error: 'providers.targets.0.pricing.input' is '1000000.5', not in 0...1000000."
            ),
            (
                "input: 99999999999999999999, output: 1",
                "5:58: error: 'providers.targets.0.pricing.input' is '99999999999999999999', not in 0...1000000."
            ),
            (
                "input: [1], output: 1",
                "5:58: error: 'providers.targets.0.pricing.input' must be a decimal number, such as 2.50."
            ),
            (
                "input: 1, output: 1, currency: usd",
                "5:82: error: 'providers.targets.0.pricing.currency' is 'usd', not a currency.\n  hint: write its ISO 4217 code, such as USD"
            ),
            (
                "input_cost_per_1k_tokens: 1",
                "5:51: error: unknown key 'providers.targets.0.pricing.input_cost_per_1k_tokens'.\n  hint: prices are for a million tokens: say 'input' and 'output'"
            ),
        ]
    )
    func badPrices(text: String, expected: String) {
        #expect(targetProblems("provider: demo, model: m, pricing: {\(text)}") == [expected])
    }
}
