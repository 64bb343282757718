import KeeptrustsWire
import NIOCore
import Testing

@Suite("Keys of JSON objects")
struct JSONKeysTests {
    static func object(_ keys: some Sequence<String>) -> String {
        "{\(keys.map { "\"\($0)\":0" }.joined(separator: ","))}"
    }

    @Test(
        "An equal key is found among any number", arguments: [1, 2, 15, 16, 17, 18, 31, 32, 33, 63, 64, 65, 500, 5_000])
    func duplicates(count: Int) {
        let keys = (0..<count).map { "k\($0)" }
        #expect(jsonFault(Self.object(keys)) == "valid")
        for again in Set([0, count / 2, count - 1]) {
            let text = Self.object(keys + ["k\(again)"])
            let offset = text.utf8.count - "\"k\(again)\":0}".utf8.count
            #expect(jsonFault(text) == "duplicate_key \(offset)")
            #expect(jsonFault(Self.object(keys + ["\\u006b\(again)"])) == "duplicate_key \(offset)")
            #expect(jsonFault("[\(Self.object(keys)),\(Self.object(keys))]") == "valid")
            #expect(jsonFault("{\"a\":\(Self.object(keys)),\"k0\":\(Self.object(keys))}") == "valid")
        }
    }

    @Test("Keys of all lengths are told apart", arguments: 0...40)
    func lengths(length: Int) {
        let base = Array(repeating: UInt8(ascii: "a"), count: length)
        var keys = [String(decoding: base, as: UTF8.self), String(repeating: "a", count: length + 1)]
        for index in base.indices {
            var other = base
            other[index] = UInt8(ascii: "b")
            keys.append(String(decoding: other, as: UTF8.self))
        }
        #expect(jsonFault(Self.object(keys)) == "valid")
        for key in keys { #expect(jsonFault(Self.object(keys + [key])).hasPrefix("duplicate_key")) }
    }

    @Test("Half a million keys take linear work", .timeLimit(.minutes(1)))
    func manyKeys() {
        var text = ByteBuffer(string: "{")
        for index in 0..<500_000 {
            text.writeString(index == 0 ? "\"" : ",\"")
            text.writeDecimal(index)
            text.writeString("\":0")
        }
        text.writeString("}")

        #expect(jsonFault(text) == "valid")
        #expect(jsonFault(text, JSONShape(["model", "messages.*.content"], reportsOthers: false)) == "valid")
    }

    static let shape = JSONShape(["model", "Kind", "messages.*.content", "tool_choice"], reportsOthers: true)

    @Test(
        "A key that some readers take for a named one is refused, where it is named",
        arguments: [
            ("{\"Model\":1}", 1), ("{\"MODEL\":1}", 1), ("{\"model\":1,\"modeL\":2}", 11), ("{\"mod\\u0045l\":1}", 1),
            ("{\"kind\":1}", 1), ("{\"\u{212A}ind\":1}", 1), ("{\"me\u{17F}\u{17F}ages\":1}", 1),
            ("{\"\\u212aind\":1}", 1),
            ("{\"Messages\":[]}", 1), ("{\"messages\":[{\"Content\":1}]}", 14), ("{\"tool_Choice\":1}", 1),
        ])
    func caseVariants(text: String, offset: Int) {
        #expect(jsonFault(text, Self.shape) == "case_variant_key \(offset)")
    }

    @Test(
        "A key that is another one is accepted",
        arguments: [
            "{\"model\":1,\"Kind\":2,\"messages\":[{\"content\":3}]}", "{\"mode\":1}", "{\"models\":1}",
            "{\"m\u{F6}del\":1}",
            "{\"x\":{\"Model\":1,\"model\":2}}", "{\"messages\":{\"Content\":1}}", "{\"messages\":[{\"Model\":1}]}",
            "{\"mo\\u0064el\":1}", "{\"Content\":1}", "{\"tool\u{DF}choice\":1}", "{\"tool\\u007fchoice\":1}",
            "{\"\":1}",
        ])
    func otherKeys(text: String) {
        #expect(jsonFault(text, Self.shape) == "valid")
    }

    @Test("A named key that is written with escapes is that key")
    func escapedNames() throws {
        #expect(try scan("{\"mo\\u0064el\":\"m\"}", Self.shape) == ["model string \"m\""])
        #expect(jsonFault("{\"model\":1,\"mo\\u0064el\":2}", Self.shape) == "duplicate_key 11")
        #expect(jsonFault("{\"mo\\u0064el\":1,\"model\":2}", Self.shape) == "duplicate_key 16")
        #expect(jsonFault("{\"model\":1,\"model\":2}", Self.shape) == "duplicate_key 11")
    }

    @Test("More than 64 named keys are told apart too")
    func manyNamed() throws {
        let names = (0..<150).map { "n\($0)" }
        let shape = JSONShape(names, reportsOthers: false)
        #expect(try scan(Self.object(names.reversed()), shape) == names.reversed().map { "\($0) number 0" })
        for name in names { #expect(jsonFault(Self.object(names + [name]), shape).hasPrefix("duplicate_key")) }
    }
}
