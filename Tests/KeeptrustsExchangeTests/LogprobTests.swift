import Foundation
import KeeptrustsExchange
import NIOCore
import Testing

@Suite("What log probabilities say")
struct LogprobTests {
    private static let ask = #"{"model":"gpt-4o","messages":[{"role":"user","content":"ping"}]}"#

    private static func tokens(_ texts: [String]) -> String {
        texts.map { #"{"token":"\#($0)"}"# }.joined(separator: ",")
    }

    private static func bytes(_ text: String) -> String {
        "[" + text.utf8.map(String.init).joined(separator: ",") + "]"
    }

    /// The body that goes out when the provider answers with these log probabilities of the text `fine`.
    private static func answer(_ logprobs: String, action: String = "redact") throws -> String {
        let play = try CoverageTests.play(action: action)
        try play.chat(ask)
        play.answer(
            #"{"id":"c1","choices":[{"index":0,"logprobs":\#(logprobs),"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}]}"#
        )
        let end = try #require(play.tell(.recorded(true)).end).text
        let start = try #require(end.firstRange(of: "\r\n\r\n"))
        return String(end[start.upperBound...])
    }

    static let telling = [
        #"{"content":[\#(tokens(["4111 1111 ", "1111 11", "11"]))]}"#,
        #"{"refusal":[\#(tokens(["4111111111", "111111"]))]}"#,
        #"{"tokens":["41111111","11111111"]}"#, #"{"content":[{"token":4111111111111111}]}"#,
        #"{"content":[{"token":4111},{"token":1111},{"token":1111},{"token":1111}]}"#,
        #"{"content":[{"token":"fine","bytes":\#(bytes("4111 1111 1111 1111"))}]}"#,
        #"{"content":[{"token":"f","bytes":\#(bytes("jane@"))},{"token":"ine","bytes":\#(bytes("example.com"))}]}"#,
        #"{"content":[{"token":"fine","top_logprobs":[{"token":"fine"},{"token":"jane@example.com"}]}]}"#,
        #"{"content":[{"token":"fi","top_logprobs":[{"token":"fi"},{"token":"jane@"}]},{"token":"ne","top_logprobs":[{"token":"ne"},{"token":"example.com"}]}]}"#,
        #"{"content":[{"token":"fine","top_logprobs":[{"token":"fine","bytes":\#(bytes("jane@example.com"))}]}]}"#,
        #"{"content":[{"token":"fine","x":"jane@example.com"}]}"#, #"{"jane@example.com":1}"#,
        #"{"content":[{"token":"fine","logprob":4111111111111111}]}"#, #"["jane@example.com"]"#,
        #"{"content":[{"token":"fine","top_logprobs":{"jane@example.com":-1}}]}"#,
        #"{"content":[{"token":"jane@exam"},{"token":"ple.com","bytes":[300]}]}"#,
    ]

    @Test("What a policy takes out of them takes them out, and nothing else", arguments: telling)
    func leaks(logprobs: String) throws {
        let text = try Self.answer(logprobs)

        #expect(text.contains(#""logprobs":null,"message":{"role":"assistant","content":"fine"}"#))
        #expect(try Self.answer(logprobs, action: "block").contains(#""code":"pii_detector.detected""#))
    }

    @Test(
        "What is clean passes as it came",
        arguments: [
            #"{"content":[]}"#, #"{"content":null,"refusal":null}"#, "null", "{}", "[]",
            #"{"content":[{"token":"fi","logprob":-0.4111111111111111,"bytes":[102,105],"top_logprobs":[{"token":"fi","logprob":-4.111111111111111e-05,"bytes":[102,105]},{"token":"oh","bytes":[111,104]}]},{"token":"ne","bytes":[110,101]}]}"#,
            #"{"content":[{"token":"\\xc3","bytes":[195]},{"token":"\\xa9","bytes":[169]}]}"#,
            #"{"tokens":["fi","ne"],"token_logprobs":[-0.1,null],"top_logprobs":[{"fi":-0.1}],"text_offset":[0,2]}"#,
        ])
    func clean(logprobs: String) throws {
        #expect(try Self.answer(logprobs).contains(#""logprobs":\#(logprobs),"#))
    }

    private static func event(_ content: String, _ logprobs: String, finish: String = "null") -> String {
        #"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"\#(content)"},"logprobs":\#(logprobs),"finish_reason":\#(finish)}]}"#
            + "\n\n"
    }

    private static func stream(_ events: [String]) throws -> String {
        let play = try CoverageTests.play()
        try play.chat(StreamTests.ask)
        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))
        var all = events.map { play.tell(.upstreamBody(ByteBuffer(string: $0))).replies }.joined()
        let end = Self.event("", "null", finish: #""stop""#) + "data: [DONE]\n\n"
        all += play.tell(.upstreamBody(ByteBuffer(string: end))).replies
        return all + (play.tell(.recorded(true)).end?.text ?? "")
    }

    /// What follows a key in all events, up to the next quote, joined.
    private static func values(of key: String, in stream: String) -> String {
        stream.components(separatedBy: #""\#(key)":""#).dropFirst().map { $0.prefix { $0 != "\"" } }.joined()
    }

    @Test("In a stream, tokens are put together, wherever they are cut", arguments: 1..<20)
    func cuts(cut: Int) throws {
        let text = "pay 4111111111111111 now"
        let place = text.index(text.startIndex, offsetBy: cut)
        let pieces = [String(text[..<place]), String(text[place...])]
        let forms = [
            #"{"content":[{"token":"TEXT"}]}"#, #"{"content":[{"token":"x","top_logprobs":[{"token":"TEXT"}]}]}"#,
            #"{"x":["TEXT"]}"#,
        ]
        for form in forms {
            let all = try Self.stream(pieces.map { Self.event("word ", form.replacing("TEXT", with: $0)) })

            #expect(Self.values(of: "content", in: all) == "word word ")
            let events = all.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("data: ") }
            #expect(events.count >= 4 && !events.joined().contains("11"))
        }
    }

    @Test("In a stream, tokens that say what the text says pass with it")
    func echo() throws {
        let pieces = ["Well", " then", "."]
        let all = try Self.stream(
            pieces.map { Self.event($0, #"{"content":[{"token":"\#($0)","bytes":\#(Self.bytes($0))}]}"#) })

        #expect(Self.values(of: "content", in: all) == "Well then.")
        #expect(all.contains(#""token":"Well","bytes":[87,101,108,108]"#) || all.contains(#""logprobs":null"#))
    }

    @Test("Log probabilities without end take linear work", .timeLimit(.minutes(1)))
    func endless() throws {
        let content = (0..<20_000).map { #"{"token":"t\#($0) ","top_logprobs":[{"token":"a "},{"token":"b "}]}"# }
        let logprobs = #"{"content":[\#(content.joined(separator: ","))]}"#

        #expect(try Self.answer(logprobs).contains(#""logprobs":{"content":[{"token":"t0 ""#))
    }
}
