import Foundation
import KeeptrustsPolicy
import NIOCore
import Testing

@testable import KeeptrustsExchange

@Suite("Answers that say again what markers of the request stand for")
struct UnmaskingTests {
    /// Replaces addresses and what stands in double angle brackets, in requests alone or everywhere.
    static func policy(_ on: String = "request") -> (chain: String, settings: String) {
        (
            "{kind: pii-detector, on: [\(on)]}",
            "pii-detector: {detect_patterns: ['<<[^>]+>>'], redaction: {marker_format: numbered, reversible: true}}"
        )
    }

    static let everywhere = policy("request, response, tool_call, tool_result")

    /// A value that needs escapes in JSON.
    static let hard = "<<a \"b\" \\ c\n\u{1} é 🦊>>"
    static let easy = "jane@example.com"

    /// A request that says both.
    static func ask(_ text: String = "\(easy) says \(hard)", stream: Bool = false, more: String = "") -> String {
        #"{"model":"gpt-4o","stream":\#(stream),"messages":[{"role":"user","content":"\#(quoted(text))"}]\#(more)}"#
    }

    static let said = "é [CUSTOM_1], [EMAIL_1][EMAIL_1] or [EMAIL_9], [EMAIL_"
    static let meant = "é \(hard), \(easy)\(easy) or [EMAIL_9], [EMAIL_"

    /// What a text says to whoever reads it: of a call's arguments, the string in them.
    private static func read(_ text: String?) -> String? {
        guard let text, text.hasPrefix(#"{""#) else { return text }
        let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String]
        return object?["q"]
    }

    @Test("The provider reads markers only, and the caller what they stand for, in every text of an answer")
    func whole() throws {
        for form in SurfaceForm.all {
            for policy in [Self.policy(), Self.everywhere] {
                let play = try form.play(chain: policy.chain, policy: policy.settings)
                let call = try #require(try play.chat(Self.ask()).call)
                #expect(call.bytes.contains("[EMAIL_1] says [CUSTOM_1]"))
                #expect(!call.bytes.contains("jane") && !call.bytes.contains("<<"))
                for place in form.answers {
                    let (reply, record) = try play.reply(to: Self.ask(), with: place.write(Self.said), isStream: false)

                    let texts = Texts(reply: reply).byPath.values.compactMap(Self.read)
                    let isKnown = place.testDescription != "a field that nobody knows"
                    #expect(texts.contains(isKnown ? Self.meant : Self.said), "\(form), \(place)")
                    #expect(record["status"] as? Int == 200)
                    let body = reply.components(separatedBy: "\r\n\r\n").last ?? ""
                    #expect(reply.contains("content-length: \(body.utf8.count)\r\n"))
                }
            }
        }
    }

    @Test("In a stream too, wherever its texts are cut")
    func streamed() throws {
        for form in SurfaceForm.all {
            for policy in [Self.policy(), Self.everywhere] {
                let play = try form.play(chain: policy.chain, policy: policy.settings)
                for place in form.streams {
                    let scalars = Array(Self.said.unicodeScalars)
                    func part(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(scalars[range])) }
                    let cuts = (0...scalars.count).map { [part(0..<$0), part($0..<scalars.count)] }
                    for pieces in cuts + [scalars.map { String($0) }] {
                        let (reply, record) = try play.reply(
                            to: Self.ask(stream: true), with: place.write(pieces), isStream: true, size: 97)

                        let text = Texts(reply: reply).byPath[place.path]
                        #expect(Self.read(text) == Self.meant, "\(form), \(place), \(pieces)")
                        #expect(record["status"] as? Int == 200)
                        #expect(reply.contains("[DONE]"))
                    }
                }
            }
        }
    }

    @Test("Log probabilities that say more than the text go once")
    func logprobs() throws {
        let play = try SurfaceForm.all[0].play(chain: Self.policy().chain, policy: Self.policy().settings)
        let tokens = ["Mail", " [", "EMAIL", "_1", "]", "<end>"].map { token in
            #"{"token":"\#(token)","logprob":-0.1,"top_logprobs":[{"token":"\#(token)"},{"token":"x [EMAIL_1]"}]}"#
        }
        let answer =
            #"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Mail [EMAIL_1]"},"logprobs":{"content":[\#(tokens.joined(separator: ","))]},"finish_reason":"stop"}]}"#

        let (reply, _) = try play.reply(to: Self.ask(Self.easy), with: answer, isStream: false)

        let body = reply.components(separatedBy: "\r\n\r\n").last ?? ""
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(body.utf8)) }
        #expect(body.contains(#""content":"Mail \#(Self.easy)"},"logprobs":null,"#))
    }

    @Test("Choices are apart")
    func choices() throws {
        func event(_ choice: Int, _ delta: String, _ finish: String = "null") -> String {
            #"data: {"id":"c","choices":[{"index":\#(choice),"delta":{\#(delta)},"finish_reason":\#(finish)}]}"#
                + "\n\n"
        }
        let events = [
            event(0, #""content":"a [EMA""#), event(1, #""content":"b [EMAIL""#), event(0, #""content":"IL_2]""#),
            event(1, #""content":"_1] [EM""#), event(0, #""content":"[EMAIL_1""#), event(1, "", #""stop""#),
            event(0, #""content":"]""#, #""stop""#), "data: [DONE]\n\n",
        ]
        let play = try SurfaceForm.all[0].play(chain: Self.policy().chain, policy: Self.policy().settings)

        let (reply, _) = try play.reply(
            to: Self.ask("a@example.com, b@example.com", stream: true), with: events.joined(), isStream: true)

        let choices = reply.replacing("\r\n", with: "\n").split(separator: "\n").reduce(into: [Int: String]()) {
            texts, line in
            let data = Data(line.dropFirst(6).utf8)
            guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else { return }
            for choice in object["choices"] as? [[String: Any]] ?? [] {
                let delta = choice["delta"] as? [String: Any]
                texts[choice["index"] as? Int ?? -1, default: ""] += delta?["content"] as? String ?? ""
            }
        }
        #expect(choices == [0: "a b@example.coma@example.com", 1: "b a@example.com [EM"])
    }

    @Test("Nothing is held back but what may become a marker of the request's")
    func holdBack() throws {
        let play = try SurfaceForm.all[0].play(chain: Self.policy().chain, policy: Self.policy().settings)
        try play.chat(Self.ask(stream: true))
        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))
        func pass(_ text: String) -> String? {
            let event = #"data: {"choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"# + "\n\n"
            let replies = play.tell(.upstreamBody(ByteBuffer(string: event))).replies
            return Texts(reply: "text/event-stream\r\n\r\n" + replies).byPath["choices.0.delta.content"]
        }

        let sent = ["Hi [", "1] and [PHONE_", "1], [EMAI", "L", "_1", "]", "[EMAIL_1", "2]."].map(pass)

        #expect(sent == ["Hi ", "[1] and [PHONE_", "1], ", nil, nil, Self.easy, nil, "[EMAIL_12]."])
    }

    @Test("A marker that the caller wrote is nobody's, and its number is not given")
    func literals() throws {
        let play = try SurfaceForm.all[0].play(chain: Self.policy().chain, policy: Self.policy().settings)
        let ask = Self.ask(
            "[EMAIL_1] is \(Self.easy), bob@example.com", more: #","user":"u [EMAIL_3]","x":{"[EMAIL_4]":[]}"#)

        let call = try #require(try play.chat(ask).call)
        let (reply, _) = try play.reply(
            to: ask, with: SurfaceForm.all[0].answers[0].write("[EMAIL_1] [EMAIL_2] [EMAIL_3] [EMAIL_4] [EMAIL_5]"),
            isStream: false)

        #expect(call.bytes.contains("[EMAIL_1] is [EMAIL_2], [EMAIL_5]"))
        let said = Texts(reply: reply).byPath["choices.0.message.content"]
        #expect(said == "[EMAIL_1] \(Self.easy) [EMAIL_3] [EMAIL_4] bob@example.com")
    }

    @Test("What the answer's own chain takes out stays out", arguments: [false, true])
    func ownRedactions(isStream: Bool) throws {
        let form = SurfaceForm.all[0]
        let play = try form.play(chain: Self.everywhere.chain, policy: Self.everywhere.settings)
        let text = "[EMAIL_1], eve@example.org, EVE@example.org, \(Self.easy)"
        let answer = isStream ? form.streams[0].write([text]) : form.answers[0].write(text)

        let (reply, record) = try play.reply(to: Self.ask(stream: isStream), with: answer, isStream: isStream)

        let path = isStream ? form.streams[0].path : form.answerPath
        // The last is the caller's own.
        #expect(Texts(reply: reply).byPath[path] == "\(Self.easy), [EMAIL_2], [EMAIL_3], \(Self.easy)")
        #expect(record["verdict"] as? String == "redact")
    }

    @Test("An answer that is blocked says nothing, nor does its record", arguments: [false, true])
    func blocked(isStream: Bool) throws {
        let form = SurfaceForm.all[0]
        let play = try form.play(
            chain: Self.policy().chain + ", {kind: dlp-filter, on: [response]}",
            policy: Self.policy().settings + ", dlp-filter: {action: block, blocked_terms: [heliotrope]}")
        let answer =
            isStream
            ? form.streams[0].write(["[EMAIL_1", "] and heliotrope"]) : form.answers[0].write("[EMAIL_1] heliotrope")

        let (reply, record) = try play.reply(to: Self.ask(stream: isStream), with: answer, isStream: isStream)

        #expect(!reply.contains("heliotrope") && !reply.contains("[DONE]"))
        #expect(reply.contains(Self.easy) == isStream)
        #expect(record["outcome"] as? String == "blocked")
        #expect(!"\(record)".contains("jane"))
    }

    @Test("Services, other providers and the record read markers only")
    func elsewhere() throws {
        let yaml = CheckTests.yaml().replacing(
            "pii-detector: {action: redact}",
            with: "pii-detector: {redaction: {marker_format: numbered, reversible: true}}")
        let second = #"    - {id: second, provider: openai, model: gpt-4o, base_url: "http://127.0.0.2:9/v1"}"#
        let play = try Play(yaml + "\n" + second)
        let question = try #require(try play.chat(CheckTests.ask).checks.first)
        let first = try #require(play.tell(.checked(question.number, CheckTests.scored("0"))).call)

        let next = try #require(play.answer(status: 500, #"{"error":{"message":"[EMAIL_1] is down"}}"#).call)
        let judged = try #require(play.answer(SurfaceForm.all[0].answers[0].write("So [EMAIL_1].")).checks.first)
        let record = play.tell(.checked(judged.number, CheckTests.scored("0"))).record
        let reply = try #require(play.tell(.recorded(true)).end).text

        #expect((first.target, next.target) == ("first", "second"))
        for bytes in [String(buffer: question.bytes), first.bytes, next.bytes] {
            #expect(bytes.contains("I am [EMAIL_1]."))
        }
        #expect(String(buffer: judged.bytes).contains("So [EMAIL_1]."))
        #expect(!"\(try #require(record))".contains("jane"))
        #expect(Texts(reply: reply).say("So \(Self.easy)."))
    }

    @Test(
        "A text that is a document stays one",
        arguments: [
            (#"{"to": "[CUSTOM_1]"}"#, #"{"to": "<<a \"b\" \\ c\n\u0001 é 🦊>>"}"#),
            (#" [{"[EMAIL_1]": 1}, "[EMAIL_1]"]"#, #" [{"jane@example.com": 1}, "jane@example.com"]"#),
            (#"{"to": [EMAIL_1]}"#, #"{"to": jane@example.com}"#),
            (#"[EMAIL_1] {"a": "[CUSTOM_1]"}"#, "jane@example.com {\"a\": \"\(hard)\"}"),
            (#"[[EMAIL_1]](mailto:[EMAIL_1])"#, "[jane@example.com](mailto:jane@example.com)"),
            (
                #"{"a": "{\"b\": \"[CUSTOM_1]\"}", "c": "[EMAIL_1] x"}"#,
                #"{"a": "{\"b\": \"<<a \\\"b\\\" \\\\ c\\n\\u0001 é 🦊>>\"}", "c": "jane@example.com x"}"#
            ),
        ])
    func documents(said: String, meant: String) throws {
        let form = SurfaceForm.all[0]
        let play = try form.play(chain: Self.policy().chain, policy: Self.policy().settings)
        let whole = try play.reply(to: Self.ask(), with: form.answers[0].write(quoted(said)), isStream: false).reply
        let pieces = said.unicodeScalars.map { quoted(String($0)) }
        let streamed = try play.reply(
            to: Self.ask(stream: true), with: form.streams[0].write(pieces), isStream: true
        ).reply

        #expect(Texts(reply: whole).byPath[form.answerPath] == meant)
        #expect(Texts(reply: streamed).byPath[form.streams[0].path] == meant)
    }

    @Test("In a call, a value where no string has begun becomes one")
    func bareValue() throws {
        let form = SurfaceForm.all[0]
        let play = try form.play(chain: Self.policy().chain, policy: Self.policy().settings)
        let call =
            #"{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":"{\"to\": [CUSTOM_1]}"}}]}}]}"#

        let (reply, _) = try play.reply(to: Self.ask(), with: call, isStream: false)

        let arguments = Texts(reply: reply).byPath["choices.0.message.tool_calls.0.function.arguments"]
        let object = try JSONSerialization.jsonObject(with: Data((arguments ?? "").utf8)) as? [String: String]
        #expect(object == ["to": Self.hard])
    }

    @Test("Log probabilities go where a text is changed, and the usage stays the provider's")
    func neighbours() throws {
        let play = try SurfaceForm.all[0].play(chain: Self.policy().chain, policy: Self.policy().settings)
        func choice(_ number: Int, _ text: String) -> String {
            #"{"index":\#(number),"message":{"content":"\#(text)"},"logprobs":{"content":[{"token":"x"}]},"finish_reason":"stop"}"#
        }
        let usage = #""usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#

        let (reply, record) = try play.reply(
            to: Self.ask(), with: #"{"choices":[\#(choice(0, "[EMAIL_1]")),\#(choice(1, "[x]"))],\#(usage)}"#,
            isStream: false)

        let first = choice(0, Self.easy).replacing(#"{"content":[{"token":"x"}]}"#, with: "null")
        #expect(reply.hasSuffix(#"{"choices":[\#(first),\#(choice(1, "[x]"))],\#(usage)}"#))
        #expect((record["usage"] as? [String: Any])?["output_tokens"] as? Int == 4)
    }

    @Test(
        "Without the setting, and when a policy only observes, markers stay",
        arguments: [
            "{kind: pii-detector, on: [request]}", "{kind: pii-detector, on: [request], mode: observe}",
        ])
    func off(chain: String) throws {
        let isReversible = chain.contains("observe")
        let play = try SurfaceForm.all[0].play(
            chain: chain, policy: "pii-detector: {redaction: {marker_format: numbered, reversible: \(isReversible)}}")

        let (reply, _) = try play.reply(
            to: Self.ask(), with: SurfaceForm.all[0].answers[0].write("[EMAIL_1]"), isStream: false)

        #expect(Texts(reply: reply).byPath["choices.0.message.content"] == "[EMAIL_1]")
    }

    @Test("Nothing is known any more when the answer is handed over", arguments: [false, true])
    func forgotten(isStream: Bool) throws {
        let form = SurfaceForm.all[0]
        let play = try form.play(chain: Self.policy().chain, policy: Self.policy().settings)

        try play.chat(Self.ask(stream: isStream))
        #expect(play.exchange.markers != nil)
        _ = try play.reply(
            to: Self.ask(stream: isStream),
            with: isStream ? form.streams[0].write(["x"]) : form.answers[0].write("x"), isStream: isStream)

        #expect(play.exchange.markers == nil)
        #expect(play.exchange.placeholders == Placeholders())
        #expect(play.exchange.attempt?.stream == nil)
    }

    @Test("Of ten thousand values, those that have a number come back")
    func many() throws {
        let play = try SurfaceForm.all[0].play(chain: Self.policy().chain, policy: Self.policy().settings)
        let ask = Self.ask((1...10_000).map { "a\($0)@example.com" }.joined(separator: " "))
        let answer = SurfaceForm.all[0].answers[0].write((1...10_000).map { "[EMAIL_\($0)]" }.joined(separator: " "))

        let (reply, _) = try play.reply(to: ask, with: answer, isStream: false)

        let said = Texts(reply: reply).byPath["choices.0.message.content"]
        #expect(
            said == (1...10_000).map { $0 <= 4_096 ? "a\($0)@example.com" : "[EMAIL_\($0)]" }.joined(separator: " "))
    }

    @Test("A marker that is repeated a million times does not blow an answer up", arguments: [false, true])
    func repeated(isStream: Bool) throws {
        let form = SurfaceForm.all[0]
        let play = try Play(
            """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: [\(Self.policy().chain)]}
            policy: {\(Self.policy().settings)}
            size_limits: {max_response_bytes: \(16 << 20)}
            consumer_groups: [{name: tests, key_ref: {env: KEY}}]
            providers:
              targets: [{id: first, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1"}]
            """)
        let value = "<<" + String(repeating: "x", count: 400) + ">>"
        let pieces = [String](repeating: String(repeating: "[CUSTOM_1]", count: 50_000), count: 20)
        let answer = isStream ? form.streams[0].write(pieces) : form.answers[0].write(pieces.joined())

        let (reply, record) = try play.reply(
            to: Self.ask(value, stream: isStream), with: answer, isStream: isStream)

        #expect(record["status"] as? Int == 200)
        #expect(reply.utf8.count < answer.utf8.count + 16 << 20 + 65_536)
        #expect(reply.contains(value + value) && reply.contains("[CUSTOM_1][CUSTOM_1]"))
    }
}
