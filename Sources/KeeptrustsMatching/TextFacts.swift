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

    /// So many stand in a row of which none is an `@` either.
    private(set) var hasLongPart = false
    private(set) var hasLongerPart = false

    /// Two colons stand within ``colonWindow`` bytes.
    private(set) var hasColons = false
    private(set) var hasAt = false

    /// Three bytes stand apart from each other, with one space between each and the next.
    private(set) var hasSpacedLetters = false

    /// Four letters or digits stand apart from each other, each with one byte between it and the next.
    private(set) var hasApart = false

    /// So many letters and digits stand in a row that they may encode something: twelve, which is fewer than
    /// ``EncodedRuns/shortest``, for signs may stand among the letters.
    private(set) var hasRun = false

    /// An escape may begin somewhere.
    private(set) var hasEscapeSign = false
    private(set) var hasHighByte = false

    /// There is a control character other than tabs and line breaks.
    private(set) var hasControl = false

    static let longWord = 16
    static let longerWord = 26
    static let colonWindow = 16
    static let cardDigits = 13

    static let none = TextFacts(UnsafeRawBufferPointer(start: nil, count: 0))

    /// There are characters that may be read as others, or not at all.
    var isOdd: Bool { hasHighByte || hasControl }

    /// Characters may stand apart in a row: see ``Disguises/joined(_:)``.
    var mayHaveRow: Bool { hasSpacedLetters || hasApart }

    /// The text may say something that it does not show: see ``Normaliser``.
    var mayBeVeiled: Bool {
        hasEscapeSign || hasLongWord || mayHaveRow || hasLetterDigit || isOdd || mostDigits >= 2
    }

    init(_ text: UnsafeRawBufferPointer) { self.init(text) { _ in } }

    /// Looks at each byte of a text, and hands what each 64 of them are to `take`.
    @inline(__always)
    init(_ text: UnsafeRawBufferPointer, _ take: (ByteMasks) -> Void) {
        var scan = Scan()
        text.eachBlock { offset, masks in
            scan.take(masks, at: offset)
            take(masks)
        }
        scan.finish()
        mostDigits = scan.mostDigits
        mostJoins = scan.mostJoins
        mostSpreadDigits = scan.mostSpreadDigits
        hasLetterDigit = scan.hasLetterDigit
        hasLongWord = scan.hasLongWord
        hasLongPart = scan.hasLongPart
        hasLongerPart = scan.hasLongerPart
        // Line breaks alone are no more than a second look.
        if scan.odd != 0 { (hasHighByte, hasControl) = text.oddities() }
        hasAt = text.firstIndex(of: UInt8(ascii: "@"), from: 0) != nil
        hasSpacedLetters = scan.hasSpacedLetters
        hasApart = scan.hasApart
        hasRun = scan.hasRun
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
    var hasLongPart = false
    var hasLongerPart = false
    var hasSpacedLetters = false
    var hasApart = false
    var hasRun = false

    /// Control characters and bytes beyond ASCII, of all blocks.
    var odd: UInt64 = 0

    /// Bytes at the end of the last block that are no spaces; and that are no `@` either.
    private var word = 0
    private var part = 0

    /// The run of digits last seen, and where it ends.
    private var digits = 0
    private var joins = 0
    private var spreadDigits = 0
    private var end = -1_000

    /// The letters and digits of the last block, and whether it ends in a letter.
    private var alphanumeric: UInt64 = 0
    private var letterBefore: UInt64 = 0

    /// Takes in a block.
    ///
    /// - Parameters:
    ///   - masks: What its bytes are.
    ///   - offset: Where in the text it stands.
    @inline(__always)
    mutating func take(_ masks: ByteMasks, at offset: Int) {
        odd |= masks.odd
        note(visible: masks.visible)
        note(unparted: masks.unparted)
        note(row: alphanumeric &>> 32 | masks.alphanumeric &<< 32)
        note(row: masks.alphanumeric)
        alphanumeric = masks.alphanumeric
        let letters = masks.alphanumeric & ~masks.digits
        if masks.digits & (letters &<< 1 | letterBefore) != 0 { hasLetterDigit = true }
        letterBefore = letters &>> 63
        if masks.digits != 0 { note(digits: masks.digits, at: offset) }
    }

    /// The text is over.
    mutating func finish() { note(row: alphanumeric &>> 32) }

    @inline(__always)
    private mutating func note(visible: UInt64) {
        let alone = visible & ~(visible &<< 1) & ~(visible &>> 1)
        if alone & alone &>> 2 & alone &>> 4 != 0 { hasSpacedLetters = true }
        if Self.sixteen(visible) != 0 || Self.reaches(word, visible, TextFacts.longWord) { hasLongWord = true }
        word = Self.rest(word, visible)
    }

    @inline(__always)
    private mutating func note(unparted: UInt64) {
        let long = Self.sixteen(unparted)
        if long != 0 || Self.reaches(part, unparted, TextFacts.longWord) {
            hasLongPart = true
            // Ten bytes more than the sixteen.
            if long & long >> 10 != 0 || Self.reaches(part, unparted, TextFacts.longerWord) { hasLongerPart = true }
        }
        part = Self.rest(part, unparted)
    }

    /// Where sixteen bits begin that are all set.
    @inline(__always)
    private static func sixteen(_ mask: UInt64) -> UInt64 {
        var long = mask & mask >> 1
        long &= long >> 2
        long &= long >> 4
        return long & long >> 8
    }

    /// Whether the run at the end of the last block goes on to `length`.
    @inline(__always)
    private static func reaches(_ open: Int, _ mask: UInt64, _ length: Int) -> Bool {
        open &+ (~mask).trailingZeroBitCount >= length
    }

    /// The run at the end of a block, with what it goes on from.
    @inline(__always)
    private static func rest(_ open: Int, _ mask: UInt64) -> Int {
        mask == ~0 ? open &+ 64 : (~mask).leadingZeroBitCount
    }

    /// Looks at the letters and digits of 64 bytes in a row; what stands near their ends is looked at in the next row, too.
    @inline(__always)
    private mutating func note(row: UInt64) {
        let alone = row & ~(row &<< 1) & ~(row &>> 1)
        if alone & alone &>> 2 & alone &>> 4 & alone &>> 6 & 0x007F_FFFF_FFFF_FFFE != 0 { hasApart = true }
        var run = row & row &>> 1
        run &= run &>> 2
        run &= run &>> 4
        if run & run &>> 4 != 0 { hasRun = true }
    }

    private mutating func note(digits mask: UInt64, at offset: Int) {
        var mask = mask
        while mask != 0 {
            let first = mask.trailingZeroBitCount
            let count = (~(mask &>> UInt64(first))).trailingZeroBitCount
            let start = offset &+ first
            let gap = start &- end
            if gap > DigitRun.widestGap {
                digits = 0
                joins = 0
                if gap > DigitRun.spreadGap { spreadDigits = 0 }
            } else if gap > 0 {
                joins &+= 1
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
