import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("Texts with edits")
struct EditedTextsTests {
    private static func texts(_ texts: [String], _ edits: [Redaction] = []) -> EditedTexts {
        EditedTexts(texts.map { .user($0) }, edits)
    }

    private static func edit(_ span: Range<Int>, _ text: String, of segment: Int = 0) -> Redaction {
        Redaction(segment: segment, span: span, replacement: text)
    }

    private static func strings(_ texts: EditedTexts) -> [String] { texts.segments.map { String(buffer: $0.text) } }

    @Test("Edits of edits become edits of what was sent")
    func layers() {
        var texts = Self.texts(["one two three"], [Self.edit(4..<7, "2222")])
        #expect(Self.strings(texts) == ["one 2222 three"])

        // Half of what was put in, and the space before it.
        texts.apply([Self.edit(3..<6, "-"), Self.edit(14..<14, "!")])
        #expect(Self.strings(texts) == ["one-22 three!"])
        #expect(texts.redactions == [Self.edit(3..<7, "-22"), Self.edit(13..<13, "!")])

        texts.apply([Self.edit(0..<13, "")])
        #expect(Self.strings(texts) == [""])
        #expect(texts.redactions == [Self.edit(0..<13, "")])
    }

    @Test("Texts are edited apart, and what is not edited stays what it is")
    func several() {
        let texts = Self.texts(["a", "", "c"], [Self.edit(0..<0, "x", of: 1), Self.edit(1..<1, "y", of: 2)])

        #expect(Self.strings(texts) == ["a", "x", "cy"])
        #expect(texts.redactions == [Self.edit(0..<0, "x", of: 1), Self.edit(1..<1, "y", of: 2)])
    }

    @Test("Applying the edits that come out gives the text that it is, for any edits", arguments: 0..<200)
    func any(seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        let sent = "The quick brown fox jumps over the lazy dog"
        var texts = Self.texts([sent])
        var expected = Array(sent.utf8)
        for _ in 0..<4 {
            let start = Int.random(in: 0...expected.count, using: &random)
            let end = Int.random(in: start...expected.count, using: &random)
            let text = String(repeating: "#", count: Int.random(in: 0...3, using: &random))
            texts.apply([Self.edit(start..<end, text)])
            expected.replaceSubrange(start..<end, with: Array(text.utf8))
        }

        #expect(Self.strings(texts) == [String(decoding: expected, as: UTF8.self)])
        #expect(Self.strings(Self.texts([sent], texts.redactions)) == Self.strings(texts))
    }

    @Test("What is inserted where something is replaced is not lost")
    func insertions() {
        let merged = Replacement.merged([
            Replacement(segment: 0, span: 4..<8, text: "[A]"), Replacement(segment: 0, span: 4..<4, text: "<"),
            Replacement(segment: 0, span: 6..<6, text: "+"), Replacement(segment: 0, span: 8..<8, text: ">"),
        ])

        #expect(merged == [Self.edit(4..<4, "<"), Self.edit(4..<8, "[A]+"), Self.edit(8..<8, ">")])
    }
}

/// A generator of numbers that is the same in every run (SplitMix64).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
