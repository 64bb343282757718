/// The characters of a text in UTF-8, with their places; bytes that are none are handed out one by one.
struct Characters: Sequence, IteratorProtocol {
    private let text: UnsafeRawBufferPointer
    private var offset: Int

    init(_ text: UnsafeRawBufferPointer, from offset: Int = 0) {
        self.text = text
        self.offset = offset
    }

    /// The next character; `scalar` is nil for a byte that belongs to none.
    mutating func next() -> (scalar: Unicode.Scalar?, span: Range<Int>)? {
        guard offset < text.count else { return nil }
        let start = offset
        let lead = text[start]
        guard lead >= 0x80 else {
            offset += 1
            return (Unicode.Scalar(lead), start..<offset)
        }
        let length = lead >= 0xC2 && lead < 0xF5 ? (~lead).leadingZeroBitCount : 1
        guard length > 1, start + length <= text.count else {
            offset += 1
            return (nil, start..<offset)
        }
        var value = UInt32(lead) & (0x7F >> UInt32(length))
        for index in start + 1..<start + length {
            guard text[index] & 0xC0 == 0x80 else {
                offset += 1
                return (nil, start..<offset)
            }
            value = value << 6 | UInt32(text[index] & 0x3F)
        }
        offset += length
        return (Unicode.Scalar(value), start..<offset)
    }
}
