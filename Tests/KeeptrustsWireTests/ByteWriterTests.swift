import NIOCore
import Testing

@testable import KeeptrustsWire

@Suite("Byte writer")
struct ByteWriterTests {
    @Test("Pieces of every kind stand one behind the other, however often memory must grow")
    func pieces() {
        var writer = ByteWriter(capacity: 1)
        var expected = ""
        for round in 0..<300 {
            writer.write("head ")
            writer.write(text: "ä\(round)")
            writer.write(ByteBuffer(string: "|"))
            writer.write(UInt8(ascii: "\n"))
            [UInt8]("raw".utf8).withUnsafeBytes { writer.write($0) }
            expected += "head ä\(round)|\nraw"
        }
        #expect(String(buffer: writer.buffer) == expected)
    }

    @Test("What was cleared is gone, also after an unusually long output")
    func clear() {
        var writer = ByteWriter(capacity: 64)
        writer.write(text: String(repeating: "x", count: 1 << 20))
        writer.clear()
        writer.write("y")
        #expect(String(buffer: writer.buffer) == "y")
        writer.clear()
        #expect(writer.buffer.readableBytes == 0)
    }

    @Test("Decimals", arguments: [0, 9, 10, -1, 99, 100, 1_234_567_890, Int.max, Int.min])
    func decimals(_ number: Int) {
        var writer = ByteWriter(capacity: 1)
        writer.writeDecimal(number)
        #expect(String(buffer: writer.buffer) == "\(number)")
    }

    @Test(
        "JSON strings are those of a ByteBuffer, from a string and from bytes",
        arguments: [
            "", "plain", "a \"quote\"", "back\\slash", "tab\tand\nline", "\u{0}\u{1F}\u{7F}", "ünï \u{1F600}",
            String(repeating: "a", count: 4_000) + "\"",
        ])
    func strings(_ text: String) {
        var expected = ByteBuffer()
        expected.writeJSONString(text)
        var writer = ByteWriter(capacity: 1)
        writer.writeJSONString(text)
        #expect(writer.buffer == expected)
        writer.clear()
        writer.writeJSONString(ByteBuffer(string: text))
        #expect(writer.buffer == expected)
    }

    @Test("Bytes that are not UTF-8 become replacement characters")
    func malformed() {
        var writer = ByteWriter(capacity: 1)
        writer.writeJSONString(ByteBuffer(bytes: [0x61, 0xFF, 0xC3, 0x62]))
        #expect(String(buffer: writer.buffer) == "\"a\u{FFFD}\u{FFFD}b\"")
    }
}
