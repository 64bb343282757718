/// What a look at each byte of a text tells, so that groups of patterns can be passed over.
struct TextFacts: Equatable {
    /// The most digits of any run, and the most joins of any: ``DigitRun`` says what a run is.
    private(set) var mostDigits = 0
    private(set) var mostJoins = 0

    /// The most digits of any run with gaps of up to ``DigitRun/spreadGap`` bytes.
    private(set) var mostSpreadDigits = 0

    /// A letter stands right before a digit.
    private(set) var hasLetterDigit = false

    /// So many bytes stand in a row that are neither spaces nor control characters.
    private(set) var hasLongWord = false
    private(set) var hasLongerWord = false

    /// Two colons stand within ``colonWindow`` bytes.
    private(set) var hasColons = false
    private(set) var hasAt = false

    /// Three bytes stand apart from each other, with one space between each and the next.
    private(set) var hasSpacedLetters = false

    /// An escape may begin somewhere.
    private(set) var hasEscapeSign = false
    private(set) var hasHighByte = false

    static let longWord = 16
    static let longerWord = 26
    static let colonWindow = 16
    static let cardDigits = 13

    static let none = TextFacts(UnsafeRawBufferPointer(start: nil, count: 0))

    /// The text may say something that it does not show: see ``Normaliser``.
    var mayBeVeiled: Bool {
        hasEscapeSign || hasLongWord || hasSpacedLetters || hasLetterDigit || hasHighByte || mostDigits >= 2
    }

    init(_ text: UnsafeRawBufferPointer) {
        guard let base = text.baseAddress, !text.isEmpty else { return }
        var scan = Scan()
        var high: UInt64 = 0
        var offset = 0
        // Each turn reads the 64 bytes from `offset` on, all of them within the text.
        while offset &+ 64 <= text.count {
            let block = base + offset
            high |= scan.take(block, at: offset, of: base)
            offset &+= 64
        }
        if offset < text.count {
            // The rest, followed by zeros: 64 bytes that are not part of the text.
            var rest: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
            withUnsafeMutableBytes(of: &rest) { rest in
                rest.copyMemory(from: UnsafeRawBufferPointer(rebasing: text[offset...]))
                guard let block = rest.baseAddress else { return }
                high |= scan.take(UnsafeRawPointer(block), at: offset, of: base)
            }
        }
        mostDigits = scan.mostDigits
        mostJoins = scan.mostJoins
        mostSpreadDigits = scan.mostSpreadDigits
        hasLetterDigit = scan.hasLetterDigit
        hasLongWord = scan.hasLongWord
        hasLongerWord = scan.hasLongerWord
        hasHighByte = high & Scan.tops != 0
        hasAt = text.firstIndex(of: UInt8(ascii: "@"), from: 0) != nil
        hasSpacedLetters = scan.hasSpacedLetters
        hasEscapeSign = EscapeReader.maySee(text)
        hasColons = Self.hasColons(text)
    }

    private static func hasColons(_ text: UnsafeRawBufferPointer) -> Bool {
        let colon = UInt8(ascii: ":")
        guard var last = text.firstIndex(of: colon, from: 0) else { return false }
        while let next = text.firstIndex(of: colon, from: last + 1) {
            if next - last < colonWindow { return true }
            last = next
        }
        return false
    }
}

/// A pass over a text in blocks of 64 bytes.
private struct Scan {
    var mostDigits = 0
    var mostJoins = 0
    var mostSpreadDigits = 0
    var hasLetterDigit = false
    var hasLongWord = false
    var hasLongerWord = false
    var hasSpacedLetters = false

    /// Bytes at the end of the last block that are no spaces.
    private var word = 0

    /// The run of digits last seen, and where it ends.
    private var digits = 0
    private var joins = 0
    private var spreadDigits = 0
    private var end = -1_000

    static let tops: UInt64 = 0x8080_8080_8080_8080
    private static let lows: UInt64 = 0x7F7F_7F7F_7F7F_7F7F

    /// Takes in a block.
    ///
    /// - Parameters:
    ///   - block: 64 bytes that may be read.
    ///   - offset: Where in the text they stand.
    ///   - base: The beginning of the text; bytes before `offset` and those of the block are read only.
    /// - Returns: All words of the block, joined by "or".
    @inline(__always)
    mutating func take(_ block: UnsafeRawPointer, at offset: Int, of base: UnsafeRawPointer) -> UInt64 {
        var all: UInt64 = 0
        var visible: UInt64 = 0
        var anyDigit: UInt64 = 0
        for step in 0..<8 {
            let word = block.loadUnaligned(fromByteOffset: step &* 8, as: UInt64.self)
            let seven = word & Self.lows
            all |= word
            // The top bit of each byte says: above the space, or beyond ASCII.
            visible |= Self.packed((seven &+ 0x5F5F_5F5F_5F5F_5F5F) | word) &<< UInt64(step &* 8)
            anyDigit |= (seven &+ 0x5050_5050_5050_5050) & ~(seven &+ 0x4646_4646_4646_4646) & ~word
        }
        note(visible: visible)
        if anyDigit & Self.tops != 0 { noteDigits(in: block, at: offset, of: base) }
        return all
    }

    /// The top bits of the eight bytes, the first byte's lowest.
    @inline(__always)
    private static func packed(_ word: UInt64) -> UInt64 {
        (((word & tops) &>> 7) &* 0x0102_0408_1020_4080) &>> 56
    }

    @inline(__always)
    private mutating func note(visible: UInt64) {
        var long = visible & visible >> 1
        long &= long >> 2
        long &= long >> 4
        long &= long >> 8
        let alone = visible & ~(visible &<< 1) & ~(visible &>> 1)
        if alone & alone &>> 2 & alone &>> 4 != 0 { hasSpacedLetters = true }
        let first = (~visible).trailingZeroBitCount
        if long != 0 || word &+ first >= TextFacts.longWord {
            hasLongWord = true
            // Ten bytes more than the sixteen.
            if long & long >> 10 != 0 || word &+ first >= TextFacts.longerWord { hasLongerWord = true }
        }
        word = first == 64 ? word &+ 64 : (~visible).leadingZeroBitCount
    }

    private mutating func noteDigits(in block: UnsafeRawPointer, at offset: Int, of base: UnsafeRawPointer) {
        var mask: UInt64 = 0
        for step in 0..<8 {
            let word = block.loadUnaligned(fromByteOffset: step &* 8, as: UInt64.self)
            let seven = word & Self.lows
            let digits = (seven &+ 0x5050_5050_5050_5050) & ~(seven &+ 0x4646_4646_4646_4646) & ~word
            mask |= Self.packed(digits) &<< UInt64(step &* 8)
        }
        while mask != 0 {
            let first = mask.trailingZeroBitCount
            let count = (~(mask &>> UInt64(first))).trailingZeroBitCount
            let start = offset &+ first
            let gap = start &- end
            if gap > DigitRun.widestGap {
                digits = 0
                joins = 0
                if gap > DigitRun.spreadGap { spreadDigits = 0 }
            }
            if gap > 0 {
                if gap <= DigitRun.widestGap { joins &+= 1 }
                // Digits at the very beginning have nothing before them.
                let before = start > 0 ? (base + start - 1).load(as: UInt8.self) | 0x20 : 0
                if before &- 0x61 < 26 { hasLetterDigit = true }
            }
            digits &+= count
            spreadDigits &+= count
            end = start &+ count
            mostDigits = max(mostDigits, digits)
            mostSpreadDigits = max(mostSpreadDigits, spreadDigits)
            mostJoins = max(mostJoins, joins)
            guard first &+ count < 64 else { return }
            mask &= ~0 &<< UInt64(first &+ count)
        }
    }
}
