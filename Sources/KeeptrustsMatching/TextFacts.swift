/// What a look at each byte of a text tells, so that groups of patterns can be passed over.
struct TextFacts: Equatable {
    var hasDigit = false
    var hasAt = false
    var hasHighByte = false

    init(_ text: UnsafeRawBufferPointer) {
        var high: UInt64 = 0
        var digits: UInt64 = 0
        var ats: UInt64 = 0
        var offset = 0
        while offset &+ 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            high |= word
            digits |= Self.digits(word)
            ats |= Self.zeros(word ^ 0x4040_4040_4040_4040)
            offset &+= 8
        }
        if offset < text.count {
            var word: UInt64 = 0
            while offset < text.count {
                word = word << 8 | UInt64(text[offset])
                offset &+= 1
            }
            high |= word
            digits |= Self.digits(word)
            ats |= Self.zeros(word ^ 0x4040_4040_4040_4040)
        }
        hasHighByte = high & Self.tops != 0
        hasDigit = digits != 0
        hasAt = ats != 0
    }

    private static let tops: UInt64 = 0x8080_8080_8080_8080
    private static let lows: UInt64 = 0x7F7F_7F7F_7F7F_7F7F

    /// The top bit of each byte that is `0`...`9`.
    @inline(__always)
    private static func digits(_ word: UInt64) -> UInt64 {
        let seven = word & lows
        let atLeastZero = seven &+ 0x5050_5050_5050_5050
        let aboveNine = seven &+ 0x4646_4646_4646_4646
        return atLeastZero & ~aboveNine & ~word & tops
    }

    /// The top bit of each byte that is zero.
    @inline(__always)
    private static func zeros(_ word: UInt64) -> UInt64 {
        ~((word & lows &+ lows) | word | lows)
    }
}
