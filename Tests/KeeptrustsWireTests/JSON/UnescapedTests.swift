import KeeptrustsWire
import NIOCore
import Testing

@Suite("Texts of JSON strings")
struct UnescapedTests {
    /// A JSON string with each character written in a random way, and where each byte of its text comes from.
    struct Written {
        var document = ByteBuffer(string: "[\"x\", \"")
        var token = 6..<6
        var text = ""

        /// For each byte of the text, the bytes of the document that stand for it.
        var origins: [Range<Int>] = []

        init(using generator: inout Seeded) {
            for _ in 0..<Int.random(in: 0...40, using: &generator) { write(using: &generator) }
            document.writeString("\"")
            token = 6..<document.readableBytes
            document.writeString("]")
        }

        private mutating func write(using generator: inout Seeded) {
            let character = Self.characters.randomElement(using: &generator) ?? "a"
            let start = document.readableBytes
            let short = Self.short[character]
            let mustEscape = character.value < 0x20 || character == "\"" || character == "\\"
            text.unicodeScalars.append(character)
            let count = UTF8.width(character)
            switch Int.random(in: 0...2, using: &generator) {
            case 0 where !mustEscape:
                document.writeString(String(Character(character)))
                origins += (0..<count).map { start + $0..<start + $0 + 1 }
                return
            case 1:
                guard let short else { fallthrough }
                document.writeString(short)
            default:
                for unit in UTF16.encode(character).map(Array.init) ?? [] {
                    let digits = String(unit, radix: 16, uppercase: Bool.random(using: &generator))
                    document.writeString("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
                }
            }
            origins += Array(repeating: start..<document.readableBytes, count: count)
        }

        static let characters: [Unicode.Scalar] = [
            "a", "b", "0", " ", "\"", "\\", "/", "\n", "\t", "\r", "\u{8}", "\u{C}", "\u{0}", "\u{1F}", "\u{7F}",
            "\u{E9}",
            "\u{7FF}", "\u{800}", "\u{20AC}", "\u{D7FF}", "\u{E000}", "\u{FFFD}", "\u{FFFF}", "\u{10000}", "\u{1F600}",
            "\u{10FFFF}",
        ]
        static let short: [Unicode.Scalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\u{8}": "\\b",
            "\u{C}": "\\f",
        ]
    }

    @Test("Any string comes back as its text, and every span as the bytes that stand for it")
    func roundTrip() throws {
        var generator = Seeded(4)
        for _ in 0..<500 {
            let written = Written(using: &generator)
            var values: [JSONValue] = []
            try JSONScanner.scan(written.document, JSONShape(["*"], reportsOthers: false), into: &values)
            let value = try #require(values.last)
            let unescaped = Unescaped(written.document, token: value.span, hasEscapes: value.hasEscapes)

            #expect(value.span == written.token)
            #expect(String(buffer: unescaped.text) == written.text)
            for lower in written.origins.indices {
                for upper in lower..<written.origins.count {
                    let expected = written.origins[lower].lowerBound..<written.origins[upper].upperBound
                    #expect(unescaped.rawRange(of: lower..<upper + 1) == expected)
                }
            }
        }
    }

    /// A document, a span of its string's text, and the bytes that stand for it.
    static let spans: [(String, Range<Int>, String)] = [
        ("\"abc\"", 1..<2, "b"), ("\"abc\"", 0..<3, "abc"), ("\"a\\nb\"", 1..<2, "\\n"), ("\"a\\nb\"", 0..<2, "a\\n"),
        ("\"a\\nb\"", 2..<3, "b"), ("\"\\u00e9x\"", 0..<1, "\\u00e9"), ("\"\\u00e9x\"", 1..<2, "\\u00e9"),
        ("\"\\u00e9x\"", 1..<3, "\\u00e9x"),
        ("\"x\\ud83d\\ude00y\"", 3..<4, "\\ud83d\\ude00"), ("\"\\u0031\\u0032\\u0033\"", 1..<2, "\\u0032"),
        ("\"123-45-\\u0036789\"", 0..<11, "123-45-\\u0036789"),
    ]

    @Test("A span covers whole escapes", arguments: spans)
    func covers(document: String, span: Range<Int>, expected: String) {
        let document = ByteBuffer(string: document)
        let token = 0..<document.readableBytes
        let unescaped = Unescaped(document, token: token, hasEscapes: String(buffer: document).contains("\\"))

        #expect(document.text(unescaped.rawRange(of: span)) == expected)
    }

    @Test("An empty span is the place between")
    func emptySpans() {
        let document = ByteBuffer(string: "\"a\\nb\"")
        let unescaped = Unescaped(document, token: 0..<6, hasEscapes: true)
        #expect((0...3).map { unescaped.rawRange(of: $0..<$0) } == [1..<1, 2..<2, 4..<4, 5..<5])

        let plain = Unescaped(ByteBuffer(string: "\"ab\""), token: 0..<4, hasEscapes: false)
        #expect((0...2).map { plain.rawRange(of: $0..<$0) } == [1..<1, 2..<2, 3..<3])
        let empty = Unescaped(ByteBuffer(string: "\"\""), token: 0..<2, hasEscapes: false)
        #expect(empty.rawRange(of: 0..<0) == 1..<1)
    }

    @Test("A string without escapes is a slice of its document")
    func noCopy() {
        let document = ByteBuffer(string: "{\"a\":\"text\"}")
        let unescaped = Unescaped(document, token: 5..<11, hasEscapes: false)
        let memory = document.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }

        #expect(String(buffer: unescaped.text) == "text")
        #expect(unescaped.text.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } == memory + 6)
    }

    @Test("A token or a span that is none does no harm")
    func outOfBounds() {
        let document = ByteBuffer(string: "\"\\ud83dx\\q\\")
        for token in [0..<0, 0..<1, 0..<11, 3..<400, 0..<12, 11..<12] {
            let unescaped = Unescaped(document, token: token, hasEscapes: true)
            let range = unescaped.rawRange(of: 0..<1_000)
            #expect(range.upperBound <= max(document.readableBytes, token.lowerBound + 1))
        }
    }
}
