import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsWire
import NIOCore
import Testing

struct OpenAIForChatTests {
    private func send(_ body: String, model: String, _ translation: OpenAIForChat = OpenAIForChat()) throws -> String {
        let request = try Surface.chatCompletions.read(body.buffer)
        return String(buffer: try translation.request(request, model: model).body)
    }

    private static let messages = #""messages":[{"role":"user","content":"Hi"}]"#

    @Test("A request for the target's own model passes byte for byte")
    func untouched() throws {
        let body = try Fixture.string("openai/request-maximal.json")

        #expect(try send(body, model: "gpt-4o") == body)
    }

    @Test("The model alone is replaced, wherever it stands")
    func model() throws {
        #expect(
            try send(#"{ "messages":[{"role":"user","content":"Hi"}], "model" : "a\u0062" , "n":1}"#, model: "x\"y")
                == #"{ "messages":[{"role":"user","content":"Hi"}], "model" : "x\"y" , "n":1}"#)
    }

    @Test("The path is the provider's own, and the edits of policies are applied")
    func edits() throws {
        var request = try Surface.chatCompletions.read(chat())
        let text = try #require(request.texts.first)
        request.edits.replace(text.rawRange(of: 0..<2), withJSONEscaped: "[X]")

        let call = try OpenAIForChat().request(request, model: "m")

        #expect(call.path == "/chat/completions")
        #expect(String(buffer: call.body) == #"{"model":"m","messages":[{"role":"user","content":"[X]"}]}"#)
    }

    @Test(
        "The usage of a stream is asked for in each form of the request",
        arguments: [
            (
                #"  {"model":"m","stream":true,\#(messages)}"#,
                #"  {"stream_options":{"include_usage":true},"model":"m","stream":true,\#(messages)}"#
            ),
            (
                #"{"model":"m","stream":true,"stream_options":null,\#(messages)}"#,
                #"{"model":"m","stream":true,"stream_options":{"include_usage":true},\#(messages)}"#
            ),
            (
                #"{"model":"m","stream":true,"stream_options":{ },\#(messages)}"#,
                #"{"model":"m","stream":true,"stream_options":{"include_usage":true },\#(messages)}"#
            ),
            (
                #"{"model":"m","stream":true,"stream_options":{"include_obfuscation":false},\#(messages)}"#,
                #"{"model":"m","stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},\#(messages)}"#
            ),
            (
                #"{"model":"m","stream":true,"stream_options":{"include_usage":false},\#(messages)}"#,
                #"{"model":"m","stream":true,"stream_options":{"include_usage":true},\#(messages)}"#
            ),
            (
                #"{"model":"m","stream":true,"stream_options":{"include_usage":null},\#(messages)}"#,
                #"{"model":"m","stream":true,"stream_options":{"include_usage":true},\#(messages)}"#
            ),
            (
                #"{"model":"m","stream":true,"stream_options":{"include_usage":true},\#(messages)}"#,
                #"{"model":"m","stream":true,"stream_options":{"include_usage":true},\#(messages)}"#
            ),
            (#"{"model":"m","stream":false,\#(messages)}"#, #"{"model":"m","stream":false,\#(messages)}"#),
        ])
    func usage(body: String, sent: String) throws {
        #expect(try send(body, model: "m") == sent)
        #expect(try Surface.chatCompletions.read(sent.buffer).model == "m")
    }

    @Test("A provider that does not know stream_options is not asked")
    func noStreamOptions() throws {
        let body = #"{"model":"m","stream":true,\#(Self.messages)}"#

        #expect(try send(body, model: "m", OpenAIForChat(knowsStreamOptions: false)) == body)
    }

    @Test("Answers and events pass as they are")
    func passThrough() throws {
        let translation = OpenAIForChat()
        var out = ByteBuffer()

        try translation.translate(ServerSentEvent(data: "[DONE]".buffer), into: &out)

        #expect(translation.passesThrough)
        #expect(String(buffer: out) == "data: [DONE]\n\n")
        #expect(try translation.answer("{}".buffer) == "{}".buffer)
    }
}
