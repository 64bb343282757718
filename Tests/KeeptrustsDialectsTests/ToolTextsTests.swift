import KeeptrustsCore
import KeeptrustsDialects
import NIOCore
import Testing

@Suite("Texts of tools know their tool")
struct ToolTextsTests {
    private let surface = Surface.chatCompletions

    private func uses(_ members: String) throws -> [String] {
        try surface.read(chat(members)).texts.compactMap { text in
            text.segment.tool.map { "\($0.call) \($0.name) \($0.part): \(text.string)" }
        }
    }

    private func uses(_ texts: [AnswerText]) -> [String] {
        texts.compactMap { text in
            text.text.segment.tool.map { "\($0.call) \($0.name) \($0.part): \(text.text.string)" }
        }
    }

    @Test("Calls in a request's history, in any order of their members")
    func requestCalls() throws {
        let found = try uses(
            #"""
            "messages":[{"role":"assistant","tool_calls":[
                {"id":"a","type":"function","function":{"name":"find","arguments":"{\"q\":1}"}},
                {"function":{"arguments":"{\"x\":\"\\u0061\"}","name":"send"},"id":"b"},
                {"id":"c","custom":{"name":"sh","input":"ls"}},
                {"id":"d","function":{"name":"stop"}}]}]
            """#)

        #expect(
            found == [
                "1 find name: find", #"1 find arguments: {"q":1}"#, #"2 send arguments: {"x":"\u0061"}"#,
                "2 send fragment: a", "2 send name: send", "3 sh name: sh", "3 sh arguments: ls", "4 stop name: stop",
            ])
    }

    @Test("A result knows the tool by the id of its call, in the old form by its speaker")
    func requestResults() throws {
        let found = try uses(
            #"""
            "messages":[
                {"role":"assistant","tool_calls":[{"id":"a","function":{"name":"find","arguments":"{}"}}]},
                {"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]},
                {"content":"z","tool_call_id":"\u0061","role":"tool"},
                {"role":"tool","tool_call_id":"unknown","content":"w"},
                {"role":"assistant","function_call":{"name":"old","arguments":"1"}},
                {"role":"function","name":"old","content":"v"},
                {"role":"user","name":"old","content":"u"}]
            """#)

        #expect(
            found == [
                "1 find name: find", "1 find arguments: {}", "2 find result: x", "2 find result: y",
                "2 find result: xy", "2 find result: x\ny", "3 find result: z",
                "3 find result: a",
                "4 old name: old", "4 old arguments: 1", "5 old result: old", "5 old result: v",
            ])
    }

    @Test("The tools that a request declares, with their schemas as they are written")
    func declarations() throws {
        let request = try surface.read(
            chat(
                #"""
                "messages":[{"role":"user","content":"x"}],
                "tools":[{"type":"function","function":{"parameters":{ "type":"object" },"name":"f\u0069nd"}},
                    {"type":"custom","custom":{"name":"sh"}},{"type":"web_search"}],
                "functions":[{"name":"old","parameters":{}}]
                """#))

        #expect(
            request.tools == [
                DeclaredTool(name: "find", schema: ByteBuffer(string: #"{ "type":"object" }"#)),
                DeclaredTool(name: "sh"), DeclaredTool(name: "old", schema: ByteBuffer(string: "{}")),
            ])
    }

    @Test("The pictures, sounds and files that a request brings along or points at, in their order")
    func documents() throws {
        let request = try surface.read(
            chat(
                #"""
                "messages":[{"role":"user","content":[{"type":"text","text":"x"},
                    {"type":"image_url","image_url":{"url":"data:image\/png;base64,QUJD","detail":"low"}},
                    {"type":"input_image","image_url":"https://a.example/b.png"},
                    {"type":"input_audio","input_audio":{"data":"UklGRg","format":"wav"}},
                    {"type":"file","file":{"filename":"a.pdf","file_data":"JVBERi0"}},
                    {"type":"file","file":{"file_id":"file-17"}},
                    {"type":"input_file","file_data":"UEsDBA","filename":"b.zip"},
                    {"type":"video_url","video_url":{"url":"https://a.example/c.mp4"}},
                    {"type":"file","file":{"file_data":null}}]}]
                """#))

        let expected = [
            ("data:image/png;base64,QUJD", false), ("https://a.example/b.png", false), ("UklGRg", false),
            ("JVBERi0", false), ("file-17", true), ("UEsDBA", false), ("https://a.example/c.mp4", false),
        ]
        #expect(
            request.documents
                == expected.map { AttachedDocument(ByteBuffer(string: $0.0), isReference: $0.1) })
    }

    @Test("Calls of a whole answer; one without arguments is there by its name")
    func answerCalls() throws {
        let answer = try surface.readAnswer(
            ByteBuffer(
                string: #"""
                    {"choices":[{"index":1,"message":{"content":"c","tool_calls":[
                        {"id":"a","function":{"name":"find","arguments":"{\"q\":\"\\u0062\"}"}},
                        {"id":"b","function":{"arguments":"","name":"stop"}},
                        {"id":"d","function":{"arguments":"{}","name":"go"}},
                        {"id":"e","function":{"name":"halt"}}]}},
                        {"index":0,"message":{"function_call":{"name":"old"}}}]}
                    """#))

        #expect(
            uses(answer.texts) == [
                #"1 find arguments: {"q":"\u0062"}"#, "1 find fragment: b", "2 stop name: stop", "3 go arguments: {}",
                "4 halt name: halt", "5 old name: old",
            ])
        let named = answer.texts.filter { $0.text.segment.tool?.part == .name }
        #expect(named.map(\.choice) == [1, 1, 0])
        #expect(named.allSatisfy { $0.text.segment.phase == .toolCall })
        #expect(
            answer.calls.map { "\($0.choice) \($0.channel) \($0.name)" } == [
                "1 toolArguments(0) find", "1 toolArguments(1) stop", "1 toolArguments(2) go",
                "1 toolArguments(3) halt",
                "0 functionArguments old",
            ])
    }

    @Test("A piece of a streamed call knows its tool where the name stands beside it")
    func chunks() throws {
        func chunk(_ delta: String) throws -> SurfaceChunk {
            try surface.readChunk(ByteBuffer(string: #"{"choices":[{"delta":\#(delta),"index":2}]}"#))
        }
        let first = try chunk(
            #"{"tool_calls":[{"index":3,"id":"a","function":{"name":"find","arguments":""}},{"function":{"arguments":"{","name":"x"},"index":4}]}"#
        )
        let later = try chunk(#"{"tool_calls":[{"index":3,"function":{"name":"","arguments":"{}"}}]}"#)
        let old = try chunk(#"{"function_call":{"name":"old","arguments":"1"}}"#)

        #expect(
            first.calls.map { "\($0.choice) \($0.channel) \($0.name)" } == [
                "2 toolArguments(3) find", "2 toolArguments(4) x",
            ])
        #expect(uses(first.deltas) == ["2 x arguments: {"])
        #expect(later.calls == [])
        #expect(uses(later.deltas) == ["1  arguments: {}"])
        #expect(old.calls.map(\.channel) == [.functionArguments])
        #expect(uses(old.deltas) == ["1 old arguments: 1"])
    }

    @Test(
        "Calls that are none are strings to be judged, and calls that name no tool",
        arguments: [
            ("null", []), ("[null]", ["1  arguments: [null]"]),
            (#"["x"]"#, [#"1  arguments: ["x"]"#, #"2  arguments: "x""#]),
            (#""x""#, [#"1  arguments: "x""#, #"2  arguments: "x""#]),
        ] as [(String, [String])])
    func oddities(calls: String, expected: [String]) throws {
        let answer = try surface.readAnswer(
            ByteBuffer(string: #"{"choices":[{"message":{"function_call":\#(calls),"tool_calls":\#(calls)}}]}"#))

        let strings = answer.texts.filter { $0.text.segment.tool == nil }
        #expect(strings.map(\.text.string) == (calls.contains("x") ? ["x", "x"] : []))
        #expect(uses(answer.texts) == expected)
    }
}
