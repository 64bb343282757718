import Foundation
import KeeptrustsWire
import NIOCore
import Testing

@Suite("Pieces taken out of JSON")
struct JSONRedactorTests {
    /// A text, the pieces of it that are taken out, and what is left.
    static let cases: [(String, [String], String)] = [
        (#"{"a":"x 41 y"}"#, ["41"], #"{"a":"x [M] y"}"#),
        (#"{"a":4111}"#, ["4111"], #"{"a":"[M]"}"#), (#"{"a":-4111.50e2}"#, ["4111"], #"{"a":"-[M].50e2"}"#),
        (#"[1,4111,true]"#, ["4111"], #"[1,"[M]",true]"#), (#"[true ]"#, ["rue"], #"["t[M]" ]"#),
        (#"{"a": 41, "b": 42}"#, ["41", "42"], #"{"a": "[M]", "b": "[M]"}"#),
        // A document in a string.
        (#"{"a":"{\"b\":4111}"}"#, ["4111"], #"{"a":"{\"b\":\"[M]\"}"}"#),
        (#"{"a":"{\"b\":\"4111\"}"}"#, ["4111"], #"{"a":"{\"b\":\"[M]\"}"}"#),
        (#"["[\"[4111]\"]"]"#, ["4111"], #"["[\"[\\\"[M]\\\"]\"]"]"#),
        // An escape goes as a whole.
        (#"{"a":"\u00341 "}"#, ["41"], #"{"a":"[M] "}"#), (#"{"a":"x\n41"}"#, ["n41"], #"{"a":"x[M]"}"#),
        // Keys: alone they go, with their value they stay.
        (#"{"4111":1}"#, ["4111"], #"{"[M]":1}"#), (#"{"pin":"41"}"#, [#"pin":"41"#], #"{"pin":"[M]"}"#),
        (#"{"pin":41}"#, [#"pin":41"#], #"{"pin":"[M]"}"#), (#"{"pin":""}"#, [#"pin":"#], #"{"[M]":""}"#),
        (#"{"pin":"41","x":"y"}"#, [#"41","x":"y"#], #"{"pin":"[M]","x":"[M]"}"#),
        (#"{"a":"{\"pin\":\"41\"}"}"#, [#"pin\":\"41"#], #"{"a":"{\"pin\":\"[M]\"}"}"#),
        (#"{"k":"1","pin":{"k":41}}"#, [#"pin":{"k":41"#], #"{"k":"1","pin":{"k":"[M]"}}"#),
        // Over several values, form stays.
        (#"["41","42"]"#, [#"41","42"#], #"["[M]","[M]"]"#), (#"[41,42]"#, ["1,4"], #"["4[M]","[M]2"]"#),
        // Text that is no JSON, in whole or in part.
        ("pay 41 42 now", ["41 42"], "pay [M] now"), ("[note] pay 41 42", ["41 42"], "[note] pay [M]"),
        ("4111", ["4111"], "[M]"), (#"{"a":1} 41 "x""#, ["41 \"x"], #"{"a":1} [M]""#),
        ("{note pay 41 42", ["41 42"], "{note pay [M] "),
        (#"{'a':'41','b':42}"#, ["41", "42"], #"{'a':'[M]','b':"[M]"}"#),
        (#""41""#, ["41"], #""[M]""#), (#"{"a":41"#, ["41"], #"{"a":"[M]""#), ("{41:1}", ["41"], "{[M]:1}"),
        ("[4141]", ["4", "1"], "[\"[M][M]41\"]"),
    ]

    private static func range(of part: String, in text: String) throws -> Range<Int> {
        let range = try #require(text.firstRange(of: part))
        let lower = text.utf8.distance(from: text.startIndex, to: range.lowerBound)
        return lower..<lower + part.utf8.count
    }

    @Test("Strings change inside, numbers become strings, and form stays", arguments: cases)
    func whole(text: String, parts: [String], expected: String) throws {
        var redactor = JSONRedactor()
        for part in parts { redactor.cut(try Self.range(of: part, in: text), for: "[M]") }

        var edits = JSONEdits()
        for edit in redactor.edits(of: ByteBuffer(string: text)) { edits.replace(edit.range, with: edit.replacement) }

        #expect(String(buffer: edits.apply(to: ByteBuffer(string: text))) == expected)
    }

    @Test("A marker with quotes of its own is written as its place demands")
    func marker() throws {
        let text = #"{"a":"41","b":"{\"c\":42,\"d\":\"43\"}","e":44}"#
        var redactor = JSONRedactor()
        for part in ["41", "42", "43", "44"] { redactor.cut(try Self.range(of: part, in: text), for: #"<"\>"#) }
        var edits = JSONEdits()
        for edit in redactor.edits(of: ByteBuffer(string: text)) { edits.replace(edit.range, with: edit.replacement) }
        let out = edits.apply(to: ByteBuffer(string: text))

        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(out.readableBytesView)) as? [String: String])
        #expect(object["a"] == #"<"\>"#)
        #expect(object["e"] == #"<"\>"#)
        let inner = try JSONSerialization.jsonObject(with: Data((object["b"] ?? "").utf8)) as? [String: String]
        #expect(inner == ["c": #"<"\>"#, "d": #"<"\>"#])
    }

    @Test("Those that overlap become one, with the replacement of the longest; order does not matter")
    func overlaps() {
        let cuts: [(Range<Int>, String)] = [(2..<6, "[A]"), (4..<12, "[B]"), (20..<22, "[C]"), (11..<13, "[D]")]
        for turn in 0..<cuts.count {
            var redactor = JSONRedactor()
            for (range, marker) in cuts[turn...] + cuts[..<turn] { redactor.cut(range, for: marker) }
            let edits = redactor.edits(of: ByteBuffer(string: #"["0123456789012345678901"]"#))

            #expect(edits.map(\.range) == [2..<13, 20..<22])
            #expect(edits.map { String(buffer: $0.replacement) } == ["[B]", "[C]"])
        }
    }

    @Test("Cuts that come from the beginning again, as of documents in one another, cost what cuts in order do")
    func levels() {
        let count = 10_000
        let text = ByteBuffer(string: "[\"" + String(repeating: "0123456789", count: count) + "\"]")
        let clock = ContinuousClock()
        func cost(levels: Int) -> Duration {
            (0..<3).map { _ in
                clock.measure {
                    var redactor = JSONRedactor()
                    for level in 0..<levels {
                        for place in 0..<count {
                            redactor.cut(place * 10 + 2 + level..<place * 10 + 3 + level, for: "[M]")
                        }
                    }
                    #expect(redactor.edits(of: text).count == count * levels)
                }
            }.min() ?? .zero
        }

        // In a list that is kept in order, each cut of a later level moves thousands.
        #expect(cost(levels: 8) < cost(levels: 1) * 40)
    }

    /// A random document: containers, numbers, words, strings with escapes, and documents in strings.
    private func document(_ depth: Int, _ generator: inout Seeded) -> String {
        func string(_ text: String) -> String {
            var out = ByteBuffer()
            out.writeJSONString(text)
            return String(buffer: out)
        }
        switch Int.random(in: 0...(depth > 3 ? 3 : 7), using: &generator) {
        case 0: return String(Int.random(in: -99_999...99_999, using: &generator))
        case 1: return ["true", "false", "null", "1.5e3"].randomElement(using: &generator) ?? "0"
        case 2: return string(["plain", "a\"b\\c", "e\n", "", "{x", "[1"].randomElement(using: &generator) ?? "")
        case 3: return #""\u0034\u0031 \ud83d\ude00\/""#
        case 4: return string(document(depth + 1, &generator))
        case 5: return "[" + (0..<3).map { _ in document(depth + 1, &generator) }.joined(separator: ", ") + "]"
        default:
            return "{" + (0..<3).map { "\"k\($0)\": " + document(depth + 1, &generator) }.joined(separator: ",") + "}"
        }
    }

    @Test("Whatever is taken out of a document, what is left is a document")
    func valid() throws {
        var generator = Seeded(7)
        for _ in 0..<3_000 {
            let text = "[" + document(0, &generator) + "," + document(0, &generator) + "]"
            let bytes = ByteBuffer(string: text)
            var redactor = JSONRedactor()
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let lower = Int.random(in: 0..<bytes.readableBytes, using: &generator)
                let upper = min(lower + Int.random(in: 1...12, using: &generator), bytes.readableBytes)
                redactor.cut(lower..<upper, for: "[\"]")
            }
            var edits = JSONEdits()
            for edit in redactor.edits(of: bytes) { edits.replace(edit.range, with: edit.replacement) }
            let left = edits.apply(to: bytes)

            #expect(throws: Never.self, "\(text) became \(String(buffer: left))") {
                try JSONSerialization.jsonObject(with: Data(left.readableBytesView))
            }
        }
    }
}
