import Foundation
import KeeptrustsExchange
import NIOCore
import Testing

@Suite("An answer that is asked for anew")
struct RepeatedAnswerTests {
    private static func play(
        _ failure: String = "{action: retry}", chain: String = "[pii-detector, quality-scorer]",
        record: String = "async"
    ) throws -> Play {
        try Play(
            """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: \(chain)}
            policy:
              quality-scorer: {min_output_chars: 10, failure_action: \(failure)}
              pii-detector: {action: block}
            record: {mode: \(record)}
            consumer_groups:
              - {name: tests, key_ref: {env: KEY}}
            providers:
              retry: {max_attempts: 1}
              circuit_breaker: {failure_threshold: 1}
              targets:
                - {id: first, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1", pricing: {input: 2, output: 10, currency: USD}}
            """)
    }

    private static func ask(stream: Bool = false) -> String {
        #"{"model":"gpt-4o","stream":\#(stream),"messages":[{"role":"user","content":"What is rye?"}]}"#
    }

    private static func answer(_ text: String) -> String {
        #"{"id":"c1","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"\#(text)"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}"#
    }

    private static func events(_ text: String) -> String {
        func event(_ choices: String, _ more: String = "") -> String {
            #"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[\#(choices)]\#(more)}"#
                + "\n\n"
        }
        return event(#"{"index":0,"delta":{"content":"\#(text)"},"finish_reason":null}"#)
            + event(#"{"index":0,"delta":{},"finish_reason":"stop"}"#)
            + event("", #","usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}"#)
            + "data: [DONE]\n\n"
    }

    private static func errors(_ record: [String: Any]?) -> [String] {
        (record?["attempts"] as? [[String: Any]] ?? []).map { $0["error"] as? String ?? "-" }
    }

    @Test("The same target is asked once more, and the better answer goes out")
    func once() throws {
        let play = try Self.play()
        let first = try #require(try play.chat(Self.ask()).call)

        let second = try #require(play.answer(Self.answer("Rye.")).call)
        #expect(second.target == "first")
        let body = "\r\n\r\n"
        #expect(second.bytes.components(separatedBy: body).last == first.bytes.components(separatedBy: body).last)
        play.now += .seconds(1)
        let record = try #require(play.answer(Self.answer("Rye is a grass.")).record)

        let end = play.tell(.recorded(true)).end
        #expect(end?.text.hasPrefix("HTTP/1.1 200 ") == true)
        #expect(end?.text.contains("Rye is a grass.") == true)
        #expect(record["verdict"] as? String == "allow")
        #expect(Self.errors(record) == ["answer_rejected", "-"])
        // Both answers cost something.
        #expect((record["usage"] as? [String: Any])?["input_tokens"] as? Int == 200)
        #expect((record["usage"] as? [String: Any])?["output_tokens"] as? Int == 40)
        #expect((record["cost"] as? [String: Any])?["micros"] as? Int == 800)
    }

    @Test("It is asked for as often as is said, and then the verdict holds", arguments: [1, 2, 3])
    func most(retries: Int) throws {
        let play = try Self.play("{action: retry, retries: \(retries), then: flag}")
        try play.chat(Self.ask())
        for _ in 1...retries { #expect(play.answer(Self.answer("Rye.")).call != nil) }

        let record = try #require(play.answer(Self.answer("Rye.")).record)

        #expect(play.tell(.recorded(true)).end?.text.contains("Rye.") == true)
        #expect(record["flagged"] as? Bool == true)
        #expect(Self.errors(record) == Array(repeating: "answer_rejected", count: retries) + ["-"])
    }

    @Test("A streamed answer is dropped before a byte of it has gone out", arguments: ["async", "strict"])
    func streamed(record mode: String) throws {
        let play = try Self.play(record: mode)
        try play.chat(Self.ask(stream: true))

        func answer(_ text: String) -> [Exchange.Action] {
            play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))
            return play.tell(.upstreamBody(ByteBuffer(string: Self.events(text))))
        }
        let dropped = answer("Rye.")
        #expect(dropped.call?.target == "first")
        // The rest of the first call is given up: it must not end the second.
        #expect(dropped.cancels && dropped.replies.isEmpty)
        let record = try #require(answer("Rye is a grass.").record)

        let end = try #require(play.tell(.recorded(true)).end?.text)
        #expect(end.contains("Rye is a grass.") && !end.contains("Rye.\""))
        #expect(Self.errors(record) == ["answer_rejected", "-"])
        #expect((record["usage"] as? [String: Any])?["output_tokens"] as? Int == 40)
    }

    @Test(
        "What another policy stops is not asked for anew",
        arguments: [
            "[pii-detector, quality-scorer]", "[quality-scorer, pii-detector]",
        ])
    func refused(chain: String) throws {
        let play = try Self.play("{action: retry, then: flag}", chain: chain)
        try play.chat(Self.ask())

        let actions = play.answer(Self.answer("a@b.com"))

        #expect(actions.call == nil)
        #expect(actions.record?["verdict"] as? String == "block")
    }

    @Test("A scorer that only observes has nothing asked for anew")
    func observed() throws {
        let play = try Self.play(chain: "[{kind: quality-scorer, mode: observe}]")
        try play.chat(Self.ask())

        let actions = play.answer(Self.answer("Rye."))

        #expect(actions.call == nil)
        #expect(actions.record?["verdict"] as? String == "allow")
    }

    @Test("Without time left, the verdict holds")
    func late() throws {
        let play = try Self.play()
        try play.chat(Self.ask())
        play.now += .seconds(600)

        let actions = play.answer(Self.answer("Rye."))

        #expect(actions.call == nil)
        #expect(actions.record?["verdict"] as? String == "block")
    }

    @Test("A target that has begun to rest meanwhile is not asked again, and the verdict holds")
    func resting() throws {
        let play = try Self.play()
        try play.chat(Self.ask())
        let first = play.exchange
        play.begin()
        try play.chat(Self.ask())
        #expect(play.answer(status: 500, #"{"error":{"message":"It broke."}}"#).call == nil)
        play.exchange = first

        let actions = play.answer(Self.answer("Rye."))

        #expect(actions.call == nil)
        #expect(actions.record?["verdict"] as? String == "block")
        #expect(Self.errors(actions.record) == ["-"])
    }

    @Test("When the provider fails then, that is the end, and what the first answer cost is on record")
    func failure() throws {
        let play = try Self.play()
        try play.chat(Self.ask())
        #expect(play.answer(Self.answer("Rye.")).call != nil)

        let actions = play.answer(status: 500, #"{"error":{"message":"It broke."}}"#)

        #expect(actions.call == nil)
        #expect(play.tell(.recorded(true)).end?.text.hasPrefix("HTTP/1.1 502 ") == true)
        #expect((actions.record?["usage"] as? [String: Any])?["output_tokens"] as? Int == 20)
        #expect(Self.errors(actions.record) == ["answer_rejected", "server_error"])
    }
}
