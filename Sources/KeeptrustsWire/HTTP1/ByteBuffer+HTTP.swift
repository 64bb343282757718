public import NIOCore

extension ByteBuffer {
    /// Writes `data` as one chunk of a chunked body; nothing when it is empty, as an empty chunk would end the body.
    public mutating func writeChunk(_ data: ByteBuffer) {
        guard data.readableBytes > 0 else { return }
        writeHexadecimal(data.readableBytes)
        writeStaticString("\r\n")
        writeImmutableBuffer(data)
        writeStaticString("\r\n")
    }

    /// Writes what ends a chunked body.
    public mutating func writeLastChunk() { writeStaticString("0\r\n\r\n") }

    /// Writes a number in decimal, without making a string of it.
    public mutating func writeDecimal(_ number: Int) {
        var rest = number.magnitude
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var start = digits.count
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if number < 0 {
                start -= 1
                digits[start] = UInt8(ascii: "-")
            }
            writeBytes(UnsafeRawBufferPointer(rebasing: digits[start...]))
        }
    }

    private mutating func writeHexadecimal(_ number: Int) {
        var shift = (Int.bitWidth - 1 - number.leadingZeroBitCount) & ~3
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: number >> shift & 15)
            writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            shift -= 4
        }
    }
}
