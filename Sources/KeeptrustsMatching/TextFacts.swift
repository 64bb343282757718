/// What a look at each byte of a text tells, so that groups of patterns can be passed over.
struct TextFacts: Equatable {
    /// The most digits in any two neighbouring blocks of 64 bytes; never fewer than in any 64 bytes.
    var densestDigits = 0
    var hasAt = false
    var hasHighByte = false

    /// Bytes among which digits are counted.
    static let window = 64

    init(_ text: UnsafeRawBufferPointer) {
        var high: UInt64 = 0
        var previous = 0
        var offset = 0
        while offset &+ 64 <= text.count {
            var lanes: UInt64 = 0
            for step in 0..<8 {
                let word = text.loadUnaligned(fromByteOffset: offset &+ step &* 8, as: UInt64.self)
                high |= word
                lanes &+= Self.digits(word)
            }
            count(lanes, &previous)
            offset &+= 64
        }
        var lanes: UInt64 = 0
        while offset &+ 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            high |= word
            lanes &+= Self.digits(word)
            offset &+= 8
        }
        var word: UInt64 = 0
        while offset < text.count {
            word = word << 8 | UInt64(text[offset])
            offset &+= 1
        }
        count(lanes &+ Self.digits(word), &previous)
        hasHighByte = (high | word) & Self.tops != 0
        hasAt = text.firstIndex(of: UInt8(ascii: "@"), from: 0) != nil
    }

    /// Takes in the digits of a block, of which each byte of `lanes` counts some.
    @inline(__always)
    private mutating func count(_ lanes: UInt64, _ previous: inout Int) {
        let digits = Int((lanes &* 0x0101_0101_0101_0101) >> 56)
        densestDigits = max(densestDigits, digits &+ previous)
        previous = digits
    }

    private static let tops: UInt64 = 0x8080_8080_8080_8080
    private static let lows: UInt64 = 0x7F7F_7F7F_7F7F_7F7F

    /// The lowest bit of each byte that is `0`...`9`.
    @inline(__always)
    private static func digits(_ word: UInt64) -> UInt64 {
        let seven = word & lows
        let atLeastZero = seven &+ 0x5050_5050_5050_5050
        let aboveNine = seven &+ 0x4646_4646_4646_4646
        return (atLeastZero & ~aboveNine & ~word & tops) >> 7
    }
}
