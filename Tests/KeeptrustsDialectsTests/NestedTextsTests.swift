import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsWire
import NIOCore
import Testing

struct NestedTextsTests {
    @Test("Arguments that hide a text behind escapes of their own are judged as they will be read")
    func request() throws {
        let arguments = #"{\"to\":\"\\u0061nn@example.com\",\"n\":[\"x\\ny\"],\"plain\":\"z\"}"#
        var request = try Surface.chatCompletions.read(
            chat(#""messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":"\#(arguments)"}}]}]"#))

        let hidden = try #require(request.texts.first { $0.string == "ann@example.com" })
        request.edits.replace(hidden.rawRange(of: 0..<15), withJSONEscaped: "[EMAIL]")

        #expect(
            request.texts.map(\.string) == [
                #"{"to":"\u0061nn@example.com","n":["x\ny"],"plain":"z"}"#, "ann@example.com", "x\ny",
            ])
        #expect(request.texts.allSatisfy { $0.segment.phase == .toolCall && $0.index == 0 })
        #expect(
            String(buffer: request.editedBody).contains(#"{\"to\":\"[EMAIL]\",\"n\":[\"x\\ny\"],\"plain\":\"z\"}"#))
    }

    @Test("So are the arguments of an answer")
    func answer() throws {
        let arguments = #"{\"to\":\"\\u0061nn@example.com\"}"#
        let answer = try Surface.chatCompletions.readAnswer(
            #"{"choices":[{"message":{"tool_calls":[{"function":{"arguments":"\#(arguments)"}}]}}]}"#.buffer)

        #expect(answer.texts.map(\.text.string) == [#"{"to":"\u0061nn@example.com"}"#, "ann@example.com"])
        #expect(answer.texts.map(\.channel) == [.toolArguments(0), .toolArguments(0)])
    }

    @Test(
        "Arguments that are no JSON are judged as they are",
        arguments: [#"\\u0061"#, #"{\"a\":\"\\"#, #"{\"a\":1,\"a\":\"\\n\"}"#])
    func noJSON(arguments: String) throws {
        let request = try Surface.chatCompletions.read(
            chat(#""messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":"\#(arguments)"}}]}]"#))

        #expect(request.texts.count == 1)
    }
}
