/// Parts of a text that are another text, encoded: base64 (also of URLs, wrapped, without padding) and hexadecimal.
///
/// Each stands for what it decodes to, when that reads as text; keys, hashes and images do not. A long run is read in parts
/// that overlap by half, and only as far as they read as text, so that the beginning of a run is read alike whatever follows.
struct EncodedRuns {
    /// A part and what it says.
    struct Run {
        var span: Range<Int>
        var bytes: [UInt8]
    }

    /// Characters of a run at least: shorter ones say too little to hide anything.
    static let shortest = 16

    /// Characters that are read together at most; the next part begins half as many behind.
    static let longest = 4_096

    /// Characters of a line that another one may continue at least; mail and PEM wrap at 76 and 64.
    private static let shortestLine = 16

    /// The runs that read as text, in order.
    private(set) var runs: [Run] = []

    /// Where a run begins, or a part of one, that more text may still go on and that may read as text; nil when none does.
    private(set) var pending: Int?

    /// Whether what is pending is a part behind the first of its run.
    private(set) var isLaterPart = false

    private let text: UnsafeRawBufferPointer
    private let piece: TextPiece

    /// Reads a text, or what is there of one.
    init(_ text: UnsafeRawBufferPointer, _ piece: TextPiece = .whole) {
        self.text = text
        self.piece = piece
        var start = piece.part ?? (piece.isCut ? end(from: 0, isLater: true).end : 0)
        if piece.part != nil {
            let (end, isOpen) = end(from: start, isLater: true)
            start = read(from: start, to: end, isOpen: isOpen, isLater: true)
        }
        while let (first, end, isOpen) = next(from: start) {
            start = read(from: first, to: end, isOpen: isOpen, isLater: false)
        }
        if piece.isOpen, pending == nil { lookAtLastWord(from: start) }
    }

    /// Where the next row of characters of base64 begins that is long enough, and what ``end(from:isLater:)`` says of it.
    private func next(from start: Int) -> (first: Int, end: Int, isOpen: Bool)? {
        var start = start
        var probe = start + Self.shortest - 1
        while probe < text.count {
            guard Self.isDigit(text[probe]) else {
                probe += Self.shortest
                continue
            }
            var first = probe
            while first > start, Self.isDigit(text[first - 1]) { first -= 1 }
            let (end, isOpen) = end(from: first, isLater: false)
            if end - first >= Self.shortest { return (first, end, isOpen) }
            start = end
            probe = end + Self.shortest
        }
        return nil
    }

    /// Reads the run from `first` to `end`, part by part, and gives where it ends.
    private mutating func read(from first: Int, to end: Int, isOpen: Bool, isLater: Bool) -> Int {
        var (start, isLater) = (first, isLater)
        while true {
            let (half, whole) = places(from: start, to: end)
            let isFull = whole != nil
            guard isFull || !isOpen || !RunBeginning.mayReadAsText(text[start..<end], isLater) else {
                (pending, isLaterPart) = (start, isLater)
                return end
            }
            let span = start..<(whole ?? end)
            guard let part = decode(span, isLater: isLater, isFull: isFull) else { return end }
            runs.append(Run(span: start..<part.end, bytes: part.bytes))
            guard part.end == span.upperBound else { return part.end }
            guard let half, let whole, whole < end || isOpen else { return end }
            (start, isLater) = (half, true)
        }
    }

    /// Behind which of the characters from `start` on half a part ends, and all of one; nil where there are not so many.
    private func places(from start: Int, to end: Int) -> (half: Int?, whole: Int?) {
        guard end - start >= Self.longest / 2 else { return (nil, nil) }
        var half: Int?
        var count = 0
        for place in start..<end where Self.isDigit(text[place]) {
            count += 1
            if count == Self.longest / 2 { half = place + 1 }
            if count == Self.longest { return (half, place + 1) }
        }
        return (half, nil)
    }

    /// What a part says, and where that ends; nil when it does not read as text.
    ///
    /// Of several lines the last ones may be words that stand below what is encoded.
    private func decode(_ span: Range<Int>, isLater: Bool, isFull: Bool) -> (bytes: [UInt8], end: Int)? {
        var bytes = hexadecimal(span) ?? base64(span)
        let skipped = isLater ? bytes.prefix(3).prefix { $0 & 0xC0 == 0x80 }.count : 0
        // A part may begin and end in the middle of a character.
        bytes.removeFirst(skipped)
        if isFull { bytes.removeLast(bytes.count - bytes.withUnsafeBytes(\.endOfWholeCharacters)) }
        if Self.readsAsText(bytes) { return (bytes, span.upperBound) }
        let count = Self.textualPrefix(of: bytes)
        guard count >= Self.shortest * 3 / 4, text[span].contains(0x0A) else { return nil }
        bytes.removeLast(bytes.count - count)
        return Self.readsAsText(bytes) ? (bytes, endOfLine(of: skipped + count, in: span)) : nil
    }

    /// Where the line ends in which the byte stands that a part says behind `count` others.
    private func endOfLine(of count: Int, in span: Range<Int>) -> Int {
        var left = count * 4 / 3
        var place = span.lowerBound
        while place < span.upperBound, left > 0 || Self.isDigit(text[place]) {
            if Self.isDigit(text[place]) { left -= 1 }
            place += 1
        }
        return place
    }

    /// The bytes at the beginning that are whole characters which show.
    private static func textualPrefix(of bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { raw in
            for (scalar, span) in Characters(raw) {
                guard let scalar, !isOdd(scalar.value) else { return span.lowerBound }
            }
            return raw.count
        }
    }

    private static func isOdd(_ value: UInt32) -> Bool {
        value < 0x20 && value != 0x0A && value != 0x0D && value != 0x09 || value == 0x7F
    }

    /// Where the run that begins at `first` ends, and whether more text may go on with it.
    ///
    /// A line goes on in the next one only if it reads as text by itself: what stands above an encoded line must not make it
    /// unreadable.
    private func end(from first: Int, isLater: Bool) -> (end: Int, isOpen: Bool) {
        var (end, digits) = (first, 0)
        // How much of its line stands before a later part is not known.
        var missing = isLater ? Self.shortestLine : 0
        var isOpen = false
        while true {
            // Four characters of base64 are three bytes: a line may begin in the middle of them.
            let group = end + (4 - digits % 4) % 4
            let line = end
            while end < text.count, Self.isDigit(text[end]) { end += 1 }
            digits += end - line
            var next = end
            if next < text.count, text[next] == 0x0D { next += 1 }
            let isLast = next == text.count || next + 1 == text.count && text[next] == 0x0A
            let goesOn = next + 1 < text.count && text[next] == 0x0A && Self.isDigit(text[next + 1])
            guard piece.isOpen && isLast || goesOn, end > first, end - line + missing >= Self.shortestLine,
                RunBeginning.mayReadAsBase64(text[min(group, end)..<end], isLater || group > first)
            else { break }
            if isLast { isOpen = true }
            guard goesOn else { break }
            (end, missing) = (next + 1, 0)
        }
        while end < text.count, end > first, text[end] == UInt8(ascii: "=") { end += 1 }
        return (end, piece.isOpen && (isOpen || end == text.count))
    }

    /// Looks at the row of characters at the end of the text, which is too short to be a run yet.
    private mutating func lookAtLastWord(from start: Int) {
        var first = text.count
        while first > start, text.count - first < Self.shortest, Self.isDigit(text[first - 1]) { first -= 1 }
        guard (1..<Self.shortest).contains(text.count - first) else { return }
        if RunBeginning.mayReadAsText(text[first...], false) { pending = first }
    }

    private func base64(_ span: Range<Int>) -> [UInt8] {
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
                if Self.isOdd(scalar.value) { odd += 1 }
                if Self.isLetter(scalar) { letters += 1 }
            }
            return odd == 0 && letters * 2 >= bytes.count / 2
        }
    }

    /// Whether a character is a letter or a number; Unicode's tables are asked beyond ASCII only.
    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x80 else { return ByteSet.alphanumeric.contains(UInt8(scalar.value)) }
        return scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x2F < 11 || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
    }

    /// The six bits that a character of base64 stands for.
    @inline(__always)
    static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte &- 0x41
        case 0x61...0x7A: byte &- 0x61 &+ 26
        case 0x30...0x39: byte &- 0x30 &+ 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}

/// The beginning of a run whose end is not there yet.
///
/// Most words cannot be the beginning of an encoded text: two or three of their letters tell, so a stream need not wait for
/// the rest of them.
enum RunBeginning {
    /// Whether what is there may go on so that all of it reads as text.
    ///
    /// - Parameters:
    ///   - run: What is there.
    ///   - isLater: It is a part behind the first of its run, and may begin in the middle of a character.
    /// - Returns: False when nothing that follows can make it a text.
    static func mayReadAsText(_ run: Slice<UnsafeRawBufferPointer>, _ isLater: Bool) -> Bool {
        mayReadAsBase64(run, isLater) || mayRead(run, isLater, bits: 4) { EscapeReader.digit($0).map { UInt8($0) } }
    }

    /// The same for base64 alone.
    static func mayReadAsBase64(_ run: Slice<UnsafeRawBufferPointer>, _ isLater: Bool) -> Bool {
        mayRead(run, isLater, bits: 6, EncodedRuns.value)
    }

    private static func mayRead(
        _ run: Slice<UnsafeRawBufferPointer>, _ isLater: Bool, bits width: Int, _ value: (UInt8) -> UInt8?
    ) -> Bool {
        var (bits, count): (UInt32, Int) = (0, 0)
        var (lacking, isInside) = (0, isLater)
        for byte in run {
            guard let value = value(byte) else {
                guard width == 6, byte == 0x0A || byte == 0x0D || byte == UInt8(ascii: "=") else { return false }
                continue
            }
            bits = (bits << UInt32(width) | UInt32(value)) & 0xFFFF
            count += width
            guard count >= 8 else { continue }
            count -= 8
            let byte = UInt8(truncatingIfNeeded: bits >> UInt32(count))
            if byte & 0xC0 == 0x80, isInside { continue }
            guard let next = lackingBytes(after: byte, lacking) else { return false }
            (lacking, isInside) = (next, false)
        }
        guard count > 0, !isInside else { return true }
        let high = UInt8(truncatingIfNeeded: bits << UInt32(8 - count))
        let unknown = UInt8(1) << UInt8(8 - count) - 1
        return (high...(high | unknown)).contains { lackingBytes(after: $0, lacking) != nil }
    }

    /// How many more bytes a character has behind this one; nil when no text has this byte here.
    private static func lackingBytes(after byte: UInt8, _ lacking: Int) -> Int? {
        guard lacking == 0 else { return byte & 0xC0 == 0x80 ? lacking - 1 : nil }
        switch byte {
        case 0x20...0x7E, 0x09, 0x0A, 0x0D: return 0
        case 0xC2...0xDF: return 1
        case 0xE0...0xEF: return 2
        case 0xF0...0xF4: return 3
        default: return nil
        }
    }
}
