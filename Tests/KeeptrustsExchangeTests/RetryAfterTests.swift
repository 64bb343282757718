import KeeptrustsExchange
import NIOCore
import Testing

struct RetryAfterTests {
    @Test(
        "How long a provider asks to be left alone is handed on, at most an hour; else one second for a rate limit",
        arguments: [
            (429, "17", "17"), (503, "30", "30"), (429, "0", "0"), (429, "9999999", "3600"),
            (429, "Tue, 14 Nov 2023 22:13:37 GMT", "17"), (503, "Tue, 14 Nov 2023 22:13:37 GMT", "17"),
            (429, "soon", "1"), (503, "soon", nil), (500, "17", nil), (429, nil, "1"),
        ] as [(Int, String?, String?)])
    func handsOn(status: Int, header: String?, expected: String?) throws {
        let play = try Play()

        try play.chat(#"{"model":"other","messages":[{"role":"user","content":"Hello."}]}"#)
        play.tell(.upstreamHead(UpstreamHead(status: status, isEventStream: false, retryAfter: header)))
        play.tell(.upstreamBody(ByteBuffer(string: #"{"error":{"message":"Later."}}"#)))
        play.tell(.upstreamEnded(.done))

        let answer = try #require(play.tell(.recorded(true)).end?.text)
        let lines = answer.split(separator: "\r\n").filter { $0.hasPrefix("retry-after: ") }
        #expect(lines.map { String($0.dropFirst("retry-after: ".count)) } == [expected].compactMap(\.self))
    }

    @Test("What the first of two providers asks for says nothing of the second")
    func ofTheLastOnly() throws {
        let play = try Play()

        try play.chat(#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello."}]}"#)
        play.tell(.upstreamHead(UpstreamHead(status: 503, isEventStream: false, retryAfter: "17")))
        play.tell(.upstreamBody(ByteBuffer(string: "{}")))
        #expect(play.tell(.upstreamEnded(.done)).call?.target == "second")
        play.tell(.upstreamHead(UpstreamHead(status: 503, isEventStream: false)))
        play.tell(.upstreamBody(ByteBuffer(string: "{}")))
        play.tell(.upstreamEnded(.done))

        let answer = try #require(play.tell(.recorded(true)).end?.text)
        #expect(!answer.contains("retry-after"))
    }
}
