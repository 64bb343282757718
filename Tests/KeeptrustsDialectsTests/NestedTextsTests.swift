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

    @Test("A document in a string of a document is read as well, to the last")
    func deeper() throws {
        let inner = #"{"card":"4\u0031 11"}"#
        let middle = #"{"note":\#(quoted(inner))}"#
        let request = try Surface.chatCompletions.read(
            chat(
                #""messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":\#(quoted(middle))}}]}]"#))

        #expect(request.texts.map(\.string) == [middle, inner, #""card":"41 11""#])
        let number = try #require(request.texts.last)
        #expect(String(buffer: request.body.part(number.rawRange(of: 8..<10))) == #"4\\\\u0031"#)
    }

    @Test(
        "Of arguments that are no JSON all escapes are undone, whatever a reader makes of them",
        arguments: [
            (#"\\u0061"#, "a"), (#"{\"a\":\"\\"#, "{\"a\":\"\u{FFFD}"),
            (#"{\"a\":1,\"a\":\"\\n\"}"#, "{\"a\":1,\"a\":\"\n\"}"),
            (#"{'a': '\\u0062'}"#, "{'a': 'b'}"),
        ])
    func noJSON(arguments: String, reading: String) throws {
        let request = try Surface.chatCompletions.read(
            chat(#""messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":"\#(arguments)"}}]}]"#))

        #expect(request.texts.count == 2)
        #expect(request.texts.last?.string == reading)
    }

    @Test(
        "A short value is judged with its key when one of them is written with escapes",
        arguments: [
            (#"{"s\u0073n":"536228041"}"#, ["ssn", #""ssn":"536228041""#]),
            (#"{"s\u0073n": 536228041}"#, ["ssn", #""ssn": 536228041"#]),
            (#"{"a":[{"ssn":"5362\u00328041"}]}"#, [#""ssn":"536228041""#]),
            (#"{"ssn":["5362\u00328041","\u0031"]}"#, ["536228041", "1"]),
            (#"{"n\u0031":12345,"a\u0062":"x"}"#, ["n1", "ab"]),
            (#"{"ssn":"5362\\u00328041"}"#, [#""ssn":"5362\u00328041""#, #""ssn":"536228041""#]),
        ])
    func keys(arguments: String, reading: [String]) throws {
        let request = try Surface.chatCompletions.read(
            chat(
                #""messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":\#(quoted(arguments))}}]}]"#))

        #expect(request.texts.dropFirst().map(\.string) == reading)
    }

    @Test("Documents that are nested without end are read to a depth")
    func endless() throws {
        var text = #"{"a":"\u0062"}"#
        for _ in 0..<12 { text = #"{"a":\#(quoted(text))}"# }
        let request = try Surface.chatCompletions.read(
            chat(#""messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":\#(quoted(text))}}]}]"#))

        #expect(request.texts.count == 9)
    }

    /// A text as a string of JSON.
    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

extension ByteBuffer {
    fileprivate func part(_ range: Range<Int>) -> ByteBuffer {
        getSlice(at: readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}
