import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsWire
import NIOCore
import Testing

/// Many small texts are refused before they cost memory.
@Suite("How many texts a body may have")
struct TextBoundTests {
    private let surface = Surface.chatCompletions

    private static func list(_ item: String, _ count: Int) -> String {
        "[" + Array(repeating: item, count: count).joined(separator: ",") + "]"
    }

    private static func json(_ text: String) -> String {
        var out = ByteBuffer()
        out.writeJSONString(text)
        return String(buffer: out)
    }

    private static func call(_ arguments: String) -> String {
        #"{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":\#(json(arguments))}}]}"#
    }

    /// A document with few texts and many values.
    private static let manyValues = #"["\n","# + list(#""""#, 262_144).dropFirst()

    /// A request with something in it many times, and the code that it is refused with.
    static let requests: [(String, String)] = [
        (#""messages":[{"role":"user","content":"Hi"}],"q":"# + list(#""\n""#, 65_536), "request.too_many_texts"),
        (
            #""messages":[{"role":"user","content":"Hi"}],"q":"# + list("[7777777777777777]", 65_536),
            "request.too_many_texts"
        ),
        (#""messages":[{"role":"user","content":\#(list(#""a""#, 65_537))}]"#, "request.too_many_texts"),
        (#""messages":\#(list(#"{"role":"user","content":"a"}"#, 65_537))"#, "request.too_many_texts"),
        (#""messages":[\#(call(list(#""\n""#, 65_536)))]"#, "request.too_many_texts"),
        (#""messages":[\#(call(list(#""\n""#, 262_144)))]"#, "request.too_many_texts"),
        (#""messages":[\#(call(list(json(list(#""\n""#, 10_000)), 7)))]"#, "request.too_many_texts"),
        (#""messages":[\#(call(manyValues))]"#, "request.too_many_texts"),
        (#""messages":[{"role":"tool","content":\#(json(list(#""\n""#, 65_536)))}]"#, "request.too_many_texts"),
        (#""messages":[{"role":"user","content":"Hi"}],"q":"# + list(#""""#, 262_144), "json.too_many_values"),
        (#""messages":\#(list(#"{"role":"user"}"#, 140_000))"#, "json.too_many_values"),
    ]

    @Test("A request with more is refused", arguments: requests.indices)
    func request(number: Int) {
        let (members, code) = Self.requests[number]
        let fault = #expect(throws: SurfaceFault.self) { try surface.read(chat(members)) }

        #expect(fault?.category == .invalidInput)
        #expect(fault?.code == code)
    }

    @Test("As many as there may be are read")
    func most() throws {
        let members = #""messages":[{"role":"user","content":"Hi"}],"q":"# + Self.list(#""\n""#, 65_534)

        #expect(try surface.read(chat(members)).texts.count == 65_536)
    }

    @Test("A long key is judged once, not with each value of its list")
    func longKey() throws {
        let member = #""\#(String(repeating: "k", count: 100_000))":\#(Self.list(#""1""#, 10_000))"#
        let request = try surface.read(chat(#""messages":[{"role":"user","content":"Hi"}],"# + member))
        let answer = try surface.readAnswer(#"{"choices":[{"index":0,"message":{\#(member)}}]}"#.buffer)

        for texts in [request.texts, answer.texts.map(\.text)] {
            #expect(texts.reduce(0) { $0 + $1.segment.text.readableBytes } < 200_000)
        }
    }

    @Test("A whole answer with more is malformed, and so is an event")
    func answer() throws {
        let message = #"{"role":"assistant","content":"Hi","x":\#(Self.list(#""\n""#, 65_536))}"#
        let call = Self.call(Self.list(#""\n""#, 65_536))
        for message in [message, call, Self.call(Self.manyValues)] {
            #expect(throws: DialectError.malformed("an answer with too many texts")) {
                try surface.readAnswer(#"{"choices":[{"index":0,"message":\#(message)}]}"#.buffer)
            }
        }
        #expect(throws: DialectError.malformed("an answer with too many texts")) {
            try surface.readChunk(#"{"choices":[{"index":0,"delta":\#(message)}]}"#.buffer)
        }
        let names = Self.list(#"{"index":0,"delta":{"role":"assistant"}}"#, 65_537)
        #expect(throws: DialectError.malformed("an answer with too many texts")) {
            try surface.readChunk(#"{"choices":\#(names)}"#.buffer)
        }
    }

    @Test("What a document says is read up to the bound, and not held in memory beyond", arguments: [65_536, 65_537])
    func nested(count: Int) throws {
        let request = try surface.read(
            chat(#""messages":[{"role":"user","content":\#(Self.json(Self.list(#""\n""#, count)))}]"#))
        let text = try #require(request.texts.first)

        #expect((text.nested?.count ?? 0) == (count == 65_536 ? count : 0))
    }
}
