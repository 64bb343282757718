import Foundation
import KeeptrustsExchange
import NIOCore
import Testing

@Suite("A streamed answer that is judged as a whole")
struct HeldStreamTests {
    private static func play(_ chain: String, _ policy: String, limit: Int = 1 << 20) throws -> Play {
        try Play(
            """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: [\(chain)]}
            policy: {\(policy)}
            size_limits: {max_response_bytes: \(limit)}
            consumer_groups:
              - {name: tests, key_ref: {env: KEY}}
            providers:
              retry: {max_attempts: 1}
              targets:
                - {id: first, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1"}
            """)
    }

    private static let rewriter = """
        response-rewriter: {rules: [{name: a, pattern: 'the (cat|dog)s?', replacement: 'a "$1"'},
          {name: b, pattern: cat, replacement: ' (No cats.)', position: append}]}
        """

    private static func event(_ delta: String, finish: String = "null") -> String {
        #"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}]}"#
            + "\n\n"
    }

    private static let end =
        event("{}", finish: #""stop""#)
        + #"data: {"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#
        + "\n\ndata: [DONE]\n\n"

    /// What the caller has got in the end: its events, parsed, and the record.
    private struct Result {
        var events: [String] = []
        var content = ""
        var arguments: [Int: String] = [:]
        var finishes: [String] = []
        var record: [String: Any]

        init(_ reply: String, _ record: [String: Any]) {
            self.record = record
            let lines = reply.replacingOccurrences(of: "\r\n", with: "\n").split(separator: "\n")
            for line in lines where line.hasPrefix("data: ") {
                events.append(String(line.dropFirst(6)))
                let object = try? JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8)) as? [String: Any]
                for choice in object?["choices"] as? [[String: Any]] ?? [] {
                    let delta = choice["delta"] as? [String: Any]
                    content += delta?["content"] as? String ?? ""
                    for call in delta?["tool_calls"] as? [[String: Any]] ?? [] {
                        let function = call["function"] as? [String: Any]
                        arguments[call["index"] as? Int ?? -1, default: ""] += function?["arguments"] as? String ?? ""
                    }
                    if let finish = choice["finish_reason"] as? String { finishes.append(finish) }
                }
            }
        }
    }

    /// Plays a stream in pieces of `size` bytes; what goes out before its end is in `early`.
    private static func stream(
        _ play: Play, _ body: String, size: Int = 50, ask: String = StreamTests.ask
    ) throws -> (result: Result, early: String, status: Int?) {
        try play.chat(ask)
        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))
        var early = ""
        var record: [String: Any] = [:]
        let bytes = Array(body.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            let actions = play.tell(.upstreamBody(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])))
            early += actions.replies
            if let made = actions.record { record = made }
        }
        let last = play.tell(.recorded(true)).end?.text ?? ""
        return (Result(early + last, record), early, record["status"] as? Int)
    }

    @Test("It comes out as a valid stream, changed, with its usage right", arguments: 1...60)
    func rewritten(cut: Int) throws {
        let text = Array("I saw the cats, the dog and é the cat.".unicodeScalars)
        let place = min(cut % text.count, text.count - 1)
        func part(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(text[range])) }
        let body =
            [part(0..<place), part(place..<min(place + 3, text.count)), part(min(place + 3, text.count)..<text.count)]
            .map { Self.event(#"{"content":"\#($0)"}"#) }.joined() + Self.end
        let play = try Self.play("response-rewriter", Self.rewriter)

        let (result, early, status) = try Self.stream(play, body, size: cut)

        #expect(early == "")
        #expect(result.content == #"I saw a "cat", a "dog" and é a "cat". (No cats.)"#)
        #expect(result.finishes == ["stop"] && result.events.last == "[DONE]")
        #expect(status == 200)
        #expect((result.record["usage"] as? [String: Any])?["output_tokens"] as? Int == 4)
        #expect(!result.events.contains { $0.contains("prompt_tokens") })
        let policies = result.record["policies"] as? [[String: Any]]
        #expect(policies?.last?["reason_code"] as? String == "response_rewriter.rewritten")
    }

    @Test("Clean events go out byte for byte as they came")
    func clean() throws {
        let first = Self.event(#"{"role":"assistant","content":""}"#)
        let body = first + Self.event(#"{"content":"A b\u0069rd."}"#) + Self.end
        let play = try Self.play("response-rewriter", Self.rewriter)

        let (result, _, _) = try Self.stream(play, body)

        #expect(
            result.events.map { "data: \($0)\n\n" }.prefix(2).joined() == first
                + Self.event(#"{"content":"A b\u0069rd."}"#))
    }

    @Test("A block is an error with its status, for nothing has been sent")
    func blocked() throws {
        let play = try Self.play("response-rewriter, pii-detector", Self.rewriter + ", pii-detector: {action: block}")
        let body = Self.event(#"{"content":"Write to jane@"}"#) + Self.event(#"{"content":"example.com"}"#) + Self.end

        let (result, early, status) = try Self.stream(play, body)

        #expect(early == "" && status == 409)
        #expect(result.record["error_code"] as? String == "pii_detector.detected")
        #expect(result.events.isEmpty)
    }

    @Test("What is too large to be held is refused, and nothing of it goes out")
    func limit() throws {
        let play = try Self.play("response-rewriter", Self.rewriter, limit: 4_096)
        let body = String(repeating: Self.event(#"{"content":"word "}"#), count: 50)

        let (result, early, status) = try Self.stream(play, body)

        #expect(early == "" && status == 502)
        #expect(result.record["error_code"] as? String == "response_too_large")
    }

    @Test("A disclaimer is put behind each answer of a stream once, whatever the pieces", arguments: [7, 50, 4_000])
    func disclaimer(size: Int) throws {
        let rule = "financial-compliance: {required_disclaimers: [No advice.]}"
        let second = Self.event(#"{"content":"Rates fell."}"#).replacing(#""index":0"#, with: #""index":1"#)
        let stop = Self.event("{}", finish: #""stop""#).replacing(#""index":0"#, with: #""index":1"#)
        let thought = Self.event(#"{"reasoning_content":"Hm."}"#)
        let body = thought + Self.event(#"{"content":"Rates "}"#) + second + Self.event(#"{"content":"rose."}"#)

        let (result, early, status) = try Self.stream(
            Self.play("financial-compliance", rule), body + stop + Self.end, size: size)

        #expect(early == "" && status == 200)
        #expect(result.events.contains { $0.contains(#""content":"Rates fell.\n\nNo advice.""#) })
        #expect(result.events.contains { $0.contains(#""content":"rose.\n\nNo advice.""#) })
        #expect(result.events.contains { $0.contains(#""reasoning_content":"Hm.""#) })
        #expect(result.finishes == ["stop", "stop"] && result.events.last == "[DONE]")
        #expect((result.record["usage"] as? [String: Any])?["output_tokens"] as? Int == 4)
    }

    @Test("A disclaimer is put behind an answer that is not streamed, and only behind what it says")
    func wholeDisclaimer() throws {
        let rule = "financial-compliance: {required_disclaimers: [No advice.]}"
        let play = try Self.play("financial-compliance", rule)
        try play.chat(ChatTests.ping)

        play.answer(
            #"""
            {"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":
            "assistant","reasoning_content":"Hm.","content":"A \u0062ond."},"finish_reason":"stop"},{"index":1,"message":
            {"role":"assistant","content":"NO  ADVICE. A fund."},"finish_reason":"stop"},{"index":2,"message":
            {"role":"assistant","content":null,"refusal":"No."},"finish_reason":"stop"}]}
            """#)

        let text = play.tell(.recorded(true)).end?.text ?? ""
        #expect(text.contains(#""content":"A \u0062ond.\n\nNo advice.""#))
        #expect(text.contains(#""content":"NO  ADVICE. A fund.""#))
        #expect(text.contains(#""reasoning_content":"Hm.""#) && text.contains(#""refusal":"No.""#))
    }

    @Test("A stream that breaks while it is held is no answer")
    func broken() throws {
        let play = try Self.play("response-rewriter", Self.rewriter)
        try play.chat(StreamTests.ask)
        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))
        play.tell(.upstreamBody(ByteBuffer(string: Self.event(#"{"content":"half"}"#))))

        let actions = play.tell(.upstreamEnded(.failed(.cut)))

        #expect(actions.record?["status"] as? Int == 502)
    }

    @Test("What is held has as many texts at most as any answer, in all of its calls together", arguments: [1, 2])
    func texts(calls: Int) throws {
        let play = try Self.play("tool-validation", "tool-validation: {allow_undeclared: true}")
        let list = "[" + Array(repeating: #"\"\\n\""#, count: 40_000).joined(separator: ",") + "]"
        let body = (0..<calls).map { Self.call($0, #""name":"f","arguments":"\#(list)""#) }.joined() + Self.end

        let (result, _, status) = try Self.stream(play, body, size: 10_000)

        #expect(status == (calls == 1 ? 200 : 502))
        #expect(result.record["error_code"] as? String == (calls == 1 ? nil : "response_too_large"))
    }

    private static func call(_ index: Int, _ function: String) -> String {
        event(#"{"tool_calls":[{"index":\#(index),"function":{\#(function)}}]}"#)
    }

    @Test("Only calls are held where only calls must be whole; what was said before them streams")
    func calls() throws {
        let play = try Self.play("tool-validation, pii-detector", "tool-validation: {declared_tools: [find]}")
        let body =
            Self.event(#"{"content":"Let me look, ok?"}"#)
            + Self.call(0, #""name":"find","arguments":"""#) + Self.call(0, #""arguments":"{\"q\":\"jane@""#)
            + Self.call(0, #""arguments":"example.com\"}""#) + Self.event(#"{"content":" Done."}"#) + Self.end

        let (result, early, status) = try Self.stream(play, body)

        #expect(early.contains("Let me look"))
        #expect(!early.contains("find"))
        #expect(result.content == "Let me look, ok? Done.")
        #expect(result.arguments == [0: #"{"q":"[EMAIL_REDACTED]"}"#])
        #expect(result.finishes == ["stop"] && result.events.last == "[DONE]" && status == 200)
        #expect(result.record["verdict"] as? String == "redact")
    }

    @Test(
        "A call that is forbidden never goes out, and the stream that has begun ends with an error",
        arguments: [#""name":"send","arguments":"{}""#, #""name":"send""#, #""arguments":"{}","name":"send""#])
    func forbidden(function: String) throws {
        let play = try Self.play("tool-validation", "tool-validation: {declared_tools: [find]}")
        let body = Self.event(#"{"content":"Sure."}"#) + Self.call(0, function) + Self.end

        let (result, early, _) = try Self.stream(play, body)

        #expect(early.contains("Sure."))
        #expect(!result.events.contains { $0.contains("send") && !$0.hasPrefix(#"{"error""#) })
        #expect(result.events.contains { $0.hasPrefix(#"{"error""#) && $0.contains("tool_validation.undeclared") })
        #expect(result.finishes == ["content_filter"])
        #expect(!result.events.contains("[DONE]"))
        #expect(result.record["outcome"] as? String == "blocked")
    }

    @Test("A call that is the whole answer is refused with a status")
    func onlyCall() throws {
        let play = try Self.play("tool-validation", "tool-validation: {declared_tools: [find]}")

        let (_, early, status) = try Self.stream(play, Self.call(0, #""name":"send","arguments":"{}""#) + Self.end)

        #expect(early == "" && status == 409)
    }

    @Test("A call whose name changes on the way is no answer")
    func renamed() throws {
        let play = try Self.play("tool-validation", "tool-validation: {declared_tools: [find, send]}")
        let body = Self.call(0, #""name":"find""#) + Self.call(0, #""name":"send","arguments":"{}""#) + Self.end

        let (result, _, status) = try Self.stream(play, body)

        #expect(status == 502)
        #expect(result.record["error_code"] as? String == "upstream_malformed")
    }

    @Test(
        "Strings in a call's arguments are judged as they will be read, whatever the policies of the chain",
        arguments: [
            (
                "tool-validation, pii-detector", #"{\"q\":\"jane\\u0040exam"#, #"ple.com\"}"#,
                #"{"q":"[EMAIL_REDACTED]"}"#
            ),
            ("pii-detector", #"{\"q\":\"jane\\u0040exam"#, #"ple.com\"}"#, #"{"q":"[EMAIL_REDACTED]"}"#),
            ("pii-detector", #"{'q': 'jane\\u0040exam"#, #"ple.com'}"#, "{'q': '[EMAIL_REDACTED]'}"),
            (
                "pii-detector", #"{\"q\":\"{\\\"to\\\":\\\"jane\\\\u0040exam"#, #"ple.com\\\"}\"}"#,
                #"{"q":"{\"to\":\"[EMAIL_REDACTED]\"}"}"#
            ),
        ])
    func nested(chain: String, first: String, second: String, expected: String) throws {
        let isChecked = chain.contains("tool-validation")
        let play = try Self.play(chain, isChecked ? "tool-validation: {allow_undeclared: true}" : "")
        let body =
            Self.call(0, #""name":"f","arguments":"\#(first)""#) + Self.call(0, #""arguments":"\#(second)""#) + Self.end

        let (result, _, _) = try Self.stream(play, body)

        #expect(result.arguments == [0: expected])
    }
}
