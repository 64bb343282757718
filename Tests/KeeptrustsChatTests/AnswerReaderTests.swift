import NIOCore
import Testing

@testable import KeeptrustsChat

struct AnswerReaderTests {
    static let stream = """
        data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}

        : ping

        data: {"choices":[{"index":0,"delta":{"content":"Grüße 👋"}}]}

        data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}],"usage":{"prompt_tokens":1}}

        data: {"choices":[]}

        data: [DONE]


        """

    @Test("A stream reads the same wherever it is cut", arguments: 1...stream.utf8.count)
    func cuts(size: Int) throws {
        var (reader, parts, rest) = (AnswerReader(), [AnswerReader.Part](), ByteBuffer(string: Self.stream))
        while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
            try reader.push(piece, into: &parts)
        }

        #expect(parts == [.text("Grüße 👋"), .finished("length")])
    }

    @Test(
        "What is not JSON, or never ends, is an error",
        arguments: ["data: {\n\n", "data: x\n\n", String(repeating: "a", count: 1_100_000)])
    func malformed(text: String) {
        var (reader, parts) = (AnswerReader(), [AnswerReader.Part]())

        #expect(throws: AnswerReader.Malformed.self) { try reader.push(ByteBuffer(string: text), into: &parts) }
    }

    @Test("A refusal without a reason still is one", arguments: ["", "<html>", "{}", #"{"error":"x"}"#])
    func bareRefusal(body: String) {
        let refusal = AnswerReader.refusal(status: 502, body: ByteBuffer(string: body), retryAfter: "7")

        #expect(
            refusal
                == Refusal(
                    status: 502, type: "error", code: "http.502", message: "The gateway answered 502.", retryAfter: 7))
    }
}
