/// Parts of a text that are another text, encoded: base64 (also of URLs, wrapped, without padding) and hexadecimal.
///
/// Each stands for what it decodes to, when that reads as text; keys, hashes and images do not.
struct EncodedRuns {
    /// A part and what it says.
    struct Run {
        var span: Range<Int>
        var bytes: [UInt8]
    }

    /// Characters of a run at least: shorter ones say too little to hide anything.
    static let shortest = 16

    /// Runs that are decoded of one text, at most.
    private static let mostRuns = 64

    private let text: UnsafeRawBufferPointer

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    /// The runs that read as text, in order.
    func decoded() -> [Run] {
        var runs: [Run] = []
        var start = 0
        while let span = next(from: start), runs.count < Self.mostRuns {
            start = span.upperBound
            let bytes = hexadecimal(span) ?? base64(span)
            if let bytes, Self.readsAsText(bytes) { runs.append(Run(span: span, bytes: bytes)) }
        }
        return runs
    }

    /// The next row of characters of base64, with the line breaks of a wrapped one.
    private func next(from start: Int) -> Range<Int>? {
        var probe = start + Self.shortest - 1
        while probe < text.count {
            guard Self.isDigit(text[probe]) else {
                probe += Self.shortest
                continue
            }
            var first = probe
            while first > start, Self.isDigit(text[first - 1]) { first -= 1 }
            let end = end(from: first)
            if end - first >= Self.shortest { return first..<end }
            probe = end + Self.shortest
        }
        return nil
    }

    private func end(from first: Int) -> Int {
        var end = first
        var line = first
        while true {
            while end < text.count, Self.isDigit(text[end]) { end += 1 }
            // Mail and PEM wrap at 76 and 64; what follows a shorter line is another matter.
            var next = end
            if next < text.count, text[next] == 0x0D { next += 1 }
            guard end - line >= 60, next < text.count, text[next] == 0x0A, next + 1 < text.count,
                Self.isDigit(text[next + 1])
            else { break }
            line = next + 1
            end = line
        }
        while end < text.count, end - first < text.count, text[end] == UInt8(ascii: "=") { end += 1 }
        return end
    }

    private func base64(_ span: Range<Int>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(span.count * 3 / 4)
        var (bits, count): (UInt32, Int) = (0, 0)
        for byte in text[span] {
            guard let value = Self.value(byte) else { continue }
            bits = bits << 6 | UInt32(value)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return bytes
    }

    private func hexadecimal(_ span: Range<Int>) -> [UInt8]? {
        guard span.count % 2 == 0, text[span].allSatisfy({ EscapeReader.digit($0) != nil }) else { return nil }
        return stride(from: span.lowerBound, to: span.upperBound, by: 2).map { place in
            let (high, low) = (EscapeReader.digit(text[place]) ?? 0, EscapeReader.digit(text[place + 1]) ?? 0)
            return UInt8(high << 4 | low)
        }
    }

    /// Whether bytes are a text that a person could have written: whole characters, nearly all of which show.
    static func readsAsText(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 6 else { return false }
        var (odd, letters) = (0, 0)
        return bytes.withUnsafeBytes { raw in
            for (scalar, _) in Characters(raw) {
                guard let scalar else { return false }
                let value = scalar.value
                if value < 0x20 && value != 0x0A && value != 0x0D && value != 0x09 || value == 0x7F { odd += 1 }
                if scalar.properties.isAlphabetic || scalar.properties.numericType != nil { letters += 1 }
            }
            return odd == 0 && letters * 2 >= bytes.count / 2
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { value(byte) != nil }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte - 0x41
        case 0x61...0x7A: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
