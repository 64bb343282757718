/// One escape of a JSON string, or a stretch that means itself.
struct StringEscape {
    /// The bytes of the escape; 12 for a surrogate pair.
    var length: Int
    var character: Unicode.Scalar

    /// Reads the escape at `start` of a string that ends before `end`; what is not valid stands for U+FFFD.
    init(_ bytes: UnsafeRawBufferPointer, at start: Int, before end: Int) {
        length = min(2, end - start)
        let letter = length == 2 ? bytes[start + 1] : 0
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): character = Unicode.Scalar(letter)
        case UInt8(ascii: "b"): character = "\u{8}"
        case UInt8(ascii: "f"): character = "\u{C}"
        case UInt8(ascii: "n"): character = "\n"
        case UInt8(ascii: "r"): character = "\r"
        case UInt8(ascii: "t"): character = "\t"
        case UInt8(ascii: "u"):
            character = "\u{FFFD}"
            guard let unit = Self.codeUnit(bytes, at: start, before: end) else { return }
            length = 6
            if let scalar = Unicode.Scalar(unit) { character = scalar }
            guard unit & 0xFC00 == 0xD800, let low = Self.codeUnit(bytes, at: start + 6, before: end),
                low & 0xFC00 == 0xDC00,
                let scalar = Unicode.Scalar(0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF))
            else { return }
            length = 12
            character = scalar
        default: character = "\u{FFFD}"
        }
    }

    /// The code unit of the `\u` escape at `start`, or nil when there is none.
    private static func codeUnit(_ bytes: UnsafeRawBufferPointer, at start: Int, before end: Int) -> UInt32? {
        guard start + 6 <= end, bytes[start] == UInt8(ascii: "\\"), bytes[start + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var unit: UInt32 = 0
        for offset in start + 2..<start + 6 {
            guard let digit = bytes[offset].hexValue else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes that a string with this content stands for.
    func unescaped(_ content: Range<Int>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(content.count)
        var start = content.lowerBound
        while start < content.upperBound {
            let end = firstOffset(of: UInt8(ascii: "\\"), in: start..<content.upperBound) ?? content.upperBound
            text += self[start..<end]
            start = end
            guard end < content.upperBound else { break }
            let escape = StringEscape(self, at: end, before: content.upperBound)
            text += Unicode.UTF8.encode(escape.character).map(Array.init) ?? []
            start += escape.length
        }
        return text
    }
}
