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
}
