import KeeptrustsExchange
import Testing

/// The field `provider`, by which callers of OpenRouter choose among the providers behind it.
struct ProviderPreferenceTests {
    /// Two targets of one model, of the providers that are named, in this order.
    private static func play(_ providers: String...) throws -> Play {
        let targets = providers.enumerated().map { number, provider in
            """
                - {id: t\(number), provider: \(provider), model: gpt-4o, base_url: "http://127.0.0.\(number + 1):9/v1", \
            secret_key_ref: {env: SECRET}}
            """
        }
        return try Play(
            """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: [pii-detector]}
            policy: {pii-detector: {action: redact}}
            consumer_groups:
              - {name: tests, key_ref: {env: KEY}}
            providers:
              retry: {max_attempts: 2, backoff_ms: 0}
              targets:
            \(targets.joined(separator: "\n"))
            """)
    }

    private static func body(_ provider: String) -> String {
        #"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"provider":\#(provider)}"#
    }

    static let preferences = [
        #"{}"#, #"{"order":["anthropic","openai"],"allow_fallbacks":false}"#,
        #"{"only":["azure"],"ignore":["deepinfra/fp8"],"quantizations":["fp8"],"sort":"price","zdr":true}"#,
        #"{"data_collection":"deny","require_parameters":true,"sort":{"by":"throughput","partition":"none"}}"#,
        #"{"max_price":{"prompt":1,"completion":2.5},"preferred_max_latency":{"p90":3},"preferred_min_throughput":50}"#,
    ]

    @Test("What callers of OpenRouter prefer reaches a target of OpenRouter as it is", arguments: preferences)
    func passed(provider: String) throws {
        let call = try #require(try Self.play("openrouter").chat(Self.body(provider)).call)

        #expect(call.bytes.contains(#""provider":\#(provider)"#))
    }

    @Test("Only targets of OpenRouter are asked then, also after a failure")
    func onlyKnowing() throws {
        let play = try Self.play("openai", "openrouter", "groq")
        let call = try #require(try play.chat(Self.body(#"{"only":["azure"]}"#)).call)
        let failed = play.answer(status: 500, "{}")
        let plain = try #require(try Self.play("openai", "openrouter").chat(Self.body("null")).call)

        #expect(call.target == "t1")
        #expect(failed.call.map(\.target) != "t0" && failed.call.map(\.target) != "t2")
        #expect(plain.target == "t0")
    }

    @Test("A model without a target of OpenRouter is not asked", arguments: ["openai", "litellm"])
    func elsewhere(provider: String) throws {
        let play = try Self.play(provider)
        let actions = try play.chat(Self.body(#"{"order":["x"]}"#))

        let end = try #require(play.tell(.recorded(true)).end?.text)
        #expect(actions.call == nil)
        #expect(end.hasPrefix("HTTP/1.1 422 ") && end.contains(#""param":"provider""#))
        #expect(end.contains("is for models that OpenRouter serves"))
    }

    @Test(
        "What is none of these preferences is refused, whoever is the target",
        arguments: [
            #""openai""#, #"["openai"]"#, "true", "1", #"{"api_base":"http://127.0.0.1:1"}"#,
            #"{"order":["x"],"url":"u"}"#,
            #"{"order":[{"base_url":"u"}]}"#, #"{"sort":{"by":"price","headers":{"a":"b"}}}"#,
            #"{"max_price":{"x":1}}"#,
            #"{"b\u0061se_url":"u"}"#, #"{"":1}"#,
        ], ["openrouter", "openai"])
    func refused(value: String, provider: String) throws {
        let play = try Self.play(provider)
        let actions = try play.chat(Self.body(value))

        let end = try #require(play.tell(.recorded(true)).end?.text)
        #expect(actions.call == nil)
        #expect(end.hasPrefix("HTTP/1.1 422 ") && end.contains(#""param":"provider"#), "\(end)")
    }

    @Test(
        "A member that is none is named, with those that there are",
        arguments: [
            (#"{"order":["x"],"url":"u"}"#, "provider.url"),
            (#"{"sort":{"by":"price","headers":{"a":"b"}}}"#, "provider.headers"),
            (#"{"max_price":{"x":1}}"#, "provider.x"), (#"{"b\u0061se_url":"u"}"#, "provider"),
            (#"{"":1}"#, "provider"),
            (#"{"jane@example.com":1}"#, "provider"), ("7", "provider"),
        ])
    func named(value: String, param: String) throws {
        let play = try Self.play("openrouter")
        try play.chat(Self.body(value))

        let end = try #require(play.tell(.recorded(true)).end?.text)
        #expect(end.contains(#""param":"\#(param)""#), "\(end)")
        for member in ["order", "max_price", "zdr", "by, partition", "p50, p75, p90, p99"] {
            #expect(end.contains(member))
        }
        #expect(!end.contains("jane@"))
    }

    @Test(
        "A member of another type is refused, with what it must be",
        arguments: [
            (#"{"order":"a"}"#, "provider.order", "a list of strings"),
            (#"{"only":{"a":1}}"#, "provider.only", "a list of strings"),
            (#"{"ignore":[1]}"#, "provider.ignore[0]", "a string"),
            (#"{"order":["a",null]}"#, "provider.order[1]", "a string"),
            (#"{"order":[{"base_url":"u"}]}"#, "provider.order[0]", "a string"),
            (#"{"quantizations":true}"#, "provider.quantizations", "a list of strings"),
            (#"{"allow_fallbacks":"no"}"#, "provider.allow_fallbacks", "true or false"),
            (#"{"zdr":1}"#, "provider.zdr", "true or false"),
            (#"{"data_collection":false}"#, "provider.data_collection", "a string"),
            (#"{"sort":["price"]}"#, "provider.sort", "a string or an object"),
            (#"{"sort":{"by":1}}"#, "provider.sort.by", "a string"),
            (#"{"max_price":3}"#, "provider.max_price", "an object"),
            (#"{"max_price":{"prompt":[]}}"#, "provider.max_price.prompt", "a number"),
            (
                #"{"preferred_max_latency":"fast"}"#, "provider.preferred_max_latency",
                "a number or an object of numbers"
            ),
            (#"{"preferred_max_latency":{"p90":"3"}}"#, "provider.preferred_max_latency.p90", "a number"),
        ])
    func types(value: String, param: String, expected: String) throws {
        let play = try Self.play("openrouter")
        let actions = try play.chat(Self.body(value))

        let end = try #require(play.tell(.recorded(true)).end?.text)
        #expect(actions.call == nil && end.hasPrefix("HTTP/1.1 422 "))
        #expect(end.contains("The field '\(param)' must be \(expected)."), "\(end)")
        #expect(end.contains(#""param":"\#(param)""#))
    }

    @Test("A member that is null says nothing")
    func nothing() throws {
        let members = ["order", "allow_fallbacks", "sort", "max_price", "preferred_max_latency", "data_collection"]
        let provider = "{\(members.map { "\"\($0)\":null" }.joined(separator: ","))}"

        #expect(try Self.play("openrouter").chat(Self.body(provider)).call != nil)
    }

    @Test(
        "Texts among them are judged",
        arguments: [
            #"{"order":["jane@example.com"]}"#, #"{"sort":"jane@example.com"}"#,
            #"{"only":["a","4111 1111 1111 1111"]}"#,
            #"{"max_price":{"prompt":4111111111111111}}"#, #"{"preferred_max_latency":{"p50":4111111111111111}}"#,
        ])
    func judged(provider: String) throws {
        let call = try #require(try Self.play("openrouter").chat(Self.body(provider)).call)

        #expect(!call.bytes.contains("jane@") && !call.bytes.contains("1111"))
        #expect(call.bytes.contains("_REDACTED]"))
    }
}
