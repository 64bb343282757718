public import NIOCore

extension ByteBuffer {
    /// Writes the text in `text` as a JSON string, with quotes; bytes that are not UTF-8 become U+FFFD.
    public mutating func writeJSONString(_ text: ByteBuffer) {
        writeInteger(UInt8(ascii: "\""))
        text.withUnsafeReadableBytes { writeJSONContent($0) }
        writeInteger(UInt8(ascii: "\""))
    }

    /// Writes `text` as a JSON string, with quotes.
    public mutating func writeJSONString(_ text: String) {
        writeInteger(UInt8(ascii: "\""))
        writeJSONContent(text)
        writeInteger(UInt8(ascii: "\""))
    }

    /// Writes what stands between the quotes of a JSON string.
    public mutating func writeJSONContent(_ text: String) {
        var text = text
        text.withUTF8 { writeJSONContent(UnsafeRawBufferPointer($0)) }
    }

    private mutating func writeJSONContent(_ bytes: UnsafeRawBufferPointer) {
        var (written, offset) = (0, 0)
        while true {
            offset = bytes.firstSpecial(from: offset)
            guard offset < bytes.count else { break }
            let length = bytes[offset] < 0x80 ? 0 : bytes.characterLength(at: offset)
            guard length == 0 else {
                offset += length
                continue
            }
            writeBytes(UnsafeRawBufferPointer(rebasing: bytes[written..<offset]))
            writeJSONEscape(of: bytes[offset])
            offset += 1
            written = offset
        }
        writeBytes(UnsafeRawBufferPointer(rebasing: bytes[written...]))
    }

    /// Writes what stands for a byte that may not stand for itself.
    private mutating func writeJSONEscape(of byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): writeStaticString("\\\"")
        case UInt8(ascii: "\\"): writeStaticString("\\\\")
        case 0x0A: writeStaticString("\\n")
        case 0x0D: writeStaticString("\\r")
        case 0x09: writeStaticString("\\t")
        case 0x80...: writeStaticString("\u{FFFD}")
        default:
            let digit = byte & 15
            writeStaticString(byte < 16 ? "\\u000" : "\\u001")
            writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The first byte at or after `start` that is not printable ASCII, or is a quote or a backslash; else the count.
    @inline(__always)
    func firstSpecial(from start: Int) -> Int {
        var offset = start
        while offset + 8 <= count {
            let marks = Word.special(word(at: offset))
            if marks != 0 { return offset + marks.trailingZeroBitCount >> 3 }
            offset += 8
        }
        // The last eight bytes, with letters for those that were looked at: one byte's mark can put one on the next.
        if offset < count, count >= 8 {
            let seen: UInt64 = 1 << UInt64((offset - count + 8) * 8) - 1
            let marks = Word.special(word(at: count - 8) & ~seen | Word.letters & seen)
            return marks != 0 ? count - 8 + marks.trailingZeroBitCount >> 3 : count
        }
        while offset < count, 0x20..<0x80 ~= self[offset], self[offset] != 0x22, self[offset] != 0x5C { offset += 1 }
        return offset
    }
}
