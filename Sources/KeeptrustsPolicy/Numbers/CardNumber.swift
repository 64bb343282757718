/// Card numbers (ISO/IEC 7812): 13 to 19 digits, of which the first name the issuer and the last one checks the others.
enum CardNumber {
    private static let mostDigits = 19

    /// The longest card number that begins with a row of digits.
    ///
    /// Linear in the row, and without an allocation before the check digit is right.
    ///
    /// - Parameters:
    ///   - row: Digits, and what stands between them; no digit follows. What else tells a list or an exponent is there, as
    ///     the pattern looks ahead for it.
    ///   - text: The text that the row stands in.
    /// - Returns: The number's place; nil when there is none.
    static func first(in row: Range<Int>, of text: UnsafeRawBufferPointer) -> Range<Int>? {
        var found: Range<Int>?
        var digits = Digits()
        for place in row {
            guard let digit = Numeral.digit(text[place]) else { continue }
            digits.append(digit)
            if digits.count == 4 { digits.readIssuer() }
            guard digits.areCard, place + 1 == text.count || Numeral.digit(text[place + 1]) == nil else { continue }
            let span = row.lowerBound..<place + 1
            if isWritten(at: span, in: text) { found = span }
            if digits.count == mostDigits { break }
        }
        return found
    }

    /// What is known of the digits read so far.
    private struct Digits {
        private(set) var count = 0
        private var value = 0
        private var first = 0
        private var areSame = true

        /// The sums of the digits, with those at even places doubled, or those at odd ones.
        private var sums = (even: 0, odd: 0)

        /// How long the issuer's numbers are, as bits.
        private var lengths: UInt32 = 0

        mutating func append(_ digit: Int) {
            let doubled = digit > 4 ? digit * 2 - 9 : digit * 2
            if count.isMultiple(of: 2) {
                sums = (sums.even + doubled, sums.odd + digit)
            } else {
                sums = (sums.even + digit, sums.odd + doubled)
            }
            if count == 0 { first = digit }
            areSame = areSame && digit == first
            if count < 4 { value = value * 10 + digit }
            count += 1
        }

        mutating func readIssuer() { lengths = CardNumber.lengths(of: value) }

        var areCard: Bool {
            guard lengths >> UInt32(count) & 1 != 0, !areSame else { return false }
            // The last digit but one is doubled, so where their count is even, those at even places.
            return (count.isMultiple(of: 2) ? sums.even : sums.odd) % 10 == 0
        }
    }

    /// How many digits the numbers have that begin with these four, as bits; after the networks' own lists.
    private static func lengths(of four: Int) -> UInt32 {
        func bits(_ lengths: ClosedRange<UInt32>) -> UInt32 { lengths.reduce(0) { $0 | 1 << $1 } }
        switch (four / 100, four) {
        case (40...49, _): return 1 << 13 | 1 << 16 | 1 << 19
        case (51...55, _), (_, 2221...2720): return 1 << 16
        case (34, _), (37, _): return 1 << 15
        case (36, _), (38...39, _), (_, 3000...3059), (_, 3095): return bits(14...19)
        case (_, 3528...3589), (_, 6011), (_, 6440...6599), (62, _), (81, _): return bits(16...19)
        case (_, 2200...2204), (_, 9792): return bits(16...19)
        case (50, _), (56...58, _), (60, _), (61, _), (63...69, _): return bits(16...19)
        default: return 0
        }
    }
}

extension CardNumber {
    /// Whether digits are written as those of one number are.
    ///
    /// Between a few spaces and dashes the groups may be any, but not right behind a decimal point. Others are four digits
    /// each, four, six and the rest, or all of one length behind the same separator; and no group of that length stands
    /// before or behind, as in a list of numbers.
    private static func isWritten(at span: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
        let isFraction = isBehindPoint(span, in: text)
        guard isFraction || !isPlain(span, in: text) else { return true }
        if isFraction, text[span].allSatisfy(isDigit) { return isScaled(span, in: text) }
        let groups = text[span].split { !isDigit($0) }
        let gaps = text[span].split(whereSeparator: isDigit)
        guard let size = groups.first?.count, let gap = gaps.first, let last = groups.last?.count else { return false }
        let sizes = groups.map(\.count)
        if gaps.count == 1, gap.elementsEqual([0x2E]), isScaled(span, in: text) { return true }
        let isEven = sizes.dropLast().allSatisfy { $0 == size } && last <= size
        let isFours = isEven && size == 4
        let isSix = sizes.count == 3 && sizes[0] == 4 && sizes[1] == 6
        guard isFours || isSix || isEven && gaps.allSatisfy({ $0.elementsEqual(gap) }) else { return false }
        return !isListed(span, size, gap, in: text)
    }

    /// Whether a number and its decimal point stand right before.
    private static func isBehindPoint(_ span: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
        let start = span.lowerBound
        return start >= 2 && text[start - 1] == 0x2E && isDigit(text[start - 2])
    }

    /// Whether up to three spaces and dashes stand between two digits.
    private static func isPlain(_ span: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
        var gap = 0
        for byte in text[span] {
            gap = isDigit(byte) ? 0 : gap + 1
            guard gap == 0 || gap <= 3 && (byte == 0x20 || byte == 0x2D) else { return false }
        }
        return true
    }

    /// Whether an exponent that is not negative follows, as in `4.111111111111111E+15`.
    private static func isScaled(_ span: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
        let rest = text[span.upperBound...]
        guard let first = rest.first, first | 0x20 == 0x65 else { return false }
        return rest.dropFirst().drop { $0 == 0x2B }.first.map(isDigit) ?? false
    }

    /// Whether the same separator and a group of `size` digits stand before a number or behind it.
    private static func isListed(
        _ span: Range<Int>, _ size: Int, _ gap: Slice<UnsafeRawBufferPointer>, in text: UnsafeRawBufferPointer
    ) -> Bool {
        let before = text[..<span.lowerBound]
        if before.count >= gap.count, before.suffix(gap.count).elementsEqual(gap),
            before.dropLast(gap.count).reversed().prefix(while: isDigit).count == size
        {
            return true
        }
        let after = text[span.upperBound...]
        return after.starts(with: gap)
            && after.dropFirst(gap.count).prefix(size + 1).prefix(while: isDigit).count == size
    }

    private static func isDigit(_ byte: UInt8) -> Bool { Numeral.digit(byte) != nil }
}
