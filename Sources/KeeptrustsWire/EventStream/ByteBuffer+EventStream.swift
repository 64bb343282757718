public import NIOCore

extension ByteBuffer {
    /// Writes an event with `data` and no name: `data: …` and an empty line.
    ///
    /// A line break in `data` begins a new `data:` line, so data cannot end the event or add a field to it.
    public mutating func writeSSEData(_ data: ByteBuffer) {
        var rest = data
        repeat {
            let length = rest.withUnsafeReadableBytes { $0.firstLineBreak(from: 0) }
            writeStaticString("data: ")
            guard let line = rest.readSlice(length: length ?? rest.readableBytes) else { break }
            writeImmutableBuffer(line)
            writeStaticString("\n")
            guard length != nil else { break }
            let lineBreak: UInt8? = rest.readInteger()
            if lineBreak == 0x0D, rest.getInteger(at: rest.readerIndex, as: UInt8.self) == 0x0A {
                rest.moveReaderIndex(forwardBy: 1)
            }
        } while true
        writeStaticString("\n")
    }
}

extension UnsafeRawBufferPointer {
    /// The first CR or LF at or after `start`, or nil.
    @inline(__always)
    func firstLineBreak(from start: Int) -> Int? {
        var offset = start
        while offset + 8 <= count {
            let word = word(at: offset)
            let marks = Word.equal(word, 0x0A) | Word.equal(word, 0x0D)
            if marks != 0 { return offset + marks.trailingZeroBitCount >> 3 }
            offset += 8
        }
        while offset < count {
            if self[offset] == 0x0A || self[offset] == 0x0D { return offset }
            offset += 1
        }
        return nil
    }
}
