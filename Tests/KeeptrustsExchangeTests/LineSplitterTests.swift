import KeeptrustsExchange
import NIOCore
import Testing

struct LineSplitterTests {
    /// The lines of a text that comes in blocks of `size` bytes; nil for one that is too long.
    private func lines(_ text: String, size: Int, limit: Int = 100) -> [String?] {
        var splitter = LineSplitter(limit: limit)
        var rest = ByteBuffer(string: text)
        var lines: [String?] = []
        while let block = rest.readSlice(length: min(size, rest.readableBytes)), block.readableBytes > 0 {
            splitter.push(block)
            while let line = splitter.next() { lines.append(line.bytes.map { String(buffer: $0) }) }
        }
        while let line = splitter.next(isLast: true) { lines.append(line.bytes.map { String(buffer: $0) }) }
        return lines
    }

    @Test("Lines come out whole, wherever the bytes were cut", arguments: 1...12)
    func cuts(size: Int) {
        #expect(lines("ab\n\nçd\r\ne", size: size) == ["ab", "", "çd\r", "e"])
        #expect(lines("ab\n", size: size) == ["ab"])
        #expect(lines("", size: size) == [])
        #expect(lines("\n", size: size) == [""])
    }

    @Test("A line that is too long is passed over, and the next one is not", arguments: 1...12)
    func tooLong(size: Int) {
        #expect(lines("abcd\nabcde\nab\n", size: size, limit: 4) == ["abcd", nil, "ab"])
        #expect(lines("abcdefghijklmnopqrstuvwxyz", size: size, limit: 4) == [nil])
    }

    @Test("Lines are counted from 1")
    func numbers() {
        var splitter = LineSplitter()
        splitter.push(ByteBuffer(string: "a\nb\nc"))

        #expect(splitter.next()?.number == 1)
        #expect(splitter.next()?.number == 2)
        #expect(splitter.next() == nil)
        #expect(splitter.next(isLast: true)?.number == 3)
    }
}
