import KeeptrustsWire
import NIOCore
import Testing

@Suite("JSON, located")
struct JSONShapeTests {
    static let paths = ["model", "stream", "messages", "messages.*.content", "messages.*.content.*.text", "stop.*"]

    /// Texts, and what is reported of them with and without other strings.
    static let cases: [(String, [String], [String])] = [
        ("{}", [], []),
        ("{\"model\":\"m\",\"stream\":true}", ["model string \"m\"", "stream true true"], []),
        ("{\"stream\":null,\"model\":1.5}", ["stream null null", "model number 1.5"], []),
        ("{\"stream\":false,\"model\":{\"a\":[]}}", ["stream false false", "model object {\"a\":[]}"], []),
        (
            "{\"messages\": [ {\"role\":\"user\",\"content\":\"a\\n\"},{\"content\":[{\"type\":\"text\",\"text\":\"b\"},{\"text\":\"c\"}]} ]}",
            [
                "messages array [ {\"role\":\"user\",\"content\":\"a\\n\"},{\"content\":[{\"type\":\"text\",\"text\":\"b\"},{\"text\":\"c\"}]} ]",
                "messages.*.content[0] string* \"a\\n\"",
                "messages.*.content[1] array [{\"type\":\"text\",\"text\":\"b\"},{\"text\":\"c\"}]",
                "messages.*.content.*.text[1][0] string \"b\"", "messages.*.content.*.text[1][1] string \"c\"",
            ],
            ["other[0] string \"user\"", "other[1][0] string \"text\""]
        ),
        ("{\"stop\":[\"a\",\"b\"]}", ["stop.*[0] string \"a\"", "stop.*[1] string \"b\""], []),
        ("{\"stop\":\"a\"}", [], ["other string \"a\""]),
        ("{\"messages\":\"a\"}", ["messages string \"a\""], []),
        ("{\"messages\":{\"content\":\"a\"}}", ["messages object {\"content\":\"a\"}"], ["other string \"a\""]),
        ("{\"user\":\"u\",\"n\":1}", [], ["other string \"u\""]),
        (
            "{\"metadata\":{\"k\\u0031\":\"v\",\"l\":{\"m\":[1,\"n\"]}}}", [],
            [
                "key string* \"k\\u0031\"", "other string \"v\"", "key string \"l\"", "key string \"m\"",
                "other[1] string \"n\"",
            ]
        ),
        (
            "{\"tools\":[{\"x\":1},[{\"y\":2},[{\"z\":3}]]]}", [],
            ["key[0] string \"x\"", "key[1][0] string \"y\"", "key[1][1] string \"z\""]
        ),
        ("[\"a\"]", [], ["other[0] string \"a\""]), ("\"a\"", [], ["other string \"a\""]),
    ]

    @Test("Named places are reported, and other strings and keys when asked for", arguments: cases)
    func reports(text: String, named: [String], others: [String]) throws {
        #expect(try scan(text, JSONShape(Self.paths, reportsOthers: false)) == named)

        let all = try scan(text, JSONShape(Self.paths, reportsOthers: true))
        #expect(all.filter { !$0.hasPrefix("other") && !$0.hasPrefix("key") } == named)
        #expect(all.filter { $0.hasPrefix("other") || $0.hasPrefix("key") } == others)
    }

    @Test("A family of keys leads to one place, whatever their case, and none of them stands twice")
    func families() throws {
        let shape = JSONShape(["a_*", "a_b", "m.x*"], reportsOthers: true, reportsUnknownKeys: true)

        #expect(
            try scan("{\"a_c\":1,\"A_D\":2,\"a_b\":3,\"a\":4,\"a_\":5,\"m\":{\"xy\":6,\"a_c\":7}}", shape) == [
                "a_* number 1", "a_* number 2", "a_b number 3", "key string \"a\"", "a_* number 5", "m.x* number 6",
                "key string \"a_c\"",
            ])
        #expect(throws: JSONFault(.duplicateKey, at: 9)) { try scan("{\"a_c\":1,\"a\\u005fc\":2}", shape) }
        #expect(throws: JSONFault(.caseVariantKey, at: 1)) { try scan("{\"A_b\":1}", shape) }
    }

    @Test("Everything comes in the order of the text, containers first")
    func order() throws {
        let shape = JSONShape(["a", "a.b", "c"], reportsOthers: true)
        #expect(
            try scan("{\"x\":\"1\",\"a\":{\"b\":\"2\",\"y\":\"3\"},\"z\":{\"k\":\"4\"},\"c\":\"5\"}", shape) == [
                "other string \"1\"", "a object {\"b\":\"2\",\"y\":\"3\"}", "a.b string \"2\"", "other string \"3\"",
                "key string \"k\"", "other string \"4\"", "c string \"5\"",
            ])
    }

    @Test("Keys beside named ones are reported when asked for")
    func unknownKeys() throws {
        let shape = JSONShape(["a", "b.c"], reportsOthers: true, reportsUnknownKeys: true)
        #expect(
            try scan("{\"a\":{\"d\":1},\"b\":{\"c\":2,\"e\":3},\"f\":4}", shape) == [
                "a object {\"d\":1}", "key string \"d\"", "b.c number 2", "key string \"e\"", "key string \"f\"",
            ])
    }

    @Test("Numbers that no path names are reported from a length on that is asked for")
    func numbers() throws {
        let shape = JSONShape(["a", "b.c"], reportsOthers: true, leastNumber: 3)
        #expect(
            try scan(
                "{\"a\":1,\"b\":{\"c\":2,\"d\":333},\"e\":[444,\"5\",44,{\"f\": -6.5}],\"g\":true,\"h\":-1}", shape)
                == [
                    "a number 1", "b.c number 2", "other number 333", "other[0] number 444", "other[1] string \"5\"",
                    "key[3] string \"f\"", "other[3] number -6.5",
                ])
    }

    @Test("A value without a path bears what tells its place from others, text after text")
    func places() throws {
        func places(_ text: String) throws -> [UInt32] {
            let shape = JSONShape(["c.*.d", "c.*.e.*"], reportsOthers: true, reportsPlaces: true)
            var values: [JSONValue] = []
            try JSONScanner.scan(ByteBuffer(string: text), shape, into: &values)
            return values.filter { $0.field == JSONShape.other }.map(\.place)
        }
        let first = try places(#"{"c":[{"x":"1","y":["2","3",{"x":"4"}],"e":["5"]}],"x":"6"}"#)
        let second = try places(#"{"x":"6","c":[{},{"y":["2","3",{"\u0078":"4"}],"x":"1"}]}"#)

        #expect(first.count == 5)
        #expect(Set(first).count == 5)
        #expect(!first.contains(0))
        #expect(second == [first[4], first[1], first[2], first[3], first[0]])
    }

    @Test("The empty path is the root, and `*` its elements")
    func root() throws {
        #expect(try scan(" [1] ", JSONShape([""], reportsOthers: false)) == [" array [1]"])
        #expect(
            try scan("[1,{}]", JSONShape(["*", "*.a"], reportsOthers: false)) == ["*[0] number 1", "*[1] object {}"])
    }

    @Test("Values are appended to those that are there, and a fault takes none of those away")
    func appends() throws {
        let shape = JSONShape(["a"], reportsOthers: false)
        var values: [JSONValue] = []
        try JSONScanner.scan(ByteBuffer(string: "{\"a\":1}"), shape, into: &values)
        #expect(throws: JSONFault(.unexpectedEnd, at: 7)) {
            try JSONScanner.scan(ByteBuffer(string: "{\"a\":12"), shape, into: &values)
        }
        try JSONScanner.scan(ByteBuffer(string: "{\"a\":\"\"}"), shape, into: &values)

        #expect(
            values == [
                JSONValue(field: 0, kind: .number, span: 5..<6), JSONValue(field: 0, kind: .string, span: 5..<7),
            ])
    }

    @Test("A value takes 40 bytes")
    func size() {
        #expect(MemoryLayout<JSONValue>.stride == 40)
    }
}
