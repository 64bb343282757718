import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsWire
import NIOCore
import Testing

struct DemoProviderTests {
    private let surface = Surface.chatCompletions

    private func demo(_ members: String = #""messages":[{"role":"user","content":"Hi"}]"#) throws -> DemoProvider {
        DemoProvider(try surface.read(chat(members)), model: "demo-1", at: Timestamp(rawValue: 17_000_000))
    }

    private func chunks(_ demo: DemoProvider) throws -> [SurfaceChunk] {
        var parser = EventStreamParser(maxEventBytes: 1 << 20)
        for event in demo.events { parser.push(event) }
        var chunks: [SurfaceChunk] = []
        while let event = try parser.next() { chunks.append(try surface.readChunk(event.data)) }
        return chunks
    }

    @Test("An answer says that it is a demo, and what was said")
    func answer() throws {
        let answer = try surface.readAnswer(demo().answer)

        #expect(
            answer.texts.map(\.text.string) == [
                "This is the Keeptrusts demo provider: no model was asked. Your last message has 1 word. You said: Hi"
            ])
        #expect(answer.model == "demo-1")
        #expect(answer.usage == Usage(inputTokens: 1, outputTokens: 25))
        #expect(answer.finishes.count == 1)
    }

    @Test("The same request gets the same answer, another one another id")
    func deterministic() throws {
        #expect(try demo().answer == demo().answer)
        #expect(try demo().answer != demo(#""messages":[{"role":"user","content":"Ho"}]"#).answer)
    }

    @Test(
        "The stream says the same in several events",
        arguments: ["Hi", "é 🙂 \"q\" and a good many words more, to be cut", ""])
    func stream(said: String) throws {
        var message = ByteBuffer()
        message.writeJSONString(said)
        let demo = try demo(#""messages":[{"role":"user","content":\#(String(buffer: message))}]"#)

        let chunks = try chunks(demo)

        let whole = try surface.readAnswer(demo.answer)
        #expect(chunks.flatMap(\.deltas).map(\.text.string).joined() == whole.texts.map(\.text.string).joined())
        #expect((8...20).contains(chunks.count))
        #expect(chunks.last?.isDone == true)
        #expect(chunks.map(\.finishes.count).reduce(0, +) == 1)
        #expect(chunks.compactMap(\.usage) == [whole.usage].compactMap(\.self))
    }

    @Test("What is repeated is what policies let through")
    func redacted() throws {
        var request = try surface.read(
            chat(#""messages":[{"role":"user","content":"mail ann@x.ch"}],"user":"ann@x.ch""#))
        let text = try #require(request.texts.first)
        request.edits.replace(text.rawRange(of: 5..<13), withJSONEscaped: "[EMAIL]")

        let answer = String(buffer: DemoProvider(request, model: "demo-1").answer)

        #expect(answer.contains("You said: mail [EMAIL]"))
        #expect(!answer.contains("ann@"))
    }

    @Test("A long text is repeated in part")
    func bounded() throws {
        let demo = try demo(#""messages":[{"role":"user","content":"\#(String(repeating: "word ", count: 2_000))"}]"#)

        #expect(try surface.readAnswer(demo.answer).texts[0].text.string.count < 2_200)
        #expect((8...20).contains(try chunks(demo).count))
    }

    @Test(
        "A tool call that is forced is made",
        arguments: [#""required""#, #"{"type":"function","function":{"name":"second"}}"#])
    func toolCall(choice: String) throws {
        let demo = try demo(
            #"""
            "tools":[{"type":"function","function":{"name":"first"}},{"type":"function","function":{"name":"second"}}],
            "tool_choice":\#(choice),"messages":[{"role":"user","content":"Hi \"you\""}]
            """#)

        let answer = try surface.readAnswer(demo.answer)
        #expect(answer.texts.first?.channel == .toolArguments(0))
        #expect(answer.texts.first?.text.string == #"{"demo":true,"text":"Hi \"you\""}"#)
        #expect(
            String(buffer: demo.answer).contains(choice.contains("second") ? #""name":"second""# : #""name":"first""#))
        #expect(try chunks(demo).flatMap(\.deltas).map(\.text.string).joined() == #"{"demo":true,"text":"Hi \"you\""}"#)
    }

    @Test("Tools that may be left alone are left alone")
    func noToolCall() throws {
        let demo = try demo(
            #""tools":[{"type":"function","function":{"name":"first"}}],"tool_choice":"auto","messages":[{"role":"user","content":"Hi"}]"#
        )

        #expect(try surface.readAnswer(demo.answer).texts.map(\.channel) == [.content])
    }

    private static let ask = #""messages":[{"role":"user","content":"One, two, three é"}]"#

    private static let said =
        "This is the Keeptrusts demo provider: no model was asked. Your last message has 4 words. You said: One, two, three é"

    /// The texts of the choices of a stream, in their order.
    private func streamed(_ demo: DemoProvider) throws -> [String] {
        let deltas = try chunks(demo).flatMap(\.deltas)
        return (0...(deltas.map(\.choice).max() ?? 0)).map { choice in
            deltas.filter { $0.choice == choice }.map(\.text.string).joined()
        }
    }

    private func finishes(_ text: String) -> [String] {
        text.matches(of: /"finish_reason":"([a-z_]+)"/).map { String($0.output.1) }
    }

    @Test(
        "An answer ends before a text at which it must stop, and with the tokens that it may have",
        arguments: [
            (#""stop":"You""#, "This is the Keeptrusts demo provider: no model was asked. ", "stop"),
            (#""stop":["two","demo"]"#, "This is the Keeptrusts ", "stop"),
            (#""stop":["nowhere","",null]"#, said, "stop"), (#""stop":"This""#, "", "stop"),
            (#""max_tokens":2"#, "This is ", "length"), (#""max_completion_tokens":1"#, "This", "length"),
            (#""max_tokens":30,"max_completion_tokens":3"#, "This is the ", "length"),
            (#""max_tokens":1,"stop":"Keep""#, "This", "length"), (#""max_tokens":9,"stop":"is""#, "Th", "stop"),
            (#""max_tokens":1000"#, said, "stop"), (#""max_tokens":null,"stop":null"#, said, "stop"),
        ])
    func ends(members: String, text: String, reason: String) throws {
        let demo = try demo("\(Self.ask),\(members)")

        let answer = try surface.readAnswer(demo.answer)
        #expect(answer.texts.map(\.text.string).joined() == text)
        #expect(finishes(String(buffer: demo.answer)) == [reason])
        #expect(answer.usage?.outputTokens == (text.utf8.count + 3) / 4)
        #expect(try streamed(demo) == [text])
        #expect(finishes(demo.events.map { String(buffer: $0) }.joined()) == [reason])
    }

    @Test("A character is not cut in two")
    func wholeCharacters() throws {
        // The last token would hold the first of the two bytes of `é`.
        let demo = try demo("\(Self.ask),\"max_tokens\":\((Self.said.utf8.count - 1) / 4)")

        let text = try surface.readAnswer(demo.answer).texts.map(\.text.string).joined()
        #expect(text == String(Self.said.dropLast()))
        #expect(finishes(String(buffer: demo.answer)) == ["length"])
    }

    @Test("As many answers come as are asked for, and their tokens are counted", arguments: [1, 3, 128])
    func choices(count: Int) throws {
        let demo = try demo("\(Self.ask),\"n\":\(count)")

        let answer = try surface.readAnswer(demo.answer)
        #expect(answer.texts.map(\.text.string) == Array(repeating: Self.said, count: count))
        #expect(answer.texts.map(\.choice) == Array(0..<count))
        #expect(answer.usage?.outputTokens == count * ((Self.said.utf8.count + 3) / 4))
        #expect(try streamed(demo) == Array(repeating: Self.said, count: count))
        #expect(try chunks(demo).map(\.finishes.count).reduce(0, +) == count)
    }

    @Test("Where JSON is asked for the text is an object", arguments: ["json_object", "json_schema"])
    func json(type: String) throws {
        let demo = try demo("\(Self.ask),\"response_format\":{\"type\":\"\(type)\"}")

        let expected = #"{"demo":true,"text":"One, two, three é"}"#
        #expect(try surface.readAnswer(demo.answer).texts.map(\.text.string) == [expected])
        #expect(try streamed(demo) == [expected])
    }

    @Test("The arguments of a call are cut, too")
    func cutCall() throws {
        let demo = try demo(
            #"""
            "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required","stop":"demo","max_tokens":4,
            "messages":[{"role":"user","content":"Hi"}]
            """#)

        #expect(try surface.readAnswer(demo.answer).texts.map(\.text.string) == [#"{"demo":true,"te"#])
        #expect(finishes(String(buffer: demo.answer)) == ["length"])
        #expect(try streamed(demo) == [#"{"demo":true,"te"#])
    }
}
