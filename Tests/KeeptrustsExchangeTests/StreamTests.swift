import Foundation
import KeeptrustsExchange
import NIOCore
import Testing

@Suite("A streamed answer")
struct StreamTests {
    static let ask = #"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"ping"}]}"#
    static let text = "Your card 4111 1111 1111 1111 is fine, é."

    private static func event(_ content: String, finish: String = "null") -> String {
        let delta = content.isEmpty ? "{}" : #"{"content":"\#(content)"}"#
        return
            #"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}]}"#
            + "\n\n"
    }

    /// The texts of the events in a chunked answer, joined; the end mark stands as `[DONE]`.
    private static func content(of reply: String) -> String {
        reply.split(separator: "\r\n").flatMap { $0.split(separator: "\n") }.compactMap { line -> String? in
            guard line.hasPrefix("data: ") else { return nil }
            let data = String(line.dropFirst(6))
            if data == "[DONE]" { return data }
            let object = try? JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any]
            let choice = (object?["choices"] as? [[String: Any]])?.first
            return (choice?["delta"] as? [String: Any])?["content"] as? String
        }.joined()
    }

    @Test("No digit of a card gets out, wherever the text and the bytes are cut", arguments: 1...40)
    func cuts(place: Int) throws {
        let scalars = Array(Self.text.unicodeScalars)
        let cut = min(place, scalars.count - 1)
        func part(_ range: Range<Int>) -> String {
            String(String.UnicodeScalarView(scalars[range]))
        }
        let events = [
            Self.event(part(0..<cut)), Self.event(part(cut..<scalars.count)), Self.event("", finish: #""stop""#),
            "data: [DONE]\n\n",
        ]
        let play = try Play()
        try play.chat(Self.ask)
        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))
        var sent = ""
        let bytes = Array(events.joined().utf8)
        for start in stride(from: 0, to: bytes.count, by: place) {
            let piece = ByteBuffer(bytes: bytes[start..<min(start + place, bytes.count)])
            sent += play.tell(.upstreamBody(piece)).replies
        }
        sent += play.tell(.recorded(true)).end?.text ?? ""

        #expect(Self.content(of: sent) == "Your card [CREDIT_CARD_REDACTED] is fine, é.[DONE]")
    }

    @Test("An empty finish reason ends nothing: what follows is judged together with what came before")
    func emptyFinish() throws {
        let play = try Play()
        try play.chat(Self.ask)
        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))

        let pieces = ["mail jane@exam", "ple.com card 4111 1111 ", "1111 1111 end"]
        let events = pieces.map { Self.event($0, finish: #""""#) } + ["data: [DONE]\n\n"]
        var sent = play.tell(.upstreamBody(ByteBuffer(string: events.joined()))).replies
        sent += play.tell(.recorded(true)).end?.text ?? ""

        #expect(Self.content(of: sent) == "mail [EMAIL_REDACTED] card [CREDIT_CARD_REDACTED] end[DONE]")
    }

    @Test("A text that goes on after its finish breaks the answer off")
    func afterFinish() throws {
        let play = try Play()
        try play.chat(Self.ask)
        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))

        let events = Self.event("jane@exam", finish: #""stop""#) + Self.event("ple.com ", finish: #""stop""#)
        var sent = play.tell(.upstreamBody(ByteBuffer(string: events))).replies
        sent += play.tell(.recorded(true)).end?.text ?? ""

        #expect(Self.content(of: sent) == "jane@exam")
        #expect(sent.contains(#"data: {"error":"#))
    }

    @Test("The usage is asked for, noted, and kept from a caller who did not ask")
    func usage() throws {
        let play = try Play()
        let call = try #require(try play.chat(Self.ask).call)
        #expect(call.bytes.contains(#""include_usage":true"#))

        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))
        let usage =
            #"data: {"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#
        let bytes = Self.event("Hi.") + Self.event("", finish: #""stop""#) + usage + "\n\ndata: [DONE]\n\n"
        let actions = play.tell(.upstreamBody(ByteBuffer(string: bytes)))

        #expect((actions.record?["usage"] as? [String: Any])?["output_tokens"] as? Int == 4)
        let end = try #require(play.tell(.recorded(true)).end)
        #expect(!(actions.replies + end.text).contains("prompt_tokens"))
        #expect(end.text.hasSuffix("0\r\n\r\n"))
    }

    @Test("An answer that breaks after its first byte ends with an error and without an end mark")
    func broken() throws {
        let play = try Play()
        try play.chat(Self.ask)
        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))
        let replies = play.tell(.upstreamBody(ByteBuffer(string: Self.event("Hello there, ")))).replies
        #expect(Self.content(of: replies).hasPrefix("Hello"))

        let actions = play.tell(.upstreamEnded(.failed(.cut)))

        #expect(actions.call == nil)
        #expect(actions.record?["outcome"] as? String == "failed")
        let end = try #require(play.tell(.recorded(true)).end)
        #expect(end.text.contains(#"data: {"error":"#))
        #expect(!end.text.contains("[DONE]"))
    }

    @Test("What a provider says in the middle of a stream of its failure is judged like an answer")
    func failureText() throws {
        let play = try Play()
        try play.chat(Self.ask)
        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))

        let event = #"data: {"error":{"message":"lost jane@example.com","type":"server_error"}}"# + "\n\n"
        var sent = play.tell(.upstreamBody(ByteBuffer(string: Self.event("Hello there, ") + event))).replies
        sent += play.tell(.recorded(true)).end?.text ?? ""

        #expect(sent.contains("lost [EMAIL_REDACTED]"))
        #expect(!sent.contains("jane"))
    }

    @Test("An answer that fails before its first byte is asked for elsewhere")
    func early() throws {
        let play = try Play()
        try play.chat(Self.ask)
        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))

        let event = #"data: {"error":{"message":"Overloaded","type":"overloaded_error"}}"# + "\n\n"
        let actions = play.tell(.upstreamBody(ByteBuffer(string: event)))

        #expect(actions.cancels)
        #expect(actions.call?.target == "second")
    }
}
