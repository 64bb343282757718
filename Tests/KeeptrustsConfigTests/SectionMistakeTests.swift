import KeeptrustsConfig
import KeeptrustsCore
import Testing

/// The text and the place of each mistake, as its reader sees them.
struct SectionMistakeTests {
    @Test(
        "A mistake at the top is reported where it was made",
        arguments: [
            (
                "",
                "1:1: error: the document needs the key 'pack'.\n  hint: write 'pack: {name: my-gateway, version: 1.0.0}'"
            ),
            ("[]", "1:1: error: the document must be a mapping."),
            ("hello", "1:1: error: the document must be a mapping."),
            (
                "pack: {name: a, version: 1.0.0}",
                "1:1: error: the document needs the key 'policies'.\n  hint: write 'policies: {chain: [prompt-injection, pii-detector, audit-logger]}'"
            ),
            (
                document().replacing("chain: [audit-logger]", with: ""),
                "2:11: error: 'policies' needs the key 'chain'.\n  hint: write 'policies: {chain: [prompt-injection, pii-detector, audit-logger]}'"
            ),
            (
                document().replacing("[audit-logger]", with: "audit-logger"),
                "2:19: error: 'policies.chain' must be a list."
            ),
            (document(providers: "targets: []"), "4:12: error: 'providers.targets' must not be empty."),
            (
                document(providers: "routing: {strategy: ordered}"),
                "4:3: error: 'providers' needs the key 'targets'.\n  hint: write 'providers: {targets: [{id: main, provider: openai, model: gpt-4o}]}'"
            ),
            (document("Pack: {}"), "5:1: error: unknown key 'Pack'.\n  hint: did you mean 'pack'?"),
            (
                document("model_groups: []"),
                "5:1: error: unknown key 'model_groups'.\n  hint: 'model_groups' is not in this version"
            ),
            (
                document("includes: [a]"),
                "5:1: error: unknown key 'includes'.\n  hint: layer the files with a repeated --policy-config"
            ),
            (
                document("provider_routing: {}"),
                "5:1: error: unknown key 'provider_routing'.\n  hint: say 'providers: {routing: …}'"
            ),
            (
                document("zzz: 1"),
                "5:1: error: unknown key 'zzz'.\n  hint: the keys are 'pack', 'policies', 'policy', 'providers', 'record', 'keys', 'testing', 'routes', 'consumer_groups', 'size_limits'"
            ),
            (
                document("policy: {pii-detectr: {}}"),
                "5:10: error: unknown key 'policy.pii-detectr'.\n  hint: did you mean 'pii-detector'?"
            ),
            (
                document("policy: {zzzzzzzz: {}}"),
                "5:10: error: unknown key 'policy.zzzzzzzz'.\n  hint: a block bears the name of a kind, or the id of an entry of 'policies.chain'"
            ),
        ]
    )
    func top(yaml: String, expected: String) {
        #expect(problems(yaml).first == expected)
    }

    @Test(
        "Retired shapes name what replaces them",
        arguments: [
            (
                "version: '1'\npolicies:\n  - {name: a, type: pii_redaction}\n",
                [
                    "1:1: error: unknown key 'version'.\n  hint: the version stands in 'pack: {name, version}'",
                    "2:1: error: 'policies' must be a mapping with the key 'chain'.\n  hint: write 'policies: {chain: [pii-detector, …]}' and the settings under 'policy: {pii-detector: {…}}'",
                ]
            ),
            (
                document("input_policies: [a]"),
                [
                    "5:1: error: unknown key 'input_policies'.\n  hint: name the kinds in 'policies: {chain: […]}'; 'on: [request]' limits an entry to requests"
                ]
            ),
            (
                document("output_policies: [a]"),
                [
                    "5:1: error: unknown key 'output_policies'.\n  hint: name the kinds in 'policies: {chain: […]}'; 'on: [response]' limits an entry to answers"
                ]
            ),
            (
                "policy: {name: prompt-injection, version: 1.2.0, enabled: true}\n",
                [
                    "1:1: error: a document for a single policy is not accepted.\n  hint: name it in 'policies: {chain: [prompt-injection]}' and put its settings under 'policy: {prompt-injection: {…}}'"
                ]
            ),
            (
                document("policy: {audit-logger: {apply_to: [request]}}"),
                [
                    "5:25: error: unknown key 'policy.audit-logger.apply_to'.\n  hint: say 'on: [request, response]' at the policy's entry in 'policies.chain'"
                ]
            ),
            (
                document("policy: {audit-logger: {on_escalate: hold}}"),
                [
                    "5:25: error: unknown key 'policy.audit-logger.on_escalate'.\n  hint: an escalation is answered at once, with the 'request_id' by which it is found; remove the key"
                ]
            ),
            (
                document().replacing("[audit-logger]", with: "[{kind: audit-logger, apply_to: [request]}]"),
                [
                    "2:41: error: unknown key 'policies.chain.0.apply_to'.\n  hint: say 'on: [request, response]' at the policy's entry in 'policies.chain'"
                ]
            ),
            (
                document().replacing("[audit-logger]", with: "[{kind: audit-logger, on_escalate: hold}]"),
                [
                    "2:41: error: unknown key 'policies.chain.0.on_escalate'.\n  hint: an escalation is answered at once, with the 'request_id' by which it is found; remove the key"
                ]
            ),
            (
                document("consumer_groups: [{name: a, key_ref: '${KEY}'}]"),
                [
                    "5:38: error: 'consumer_groups.0.key_ref' is '${KEY}'; variables are not filled in.\n  hint: where a secret is wanted, say 'key_ref: {env: NAME}'"
                ]
            ),
            (
                document("consumer_groups: [{name: a, key_ref: {env: '${KEY}'}}]"),
                [
                    "5:44: error: 'consumer_groups.0.key_ref.env' is '${KEY}'; variables are not filled in.\n  hint: where a secret is wanted, say 'key_ref: {env: NAME}'"
                ]
            ),
            (
                document(providers: "targets: [{id: a, provider: openai, model: '${MODEL}'}]"),
                [
                    "4:46: error: 'providers.targets.0.model' is '${MODEL}'; variables are not filled in.\n  hint: where a secret is wanted, say 'secret_key_ref: {env: NAME}'"
                ]
            ),
        ]
    )
    func retired(yaml: String, expected: [String]) {
        #expect(problems(yaml).filter { !$0.contains("the document needs") } == expected)
    }

    @Test(
        "What stands in the wrong place is told where it goes",
        arguments: [
            (
                "policies: {chain: [{kind: pii-detector, action: block}]}",
                "put the settings of a policy under 'policy: {pii-detector: {…}}'"
            ),
            (
                "policies: {chain: [{id: mine, kind: pii-detector, entities: [EMAIL]}]}",
                "put the settings of a policy under 'policy: {mine: {…}}'"
            ),
            ("policies: {chain: [{kind: pii-detector, mod: observe}]}", "did you mean 'mode'?"),
            (
                "policies: {chain: [{pii-detector: {action: block}}]}",
                "write 'pii-detector' alone, and put its settings under 'policy: {pii-detector: {…}}'"
            ),
            (
                "policies: {chain: [audit-logger], pii-detector: {action: block}}",
                "name it in 'policies: {chain: [pii-detector]}', and put its settings under 'policy: {pii-detector: {…}}'"
            ),
            (
                "policies: {chain: [{kind: pii-detector, true: [request]}]}",
                "use quotes; where a tool has made 'true' of 'on', write '\"on\":'"
            ),
        ])
    func places(policies: String, hint: String) {
        let yaml = document().replacing("policies: {chain: [audit-logger]}", with: policies)
        var reading = ConfigReading([ConfigLayer(name: "f", text: yaml)])
        reading.compile(cacheDirectory: TestPatterns.directory)

        #expect(reading.problems.map(\.hint) == [hint])
    }

    @Test("No hint names a key that is refused")
    func hints() throws {
        let yaml = document(
            """
            consumer_groups: [{name: a, key_ref: {vault: K}}]
            testing:
              zzz: 1
              suites: [{name: a, zzz: 1, cases: [{name: b, input: {messages: [{role: user}], zzz: 1}, expected: {verdict: allow}}]}]
            """
        ).replacing("[audit-logger]", with: "[{kind: audit-logger, zzz: 1}]")
        var reading = ConfigReading([ConfigLayer(name: "f", text: yaml)])
        reading.compile()
        let hints = reading.problems.compactMap(\.hint).joined(separator: "\n")

        #expect(reading.problems.count == 5)
        for key in [
            "apply_to", "on_escalate", "proxy_name", "team_slugs", "store", "assertions", "plugins", "strategies",
        ] {
            #expect(!hints.contains(key))
        }
    }

    @Test(
        "A mistake in the pack says what is wanted",
        arguments: [
            ("{name: a}", "1:7: error: 'pack' needs the key 'version'."),
            ("{version: 1.0.0}", "1:7: error: 'pack' needs the key 'name'."),
            (
                "{name: a, version: 1.0}",
                "1:26: error: 'pack.version' must be a text.\n  hint: write \"1.0.0\""
            ),
            (
                "{name: a, version: '1.0'}",
                "1:26: error: 'pack.version' is '1.0', not a version.\n  hint: say '1.0.0': a version has three numbers (SemVer)"
            ),
            (
                "{name: a, version: '1'}",
                "1:26: error: 'pack.version' is '1', not a version.\n  hint: say '1.0.0': a version has three numbers (SemVer)"
            ),
            (
                "{name: a, version: 01.0.0}",
                "1:26: error: 'pack.version' is '01.0.0', not a version.\n  hint: write it as in '1.4.0' or '2.0.0-rc.1' (SemVer)"
            ),
            (
                "{name: a, version: 1.0.0-01}",
                "1:26: error: 'pack.version' is '1.0.0-01', not a version.\n  hint: write it as in '1.4.0' or '2.0.0-rc.1' (SemVer)"
            ),
            (
                "{name: a, version: 1.0.0, enabled: yes}",
                "1:42: error: 'pack.enabled' must be true or false.\n  hint: say 'true'"
            ),
            ("{name: 7, version: 1.0.0}", "1:14: error: 'pack.name' must be a text.\n  hint: put it in quotes: \"7\""),
            (
                "{name: \"a\\nb\", version: 1.0.0}",
                "1:14: error: 'pack.name' must be 1 to 128 characters, none of them control characters."
            ),
            ("{nme: a, version: 1.0.0}", "1:8: error: unknown key 'pack.nme'.\n  hint: did you mean 'name'?"),
        ]
    )
    func pack(value: String, expected: String) {
        #expect(problems(document().replacing("{name: test, version: 1.0.0}", with: value)) == [expected])
    }

    @Test(
        "A mistake in retries, fallback, breaker and routing says what is wanted",
        arguments: [
            (
                "retry: {max_attemps: 3}",
                "5:11: error: unknown key 'providers.retry.max_attemps'.\n  hint: did you mean 'max_attempts'?"
            ),
            (
                "retry: {jitter: true}",
                "5:11: error: unknown key 'providers.retry.jitter'.\n  hint: waits are always jittered; remove the key"
            ),
            ("retry: {max_attempts: 11}", "5:25: error: 'providers.retry.max_attempts' is 11, not in 1...10."),
            ("retry: {max_attempts: '3'}", "5:25: error: 'providers.retry.max_attempts' must be a whole number."),
            ("retry: {max_attempts: 2.5}", "5:25: error: 'providers.retry.max_attempts' must be a whole number."),
            ("retry: {backoff_ms: -1}", "5:23: error: 'providers.retry.backoff_ms' is -1, not in 0...60000."),
            (
                "retry: [",
                "6:1: error: did not find expected node content.\n  hint: while parsing a flow node that begins in line 6"
            ),
            ("fallback: {triggers: [timeout]}", "5:13: error: 'providers.fallback' needs the key 'enabled'."),
            (
                "fallback: {enabled: true, triggers: [5xx]}",
                "5:40: error: 'providers.fallback.triggers.0' is '5xx', not one of 'rate_limit', 'timeout', 'server_error', 'connection', 'context_window'.\n  hint: say 'server_error'"
            ),
            (
                "fallback: {enabled: true, triggers: []}",
                "5:39: error: 'providers.fallback.triggers' must not be empty.\n  hint: leave the key out, or say 'enabled: false'"
            ),
            (
                "fallback: {enabled: true, triggers: [timeout, timeout]}",
                "5:49: error: 'providers.fallback.triggers' names 'timeout' twice."
            ),
            (
                "fallback: {enabled: true, context_window: abort}",
                "5:29: error: unknown key 'providers.fallback.context_window'.\n  hint: say 'triggers: [context_window]'"
            ),
            (
                "circuit_breaker: {recovery_timeout: 3}",
                "5:21: error: unknown key 'providers.circuit_breaker.recovery_timeout'.\n  hint: say 'cooldown_seconds'"
            ),
            (
                "circuit_breaker: {failure_threshold: 0}",
                "5:40: error: 'providers.circuit_breaker.failure_threshold' is 0, not in 1...1000."
            ),
            (
                "routing: {strategy: round_robin}",
                "5:23: error: 'providers.routing.strategy' is 'round_robin', not one of 'ordered'.\n  hint: 'round_robin' is not in this version"
            ),
            ("routing: {}", "5:12: error: 'providers.routing' needs the key 'strategy'."),
            (
                "strategy: single",
                "5:3: error: unknown key 'providers.strategy'.\n  hint: say 'routing: {strategy: ordered}'"
            ),
        ]
    )
    func providers(line: String, expected: String) {
        let yaml = document(providers: "targets: [{id: demo, provider: demo, model: demo}]\n\(line)")
        #expect(problems(yaml) == [expected])
    }

    @Test(
        "A mistake in limits, record, keys says what is wanted",
        arguments: [
            (
                "size_limits: {max_body_bytes: 1}",
                "5:31: error: 'size_limits.max_body_bytes' is 1, not in 1024...1073741824."
            ),
            (
                "size_limits: {max_header_bytes: 1}",
                "5:15: error: unknown key 'size_limits.max_header_bytes'.\n  hint: the keys are 'max_body_bytes', 'max_response_bytes'"
            ),
            ("record: {max_bytes: 8GiB}", "5:21: error: 'record.max_bytes' must be a whole number."),
            ("record: {max_bytes: 99999999999999999999}", "5:21: error: 'record.max_bytes' must be a whole number."),
            ("record: {mode: [strict]}", "5:16: error: 'record.mode' must be a text."),
            (
                "keys: {max_staleness: 3}",
                "5:8: error: unknown key 'keys.max_staleness'.\n  hint: say 'max_staleness_seconds'"
            ),
            (
                "keys: {max_staleness_seconds: 0}",
                "5:31: error: 'keys.max_staleness_seconds' is 0, not in 2...86400."
            ),
            ("keys: {max_staleness_seconds: 1e3}", "5:31: error: 'keys.max_staleness_seconds' must be a whole number."),
        ]
    )
    func settings(line: String, expected: String) {
        #expect(problems(document(line)) == [expected])
    }

    @Test(
        "A mistake in a consumer group says what is wanted, and repeats no key",
        arguments: [
            (
                "{name: a}",
                "6:5: error: 'consumer_groups.0' needs the key 'key_ref' or 'key_hash'.\n  hint: write 'key_ref: {env: NAME}'"
            ),
            (
                "{name: a, api_key: kt_cg_s3cret}",
                "6:15: error: unknown key 'consumer_groups.0.api_key'.\n  hint: say 'key_ref: {env: NAME}' or 'key_hash: \"sha256:…\"'; a configuration holds no secrets"
            ),
            (
                "{name: a, key_ref: kt_cg_s3cret}",
                "6:24: error: 'consumer_groups.0.key_ref' must be a mapping, not a text.\n  hint: write '{env: NAME}', where NAME is an environment variable of the gateway"
            ),
            (
                "{name: a, key_ref: {env: kt-cg-s3cret}}",
                "6:30: error: 'consumer_groups.0.key_ref.env' is not the name of an environment variable.\n  hint: write the variable's name here, such as OPENAI_API_KEY; the secret itself stays in the environment"
            ),
            ("{name: a, key_ref: {}}", "6:24: error: 'consumer_groups.0.key_ref' needs the key 'env'."),
            (
                "{name: a, key_hash: s3cret}",
                "6:25: error: 'consumer_groups.0.key_hash' must be 'sha256:' and 64 hexadecimal digits.\n  hint: printf %s \"$KEY\" | sha256sum"
            ),
            (
                "{name: a, key_ref: {env: A}, key_hash: b}",
                "6:5: error: 'consumer_groups.0' has both 'key_ref' and 'key_hash'.\n  hint: keep one"
            ),
            (
                "{name: 'a b', key_ref: {env: A}}",
                "6:12: error: 'consumer_groups.0.name' is 'a b'; it must be 1 to 64 letters, digits, '-', '_' or '.'."
            ),
            (
                "{name: a, key_ref: {env: A}, allowed_models: []}",
                "6:50: error: 'consumer_groups.0.allowed_models' must not be empty.\n  hint: leave the key out to allow all models"
            ),
            (
                "{name: a, key_ref: {env: A}, rate_limits: {}}",
                "6:34: error: unknown key 'consumer_groups.0.rate_limits'.\n  hint: 'rate_limits' of a group is not in this version"
            ),
            (
                "{name: a, key_ref: {env: A}, policies: [audit-loger]}",
                "6:45: error: 'consumer_groups.0.policies.0' is 'audit-loger', which is no id of 'policies.chain'.\n  hint: did you mean 'audit-logger'?"
            ),
            (
                "{name: a, key_ref: {env: A}, policies: [audit-logger, audit-logger]}",
                "6:59: error: 'consumer_groups.0.policies.1' stands in 'consumer_groups.0.policies' already."
            ),
            (
                "{name: a, key_ref: {env: A}, policies: []}",
                "6:44: error: 'consumer_groups.0.policies' must not be empty.\n  hint: leave the key out to let all policies judge"
            ),
            (
                "{name: a, key_ref: {env: A}, policies: audit-logger}",
                "6:44: error: 'consumer_groups.0.policies' must be a list."
            ),
            (
                "{name: a, key_ref: {env: A}, chain: [audit-logger]}",
                "6:34: error: unknown key 'consumer_groups.0.chain'.\n  hint: say 'policies', a list of ids of 'policies.chain'"
            ),
            (
                "{name: a, key_ref: {env: A}}\n  - {name: a, key_ref: {env: B}}",
                "7:12: error: there are two consumer groups 'a'."
            ),
            (
                "{name: a, key_ref: {env: A}}\n  - {name: b, key_ref: {env: A}}",
                "7:5: error: the consumer groups 'a' and 'b' have the same key."
            ),
        ]
    )
    func groups(entry: String, expected: String) {
        #expect(problems(document("consumer_groups:\n  - \(entry)")) == [expected])
    }

    @Test(
        "A mistake in a route says what is wanted",
        arguments: [
            (
                "{path: /v1}",
                "6:5: error: 'routes.0' needs the key 'name'."
            ),
            (
                "{name: a}",
                "6:5: error: 'routes.0' needs the key 'path'."
            ),
            (
                "{name: a, path: v1}",
                "6:21: error: 'routes.0.path' is 'v1'; it must begin with '/' and have no query, no escape and no empty part."
            ),
            (
                "{name: a, path: '/v1?x'}",
                "6:21: error: 'routes.0.path' is '/v1?x'; it must begin with '/' and have no query, no escape and no empty part."
            ),
            (
                "{name: a, path: /v1/%2e}",
                "6:21: error: 'routes.0.path' is '/v1/%2e'; it must begin with '/' and have no query, no escape and no empty part."
            ),
            (
                "{name: a, path: /v1//x}",
                "6:21: error: 'routes.0.path' is '/v1//x'; it must begin with '/' and have no query, no escape and no empty part."
            ),
            (
                "{name: a, path: /v1, match: regex}",
                "6:33: error: 'routes.0.match' is 'regex', not one of 'prefix', 'exact'."
            ),
            (
                "{name: a, path: /v1, methods: [post]}",
                "6:36: error: 'routes.0.methods.0' is 'post', not one of 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'.\n  hint: did you mean 'POST'?"
            ),
            (
                "{name: a, path: /v1, methods: [POST, POST]}",
                "6:42: error: 'routes.0.methods.1' stands in 'routes.0.methods' already."
            ),
            (
                "{name: a, path: /v1, methods: []}",
                "6:35: error: 'routes.0.methods' must not be empty.\n  hint: leave the key out to take all methods"
            ),
            (
                "{name: a, path: /v1, headers: {}}",
                "6:35: error: 'routes.0.headers' must not be empty.\n  hint: leave the key out to ask for no header"
            ),
            (
                "{name: a, path: /v1, headers: {'x y': b}}",
                "6:36: error: 'x y' is not the name of a header."
            ),
            (
                "{name: a, path: /v1, headers: {x-a: b, X-A: c}}",
                "6:44: error: the header 'x-a' stands there twice."
            ),
            (
                "{name: a, path: /v1, headers: {Authorization: b}}",
                "6:36: error: 'authorization' holds a credential, which a configuration never does.\n  hint: tell callers apart by 'consumer_groups'"
            ),
            (
                "{name: a, path: /v1, headers: {x-goog-api-key: b}}",
                "6:36: error: 'x-goog-api-key' holds a credential, which a configuration never does.\n  hint: tell callers apart by 'consumer_groups'"
            ),
            (
                "{name: a, path: /v1, headers: {x-session-token: b}}",
                "6:36: error: 'x-session-token' holds a credential, which a configuration never does.\n  hint: tell callers apart by 'consumer_groups'"
            ),
            (
                "{name: a, path: /v1, headers: {x-a: ' b'}}",
                "6:41: error: 'routes.0.headers.x-a' is ' b'; no header has a value with a space at its end."
            ),
            (
                "{name: a, path: /v1, upstream: dem}",
                "6:36: error: 'routes.0.upstream' is 'dem', which is no id of 'providers.targets'.\n  hint: did you mean 'demo'?"
            ),
            (
                "{name: a, path: /v1, policies: [zzz]}",
                "6:37: error: 'routes.0.policies.0' is 'zzz', which is no id of 'policies.chain'.\n  hint: the policies are 'audit-logger'"
            ),
            (
                "{name: a, path: /v1, target: demo}",
                "6:26: error: unknown key 'routes.0.target'.\n  hint: say 'upstream'"
            ),
            (
                "{name: a, path: /v1}\n  - {name: a, path: /v2}",
                "7:12: error: there are two routes 'a'."
            ),
        ]
    )
    func routes(entry: String, expected: String) {
        #expect(problems(document("routes:\n  - \(entry)")) == [expected])
    }

    @Test("A route may ask for sixteen headers")
    func routeHeaders() {
        func route(_ count: Int) -> String {
            let headers = (0..<count).map { "x-\($0): a" }.joined(separator: ", ")
            return document("routes:\n  - {name: a, path: /v1, headers: {\(headers)}}")
        }
        #expect(problems(route(16)).isEmpty)
        #expect(problems(route(17)) == ["6:35: error: 'routes.0.headers' has more than 16 headers."])
    }

    @Test("There may be two hundred routes")
    func manyRoutes() {
        let routes = (0...200).map { "  - {name: r\($0), path: /v1/\($0)}" }.joined(separator: "\n")

        #expect(
            problems(document("routes:\n\(routes)")) == [
                "206:5: error: 'routes.200' is one too many: there may be 200 routes."
            ])
    }
}
