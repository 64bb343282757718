import Foundation
import KeeptrustsExchange
import NIOCore
import Testing

@Suite("Answers as policies that score them see them")
struct ReplacedAnswerTests {
    private static func play(_ chain: String, _ policy: String) throws -> Play {
        try Play(
            """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: \(chain)}
            policy: {\(policy)}
            consumer_groups:
              - {name: tests, key_ref: {env: KEY}}
            providers:
              retry: {max_attempts: 1}
              targets:
                - {id: first, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1"}
            """)
    }

    private static func scorer(_ failure: String) throws -> Play {
        try play("[quality-scorer]", "quality-scorer: {min_sentences: 2, failure_action: \(failure)}")
    }

    private static let fallback = "{action: fallback, message: Nothing good.}"

    private static func answer(_ message: String, more: String = "", top: String = "") -> String {
        #"{"id":"c1","object":"chat.completion","created":1,"model":"gpt-4o"\#(top),"choices":[{"index":0,"message":\#(message)\#(more),"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}"#
    }

    /// What the caller gets in the end.
    private static func reply(_ play: Play) -> String { play.tell(.recorded(true)).end?.text ?? "" }

    private static func body(_ reply: String) -> [String: Any] {
        let text = reply.components(separatedBy: "\r\n\r\n").dropFirst().joined()
        return (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
    }

    static let whole = [
        #"{"role":"assistant","content":"Bad.","tool_calls":[{"id":"a","type":"function","function":{"name":"pay","arguments":"{}"}}],"audio":{"id":"u","data":"UUFB","transcript":"Bad."},"reasoning_content":"Worse.","annotations":[{"title":"A bad book"}]}"#,
        #"{"role":"assistant","content":[{"type":"text","text":"Bad."},{"type":"text","text":" "}],"refusal":"No."}"#,
        #"{"role":"assistant","content":null,"refusal":"Bad."}"#, #"{"role":"assistant","content":""}"#,
        #"{"role":"assistant","content":null,"reasoning":"Bad. Worse."}"#, #"{"role":"assistant"}"#,
        #"{"role":"assistant","content":"{\"a\":\"Bad\"}"}"#, #"{"role":"assistant","content":null,"tool_calls":[]}"#,
    ]

    @Test("Nothing of an answer goes out beside the text that takes its place", arguments: whole)
    func replaced(message: String) throws {
        let play = try Self.scorer(Self.fallback)
        try play.chat(Play.ask())

        play.answer(Self.answer(message, more: #","logprobs":{"content":[{"token":"Bad","logprob":-1}]}"#))

        let body = Self.body(Self.reply(play))
        let choices = try #require(body["choices"] as? [[String: Any]])
        #expect(choices.count == 1 && choices[0]["finish_reason"] as? String == "stop")
        #expect(choices[0]["message"] as? [String: String] == ["role": "assistant", "content": "Nothing good."])
        #expect(choices[0]["logprobs"] is NSNull)
        #expect((body["usage"] as? [String: Any])?["completion_tokens"] as? Int == 2)
    }

    @Test("Of several answers each is replaced by itself, whatever the order of its members")
    func choices() throws {
        let play = try Self.scorer(Self.fallback)
        try play.chat(Play.ask(n: 2))
        play.answer(
            #"{"id":"c1","choices":[{"message":{"content":"Bad."},"index":1},{"index":0,"message":{"content":"Good. Fine."},"logprobs":{"content":[]},"finish_reason":"stop"}]}"#
        )

        let reply = Self.reply(play)

        #expect(
            reply.contains(
                #"{"index":0,"message":{"content":"Good. Fine."},"logprobs":{"content":[]},"finish_reason":"stop"}"#))
        #expect(reply.contains(#"{"index":1,"message":{"role":"assistant","content":"Nothing good."}"#))
        #expect(!reply.contains("Bad."))
    }

    @Test("An answer without a choice has no place for another text: it is blocked")
    func noChoice() throws {
        let play = try Self.scorer(Self.fallback)
        try play.chat(Play.ask())

        play.answer(#"{"id":"c1","choices":[]}"#)

        #expect(Self.reply(play).contains("quality_scorer.too_short"))
    }

    private static func event(_ delta: String, finish: String = "null", index: Int = 0, more: String = "") -> String {
        #"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":\#(index),"delta":\#(delta),"finish_reason":\#(finish)}]\#(more)}"#
            + "\n\n"
    }

    private static func stream(_ play: Play, _ body: String, n: Int = 1) throws -> String {
        try play.chat(Play.ask(stream: true, n: n))
        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))
        let early = play.tell(.upstreamBody(ByteBuffer(string: body))).replies
        return early + reply(play)
    }

    /// What an SDK makes of the events: of each choice its members, and how it ends.
    private static func join(_ reply: String) -> [Int: [String: String]] {
        var joined: [Int: [String: String]] = [:]
        for line in reply.replacing("\r\n", with: "\n").split(separator: "\n") where line.hasPrefix("data: {") {
            let object = try? JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8)) as? [String: Any]
            for choice in object?["choices"] as? [[String: Any]] ?? [] {
                let index = choice["index"] as? Int ?? -1
                for (key, value) in choice["delta"] as? [String: Any] ?? [:] {
                    joined[index, default: [:]][key, default: ""] += value as? String ?? "?"
                }
                if let end = choice["finish_reason"] as? String {
                    joined[index, default: [:]]["finish", default: ""] += end
                }
            }
        }
        return joined
    }

    static let streams: [[String]] = [
        [#"{"role":"assistant","content":"Bad"}"#, #"{"content":"."}"#],
        [
            #"{"role":"assistant"}"#, #"{"content":"Bad"}"#,
            #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"pay","arguments":"{}"}}]}"#,
        ],
        [#"{"role":"assistant","content":""}"#], [#"{"reasoning":"Bad. Worse."}"#], [#"{}"#],
        [#"{"audio":{"id":"u","data":"UUFB"}}"#, #"{"audio":{"transcript":"Bad."}}"#], [#"{"refusal":"Bad."}"#],
    ]

    @Test("Nothing of a streamed answer goes out beside the text that takes its place", arguments: streams)
    func streamed(deltas: [String]) throws {
        let play = try Self.scorer(Self.fallback)
        let body =
            deltas.map { Self.event($0) }.joined() + Self.event("{}", finish: #""tool_calls""#)
            + "data: [DONE]\n\n"

        let reply = try Self.stream(play, body)

        #expect(Self.join(reply) == [0: ["role": "assistant", "content": "Nothing good.", "finish": "stop"]])
        #expect(reply.contains("data: [DONE]"))
    }

    @Test("A choice that is good goes out as it came, and so does the usage")
    func mixed() throws {
        let play = try Self.scorer(Self.fallback)
        let both =
            #"data: {"id":"c1","choices":[{"index":0,"delta":{"content":" Fine."},"finish_reason":null},{"index":1,"delta":{"content":"Bad"},"finish_reason":null}]}"#
        let body =
            Self.event(#"{"content":"Good."}"#) + both + "\n\n" + Self.event("{}", finish: #""stop""#)
            + Self.event(
                "{}", finish: #""stop""#, index: 1, more: #","usage":{"prompt_tokens":1,"completion_tokens":2}"#)
            + "data: [DONE]\n\n"

        let reply = try Self.stream(play, body, n: 2)

        #expect(
            Self.join(reply) == [
                0: ["content": "Good. Fine.", "finish": "stop"],
                1: ["role": "assistant", "content": "Nothing good.", "finish": "stop"],
            ])
        #expect(reply.contains(#""usage":{"prompt_tokens":1,"completion_tokens":2}"#))
    }

    @Test("An empty answer is too short, streamed or not; one that only calls a tool is not scored")
    func empty() throws {
        let call =
            #"{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"pay","arguments":"{}"}}],"content":null}"#
        for (message, passes) in [
            (#"{"content":""}"#, false), (#"{"content":null}"#, false), ("{}", false), (call, true),
        ] {
            let play = try Self.scorer("{action: block}")
            try play.chat(Play.ask())
            play.answer(Self.answer(message))
            #expect(Self.reply(play).contains("quality_scorer.too_short") != passes, "\(message)")
            let streaming = try Self.scorer("{action: block}")
            let events = Self.event(message) + Self.event("{}", finish: #""stop""#) + "data: [DONE]\n\n"
            #expect(try Self.stream(streaming, events).contains("quality_scorer.too_short") != passes, "\(message)")
        }
        let bare = try Self.scorer("{action: block}")
        #expect(try Self.stream(bare, "data: [DONE]\n\n").contains("quality_scorer.too_short"))
    }

    @Test(
        "A good answer is good whatever stands beside it",
        arguments: [
            #","system_fingerprint":"fp 1""#, #","provider":"Some Provider, Inc.""#, #","note":{"why":"Because"}"#,
        ])
    func beside(top: String) throws {
        let play = try Self.scorer("{action: block}")
        try play.chat(Play.ask())

        play.answer(
            Self.answer(
                #"{"content":"Good. Fine.","reasoning_content":"Hm","annotations":[{"url_citation":{"title":"Cars (2024)"}}]}"#,
                more: #","logprobs":{"content":[{"token":"Good then","logprob":-1}]}"#, top: top))

        #expect(Self.reply(play).hasPrefix("HTTP/1.1 200 "))
    }

    @Test(
        "A provider's error is no answer: its words reach the caller, and no policy says that it was bad",
        arguments: [
            ("quality-scorer", "quality-scorer: {min_sentences: 2, failure_action: {action: retry, retries: 3}}"),
            ("human-oversight", "human-oversight: {require_human_for: ['*']}"),
            ("{kind: language-validator, on: [response]}", "language-validator: {allowed_languages: [de]}"),
            ("eu-ai-act", "eu-ai-act: {articles: [14]}"),
        ], [400, 429])
    func errors(kind: (String, String), status: Int) throws {
        let play = try Self.play("[\(kind.0)]", kind.1)
        try play.chat(Play.ask())

        let error = #"{"error":{"message":"We reject this candidate: the number of tokens is too large.","type":"x"}}"#
        let record = play.answer(status: status, error).record

        #expect(Self.reply(play).contains("We reject this candidate"))
        #expect(record?["verdict"] as? String == "allow")
    }

    @Test("What a provider's error says is judged by rules all the same")
    func errorWords() throws {
        let play = try Self.play("[human-oversight, pii-detector]", "human-oversight: {require_human_for: ['*']}")
        try play.chat(Play.ask())
        play.answer(status: 400, #"{"error":{"message":"No such user: jane.doe@example.com.","type":"x"}}"#)

        let reply = Self.reply(play)

        #expect(reply.contains("No such user: [") && !reply.contains("jane.doe"))
    }

    @Test("An answer that only calls a tool waits for a person where every answer does", arguments: [true, false])
    func oversight(isStreaming: Bool) throws {
        let play = try Self.play("[human-oversight]", "human-oversight: {require_human_for: ['*']}")
        let call = #"{"content":null,"tool_calls":[{"index":0,"id":"a","function":{"name":"pay","arguments":"{}"}}]}"#
        var reply = ""
        if isStreaming {
            reply = try Self.stream(
                play, Self.event(call) + Self.event("{}", finish: #""tool_calls""#) + "data: [DONE]\n\n")
        } else {
            try play.chat(Play.ask())
            play.answer(Self.answer(call))
            reply = Self.reply(play)
        }

        #expect(reply.hasPrefix("HTTP/1.1 409 ") && reply.contains("human_oversight.required"))
    }

    private static let pay =
        #""tool_calls":[{"index":0,"id":"a","function":{"name":"pay","arguments":"{\"amount\":100}"}}]"#

    private static func firewall(_ failure: String) throws -> Play {
        try play(
            "[agent-firewall, quality-scorer]",
            """
            agent-firewall: {transaction_limits: {max_daily_total: 450}},
            quality-scorer: {min_sentences: 2, failure_action: \(failure)}
            """)
    }

    @Test(
        "Payments count that go out: not those of answers that are dropped, blocked or replaced",
        arguments: ["{action: retry, retries: 3}", "{action: block}", fallback], [true, false])
    func payments(failure: String, isStreaming: Bool) throws {
        let play = try Self.firewall(failure)
        func answer(_ content: String) -> [Exchange.Action] {
            let message = #"{"content":"\#(content)",\#(Self.pay)}"#
            guard isStreaming else { return play.answer(Self.answer(message)) }
            play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))
            let events = Self.event(message) + Self.event("{}", finish: #""stop""#) + "data: [DONE]\n\n"
            return play.tell(.upstreamBody(ByteBuffer(string: events)))
        }
        func exchange(_ content: String) throws -> String {
            play.begin()
            try play.chat(Play.ask(stream: isStreaming))
            while answer(content).call != nil {}
            return Self.reply(play)
        }

        for _ in 1...5 { #expect(try !exchange("Bad.").contains("daily_limit")) }
        for _ in 1...4 { #expect(try exchange("Good. Fine.").contains("pay")) }
        #expect(try exchange("Good. Fine.").contains("agent_firewall.daily_limit"))
    }
}

extension Play {
    /// A request for an answer, or several.
    fileprivate static func ask(stream: Bool = false, n: Int = 1) -> String {
        #"{"model":"gpt-4o","stream":\#(stream),"n":\#(n),"messages":[{"role":"user","content":"What is rye?"}]}"#
    }
}
