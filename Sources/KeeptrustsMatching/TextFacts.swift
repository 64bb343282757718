/// What a look at each byte of a text tells, so that groups of patterns can be passed over.
struct TextFacts: Equatable {
    /// Digits in a row of three words of eight bytes: at least the most in any 17 bytes, at most those in 24.
    var digitsNearby = 0

    /// Digits in two neighbouring blocks of 64 bytes: at least the most in any 65 bytes, at most those in 128.
    var digitsAround = 0
    var hasAt = false
    var hasHighByte = false

    /// Whether seven colons stand within 64 bytes.
    var hasColons = false

    /// Bytes of a match whose digits ``digitsNearby`` and ``digitsAround`` count for certain.
    static let near = 17
    static let around = 64

    init(_ text: UnsafeRawBufferPointer) {
        var high: UInt64 = 0
        var run = DigitRun()
        var offset = 0
        while offset &+ 64 <= text.count {
            var any: UInt64 = 0
            for step in 0..<8 {
                let word = text.loadUnaligned(fromByteOffset: offset &+ step &* 8, as: UInt64.self)
                high |= word
                any |= Self.digits(word)
            }
            if any == 0 {
                run.skipBlock()
            } else {
                for step in 0..<8 {
                    run.add(Self.digits(text.loadUnaligned(fromByteOffset: offset &+ step &* 8, as: UInt64.self)))
                }
                run.endBlock()
            }
            offset &+= 64
        }
        while offset &+ 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            high |= word
            run.add(Self.digits(word))
            offset &+= 8
        }
        var word: UInt64 = 0
        while offset < text.count {
            word = word << 8 | UInt64(text[offset])
            offset &+= 1
        }
        run.add(Self.digits(word))
        run.endBlock()
        digitsNearby = run.nearby
        digitsAround = run.around
        hasHighByte = (high | word) & Self.tops != 0
        hasAt = text.firstIndex(of: UInt8(ascii: "@"), from: 0) != nil
        hasColons = Self.hasColons(text)
    }

    /// Counts digits in rows of words and of blocks.
    private struct DigitRun {
        var nearby = 0
        var around = 0
        private var last = 0
        private var lastButOne = 0
        private var block = 0
        private var lastBlock = 0

        @inline(__always)
        mutating func add(_ lanes: UInt64) {
            let count = Int((lanes &* 0x0101_0101_0101_0101) >> 56)
            nearby = max(nearby, count &+ last &+ lastButOne)
            lastButOne = last
            last = count
            block &+= count
        }

        @inline(__always)
        mutating func endBlock() {
            around = max(around, block &+ lastBlock)
            lastBlock = block
            block = 0
        }

        @inline(__always)
        mutating func skipBlock() {
            last = 0
            lastButOne = 0
            lastBlock = 0
        }
    }

    private static func hasColons(_ text: UnsafeRawBufferPointer) -> Bool {
        let colon = UInt8(ascii: ":")
        var recent = (-65, -65, -65, -65, -65, -65)
        var place = text.firstIndex(of: colon, from: 0)
        while let here = place {
            if here &- recent.0 < 64 { return true }
            recent = (recent.1, recent.2, recent.3, recent.4, recent.5, here)
            place = text.firstIndex(of: colon, from: here &+ 1)
        }
        return false
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
