import KeeptrustsWire
import NIOCore
import Testing

@Suite("JSON, checked")
struct JSONScannerTests {
    @Test(
        "Valid texts are accepted",
        arguments: [
            "{}", "[]", " { } ", "\t[\r\n]\n", "null", "true", "false", "0", "-0", "-0.0", "1", "1.5e+3", "1E-3", "0e0",
            "\"\"", "\"a\"", "[1,2,[3,[]],{}]", "{\"a\":{\"a\":{\"b\":[{}]}}}", "{\"\":0}",
            "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
            "\"\\u0000\"", "\"\\uD83D\\uDE00\"", "\"\\uFFFF\\uE000\\uD7FF\"", "\"\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\"",
            "\"\u{10000}\u{10FFFF}\u{D7FF}\u{E000}\u{FEFF}\"", "{\"a\":1,\"A\":2}",
            "[1e308,-1e308,1e-400,1e-999999999999999]",
            "0.000000000000000000000000000000000000000000000000000001e360", "0e999999999999999999999999",
            "[\"aaaaaaa\",\"aaaaaaaa\",\"aaaaaaaaa\",\"aaaaaaaaaaaaaaaa\",\"aaaaaaaaaaaaaaaaa\"]",
            "[{\"a\":1},{\"a\":2}]", "{\"a\":{\"b\":1},\"b\":{\"a\":1}}",
            "12345678901234567890123456789012345678901234567890",
        ])
    func valid(text: String) {
        #expect(jsonFault(text) == "valid")
    }

    /// Texts and their faults.
    static let faults: [(String, String)] = [
        ("", "unexpected_end 0"), (" ", "unexpected_end 1"), ("{", "unexpected_end 1"), ("[1,", "unexpected_end 3"),
        ("{\"a\"", "unexpected_end 4"), ("{\"a\":", "unexpected_end 5"), ("{\"a\":1", "unexpected_end 6"),
        ("\"a", "unexpected_end 2"), ("\"\\", "unexpected_end 2"), ("\"\\u12", "unexpected_end 5"),
        ("\"\\ud83d\\", "unexpected_end 8"), ("tru", "unexpected_end 3"), ("-", "unexpected_end 1"),
        ("1.", "unexpected_end 2"), ("1e", "unexpected_end 2"), ("1e+", "unexpected_end 3"),
        ("\u{FEFF}{}", "byte_order_mark 0"), ("{} x", "trailing_data 3"), ("{}{}", "trailing_data 2"),
        ("1 2", "trailing_data 2"), ("{}\0", "trailing_data 2"), ("{},", "trailing_data 2"),
        ("null\u{FEFF}", "trailing_data 4"),
        ("{a:1}", "unexpected_byte 1"), ("{'a':1}", "unexpected_byte 1"), ("{\"a\":1,}", "unexpected_byte 7"),
        ("{,}", "unexpected_byte 1"), ("[1,]", "unexpected_byte 3"), ("[,1]", "unexpected_byte 1"),
        ("[1 2]", "unexpected_byte 3"),
        ("{\"a\" 1}", "unexpected_byte 5"), ("{\"a\":1 \"b\":2}", "unexpected_byte 7"), ("{1:2}", "unexpected_byte 1"),
        ("[1}", "unexpected_byte 2"), ("{\"a\":1]", "unexpected_byte 6"), ("True", "unexpected_byte 0"),
        ("nul1", "unexpected_byte 0"),
        ("NaN", "unexpected_byte 0"), ("Infinity", "unexpected_byte 0"), ("-Infinity", "invalid_number 1"),
        ("'a'", "unexpected_byte 0"),
        ("/**/1", "unexpected_byte 0"), ("1//", "trailing_data 1"), ("\u{A0}1", "unexpected_byte 0"),
        ("\u{C}1", "unexpected_byte 0"),
        ("[1\u{B},2]", "unexpected_byte 2"), ("]", "unexpected_byte 0"), ("\\\"a\\\"", "unexpected_byte 0"),
        ("+1", "unexpected_byte 0"), (".5", "unexpected_byte 0"), ("01", "invalid_number 0"),
        ("-01", "invalid_number 0"),
        ("00", "invalid_number 0"), ("-a", "invalid_number 1"), ("1.e3", "invalid_number 2"),
        ("1e+a", "invalid_number 3"),
        ("1.a", "invalid_number 2"), ("0x10", "trailing_data 1"), ("1_000", "trailing_data 1"),
        ("[1.]", "invalid_number 3"),
        ("1e400", "number_out_of_range 0"), ("[-1e309]", "number_out_of_range 1"),
        ("1e99999999999999999999", "number_out_of_range 0"),
        ("0.00001e314", "number_out_of_range 0"), ("1.8e308", "number_out_of_range 0"),
        ("\"a\u{1F}\"", "control_character 2"), ("\"\n\"", "control_character 1"), ("\"\0\"", "control_character 1"),
        ("\"12345678901234\t\"", "control_character 15"), ("{\"\t\":1}", "control_character 2"),
        ("\"\\a\"", "invalid_escape 1"), ("\"\\'\"", "invalid_escape 1"), ("\"\\u12g4\"", "invalid_escape 1"),
        ("\"\\U0041\"", "invalid_escape 1"), ("\"\\x41\"", "invalid_escape 1"), ("\"\\u 123\"", "invalid_escape 1"),
        ("\"\\u+123\"", "invalid_escape 1"),
        ("\"\\uD800\"", "lone_surrogate 1"), ("\"\\uDC00\"", "lone_surrogate 1"),
        ("\"\\uD83Dx123456\"", "lone_surrogate 1"),
        ("\"\\uD83D\\u0041\"", "lone_surrogate 1"), ("\"\\uD83D\\uD83D\\uDE00\"", "lone_surrogate 1"),
        ("\"\\uD83D\\n12345\"", "lone_surrogate 1"),
        ("\"\\uDE00\\uD83D\"", "lone_surrogate 1"), ("{\"\\udfff\":1}", "lone_surrogate 2"),
        ("\"\\uD83D\\u12\"", "invalid_escape 7"),
        ("{\"a\":1,\"a\":2}", "duplicate_key 7"), ("{\"a\":1,\"\\u0061\":2}", "duplicate_key 7"),
        ("{\"\\u0061\":1,\"a\":2}", "duplicate_key 12"),
        ("{\"\\u0061\":1,\"\\u0061\":2}", "duplicate_key 12"), ("{\"\":1,\"\":2}", "duplicate_key 6"),
        ("{\"b\":{\"c\":1,\"d\":{},\"c\":3}}", "duplicate_key 19"),
        ("[{},{\"x\":1,\"y\":1,\"x\":1}]", "duplicate_key 17"),
        ("{\"/\":1,\"\\/\":2}", "duplicate_key 7"), ("{\"\u{1F600}\":1,\"\\ud83d\\ude00\":2}", "duplicate_key 10"),
        ("{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":1,\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":2}", "duplicate_key 38"),
        ("{\"a\":1,\"b\":{\"a\":1},\"a\":2}", "duplicate_key 19"),
    ]

    @Test("What is not JSON, or not for every reader, is refused with reason and place", arguments: faults)
    func refuses(text: String, fault: String) {
        #expect(jsonFault(text) == fault)
    }

    /// Strings that are not UTF-8: between quotes, and where the fault stands.
    static let badUTF8: [([UInt8], Int)] = [
        ([0x80], 1), ([0xBF], 1), ([0xC0, 0x80], 1), ([0xC1, 0xBF], 1), ([0xC2], 1), ([0xC2, 0x22], 1),
        ([0xC2, 0xC2], 1),
        ([0xE0, 0x80, 0x80], 1), ([0xE0, 0x9F, 0xBF], 1), ([0xE2, 0x82], 1), ([0xE2, 0x28, 0xA1], 1),
        ([0xE2, 0x82, 0x28], 1),
        ([0xED, 0xA0, 0x80], 1), ([0xED, 0xBF, 0xBF], 1), ([0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], 1),
        ([0xF0, 0x80, 0x80, 0x80], 1),
        ([0xF0, 0x8F, 0xBF, 0xBF], 1), ([0xF0, 0x9F, 0x98], 1), ([0xF4, 0x90, 0x80, 0x80], 1),
        ([0xF5, 0x80, 0x80, 0x80], 1),
        ([0xF8, 0x88, 0x80, 0x80, 0x80], 1), ([0xFE], 1), ([0xFF], 1), ([0x61, 0xC3, 0xA9, 0x80], 4),
        ([0xC3, 0xA9, 0xC3, 0xA9, 0xA9], 5),
        (Array("12345678901234567".utf8) + [0xFF], 18),
    ]

    @Test("What is not UTF-8 is refused, in values and in keys", arguments: badUTF8)
    func invalidUTF8(content: [UInt8], offset: Int) {
        #expect(jsonFault(ByteBuffer(bytes: [0x22] + content + [0x22])) == "invalid_utf8 \(offset)")
        let key = ByteBuffer(bytes: [0x7B, 0x22] + content + Array("\":1}".utf8))
        #expect(jsonFault(key) == "invalid_utf8 \(offset + 1)")
        #expect(jsonFault(ByteBuffer(bytes: [0x22] + content)).contains("1") || offset > 1)
        #expect(jsonFault(ByteBuffer(bytes: content)) != "valid")
    }

    @Test("Every character is accepted, and every pair of bytes that is none is refused")
    func allCharacters() {
        for value in UInt32(0x20)...0x10FFFF where value < 0x3000 || value % 251 == 0 || value & 0xFFF > 0xFFD {
            guard let scalar = Unicode.Scalar(value), scalar != "\"", scalar != "\\" else { continue }
            var text = ByteBuffer(string: "\"")
            text.writeString(String(Character(scalar)))
            text.writeString("\"")
            #expect(jsonFault(text) == "valid", "\(value)")
        }
        for first in UInt8(0x80)...0xFF {
            for second in UInt8(0x80)...0xFF {
                let isCharacter = String(validating: [first, second], as: UTF8.self) != nil
                #expect((jsonFault(ByteBuffer(bytes: [0x22, first, second, 0x22])) == "valid") == isCharacter)
            }
        }
    }

    @Test("Nesting ends at 64")
    func depth() {
        func nested(_ depth: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        #expect(jsonFault(nested(64, "[", "]")) == "valid")
        #expect(jsonFault(nested(65, "[", "]")) == "too_deep 64")
        #expect(jsonFault(nested(64, "{\"a\":", "}")) == "valid")
        #expect(jsonFault(nested(65, "{\"a\":", "}")) == "too_deep 320")
        #expect(jsonFault(nested(32, "[{\"a\":", "}]")) == "valid")
        #expect(jsonFault(nested(33, "[{\"a\":", "}]")) == "too_deep 192")
        #expect(jsonFault(String(repeating: "[", count: 1_000_000)) == "too_deep 64")
        #expect(jsonFault("[" + String(repeating: "[],", count: 1_000) + "[]]") == "valid")
    }

    @Test("A number is in range when Double can hold it, to the last digit")
    func range() {
        // 2^1024 - 2^970: from here on, rounding gives infinity.
        let limit = String(
            """
            1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775872070963\
            3028641669288791094655554785194040263065748867150582068190890200070838367627385484581771153176447573027\
            0069855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792
            """)
        let below = limit.dropLast() + "1"
        #expect(limit.utf8.count == 309)
        #expect(jsonFault(limit) == "number_out_of_range 0")
        #expect(jsonFault(String(below)) == "valid")
        #expect(jsonFault(below + ".999999") == "valid")
        #expect(jsonFault("-" + limit) == "number_out_of_range 0")
        #expect(jsonFault("[\(limit)]") == "number_out_of_range 1")
        #expect(jsonFault("0.000" + limit + "e312") == "number_out_of_range 0")
        #expect(jsonFault("0.000" + limit + "e311") == "valid")
        #expect(jsonFault("0.000" + below + "e312") == "valid")
        #expect(jsonFault("1.7976931348623157e308") == "valid")
        #expect(jsonFault("1.7976931348623158e+308") == "valid")
        #expect(jsonFault("1.7976931348623159e308") == "number_out_of_range 0")
        #expect(jsonFault("9" + String(repeating: "9", count: 307)) == "valid")
        #expect(jsonFault("9" + String(repeating: "9", count: 308)) == "number_out_of_range 0")
        #expect(jsonFault(String(repeating: "9", count: 400)) == "number_out_of_range 0")
        #expect(jsonFault(String(repeating: "9", count: 400) + "e-100") == "valid")
        #expect(jsonFault("0." + String(repeating: "0", count: 400) + "1e700") == "valid")
        #expect(jsonFault("0." + String(repeating: "0", count: 400) + "1e710") == "number_out_of_range 0")
    }

    @Test("Whether a random number is in range is what the standard library says")
    func randomNumbers() {
        var generator = Seeded(3)
        for _ in 0..<3_000 {
            let whole = (0..<Int.random(in: 1...30, using: &generator)).map { _ in
                Int.random(in: 0...9, using: &generator)
            }
            let point = Int.random(in: 0...whole.count, using: &generator)
            let digits = whole.map(String.init)
            let head =
                point == 0 ? "0" : digits[0] == "0" ? "1" + digits[1..<point].joined() : digits[..<point].joined()
            let tail = point < digits.count ? "." + digits[point...].joined() : ""
            let text = "\(head)\(tail)e\(Int.random(in: 270...312, using: &generator))"
            #expect((jsonFault(text) == "valid") == (Double(text)?.isFinite ?? false), "\(text)")
        }
    }

    @Test("A text that is cut anywhere is refused")
    func truncated() {
        let text = Array(
            "{\"a\":[1.5e3,\"\u{E9}\\u00e9\\ud83d\\ude00 0123456789\",true,null,{\"b\":-0}],\"long key of a member\":{}}"
                .utf8)
        for count in 0..<text.count {
            #expect(jsonFault(ByteBuffer(bytes: text[..<count])) != "valid")
            #expect(jsonFault(ByteBuffer(bytes: text[(count + 1)...])) != "valid")
        }
        #expect(jsonFault(ByteBuffer(bytes: text)) == "valid")
    }

    @Test("A text counts from the reader index, and ends at the writer index")
    func slices() throws {
        var text = ByteBuffer(string: "xx{\"a\":\"b\"}yy")
        text.moveReaderIndex(forwardBy: 2)
        text.moveWriterIndex(to: text.writerIndex - 2)
        var values: [JSONValue] = []
        try JSONScanner.scan(text, JSONShape(["a"], reportsOthers: false), into: &values)

        #expect(values == [JSONValue(field: 0, kind: .string, span: 5..<8)])
    }

    @Test("A shape says how many values are reported at most")
    func mostValues() throws {
        let shape = JSONShape(["a"], reportsOthers: true, mostValues: 3)
        var values: [JSONValue] = []

        try JSONScanner.scan(ByteBuffer(string: #"{"a":["b",1,true,"c"]}"#), shape, into: &values)
        #expect(values.count == 3)
        values = []
        #expect(throws: JSONFault(.tooManyValues, at: 15)) {
            try JSONScanner.scan(ByteBuffer(string: #"{"a":["b","c",{"d":1}]}"#), shape, into: &values)
        }
        #expect(values.isEmpty)
    }
}
