import KeeptrustsWire
import NIOCore
import Testing

@Suite("JSON, written")
struct JSONWritingTests {
    /// Texts, and the strings they become.
    static let strings: [(String, String)] = [
        ("", "\"\""), ("abc", "\"abc\""), ("a\"b\\c/", "\"a\\\"b\\\\c/\""), ("\n\r\t", "\"\\n\\r\\t\""),
        ("\0\u{1}\u{8}\u{C}\u{F}\u{10}\u{1F}", "\"\\u0000\\u0001\\u0008\\u000c\\u000f\\u0010\\u001f\""),
        ("\u{7F}\u{E9}\u{20AC}\u{1F600}", "\"\u{7F}\u{E9}\u{20AC}\u{1F600}\""),
        ("01234567\"01234567\u{E9}", "\"01234567\\\"01234567\u{E9}\""),
        ("\u{2028}</script>", "\"\u{2028}</script>\""),
    ]

    @Test("A text is written as a JSON string", arguments: strings)
    func writes(text: String, expected: String) {
        var (fromBytes, fromString) = (ByteBuffer(), ByteBuffer())
        fromBytes.writeJSONString(ByteBuffer(string: text))
        fromString.writeJSONString(text)

        #expect(String(buffer: fromBytes) == expected)
        #expect(fromString == fromBytes)
        #expect(jsonFault(fromBytes) == "valid")
    }

    @Test("Any bytes become valid JSON, and a text comes back as it was")
    func roundTrip() throws {
        var generator = Seeded(5)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            for text in [ByteBuffer(bytes: bytes), ByteBuffer(string: String(decoding: bytes, as: UTF8.self))] {
                var wire = ByteBuffer()
                wire.writeJSONString(text)
                #expect(jsonFault(wire) == "valid")
            }
            let text = ByteBuffer(string: String(decoding: bytes, as: UTF8.self))
            var wire = ByteBuffer()
            wire.writeJSONString(text)
            #expect(Unescaped(wire, token: 0..<wire.readableBytes, hasEscapes: true).text == text)
        }
        var wire = ByteBuffer()
        wire.writeJSONString(ByteBuffer(bytes: [0x61, 0xFF, 0xC3, 0x62, 0xED, 0xA0, 0x80]))
        #expect(String(buffer: wire) == "\"a\u{FFFD}\u{FFFD}b\u{FFFD}\u{FFFD}\u{FFFD}\"")
    }

    static let document = ByteBuffer(string: "{\"model\":\"a\",\"text\":\"x 123 y\"}")

    @Test("Edits are made in one pass, in whatever order they were asked for")
    func edits() {
        var edits = JSONEdits()
        #expect(edits.isEmpty)
        #expect(edits.apply(to: Self.document) == Self.document)
        edits.replace(23..<26, withJSONEscaped: "[\"N\"]\n")
        edits.replace(9..<12, with: ByteBuffer(string: "\"longer\""))
        edits.insert(ByteBuffer(string: "\"stream\":true,"), at: 1)

        #expect(!edits.isEmpty)
        let edited = edits.apply(to: Self.document)
        #expect(
            String(buffer: edited)
                == "{\"stream\":true,\"model\":\"longer\",\"text\":\"x [\\\"N\\\"]\\n y\"}")
        #expect(jsonFault(edited) == "valid")
    }

    /// Edits of `0123456789` as (from, to, replacement), and the result.
    static let editCases: [([(Int, Int, String)], String)] = [
        ([(0, 10, "")], ""), ([(0, 0, "a"), (10, 10, "b")], "a0123456789b"), ([(3, 5, "a"), (5, 7, "b")], "012ab789"),
        ([(5, 7, "b"), (3, 5, "a")], "012ab789"), ([(3, 3, "a"), (3, 3, "b")], "012ab3456789"),
        ([(3, 5, "x"), (3, 3, "a")], "012ax56789"), ([(2, 6, "a"), (4, 8, "b")], "01ab89"),
        ([(4, 8, "b"), (2, 6, "a")], "01ab89"),
        ([(2, 8, "a"), (4, 6, "b")], "01ab89"), ([(2, 8, "a"), (4, 4, "b")], "01ab89"),
        ([(2, 4, "a"), (2, 4, "b")], "01ab456789"),
        ([(8, 99, "a")], "01234567a"), ([(50, 99, "a")], "0123456789a"),
    ]

    @Test("Edits that touch or overlap lose no replacement and repeat no byte", arguments: editCases)
    func overlaps(edits: [(Int, Int, String)], expected: String) {
        var changes = JSONEdits()
        for (from, to, text) in edits { changes.replace(from..<to, with: ByteBuffer(string: text)) }

        #expect(String(buffer: changes.apply(to: ByteBuffer(string: "0123456789"))) == expected)
    }

    @Test("A redaction replaces exactly what was found, and the document stays valid")
    func redaction() throws {
        let document = ByteBuffer(string: "{\"text\":\"SSN \\u0031\\u0032\\u0033-45-6789\\n\"}")
        var values: [JSONValue] = []
        try JSONScanner.scan(document, JSONShape(["text"], reportsOthers: false), into: &values)
        let value = try #require(values.first)
        let unescaped = Unescaped(document, token: value.span, hasEscapes: value.hasEscapes)
        var edits = JSONEdits()
        edits.replace(unescaped.rawRange(of: 4..<15), withJSONEscaped: "[SSN]")

        #expect(String(buffer: unescaped.text) == "SSN 123-45-6789\n")
        #expect(String(buffer: edits.apply(to: document)) == "{\"text\":\"SSN [SSN]\\n\"}")
    }
}
