/// What each of 64 bytes is: a bit for each, the first byte's lowest.
struct ByteMasks {
    /// Bytes above the space, and those beyond ASCII.
    private(set) var visible: UInt64 = 0

    /// Letters and digits of ASCII.
    private(set) var alphanumeric: UInt64 = 0
    private(set) var digits: UInt64 = 0

    /// The bytes, eight at a time, joined by "or".
    private(set) var joined: UInt64 = 0

    static let tops: UInt64 = 0x8080_8080_8080_8080

    /// - Parameter block: 64 bytes that may be read.
    @inline(__always)
    init(_ block: UnsafeRawPointer) {
        for step in 0..<8 {
            let word = block.loadUnaligned(fromByteOffset: step &* 8, as: UInt64.self)
            let seven = word & ~Self.tops
            let lower = seven | 0x2020_2020_2020_2020
            // The top bit of each byte says whether it is one.
            let letter = (lower &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(lower &+ 0x0505_0505_0505_0505)
            let digit = (seven &+ 0x5050_5050_5050_5050) & ~(seven &+ 0x4646_4646_4646_4646)
            let shift = UInt64(step &* 8)
            joined |= word
            visible |= Self.packed((seven &+ 0x5F5F_5F5F_5F5F_5F5F) | word) &<< shift
            alphanumeric |= Self.packed((letter | digit) & ~word) &<< shift
            digits |= Self.packed(digit & ~word) &<< shift
        }
    }

    /// The top bits of eight bytes, the first byte's lowest.
    @inline(__always)
    private static func packed(_ word: UInt64) -> UInt64 {
        (((word & tops) &>> 7) &* 0x0102_0408_1020_4080) &>> 56
    }
}

extension UnsafeRawBufferPointer {
    /// Hands the place of each 64 bytes and what they are to `body`; zeros stand behind the text's end.
    @inline(__always)
    func eachBlock(_ body: (Int, ByteMasks) -> Void) {
        guard let base = baseAddress else { return }
        var offset = 0
        while offset &+ 64 <= count {
            body(offset, ByteMasks(base + offset))
            offset &+= 64
        }
        guard offset < count else { return }
        var rest: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &rest) { rest in
            rest.copyMemory(from: UnsafeRawBufferPointer(rebasing: self[offset...]))
            if let block = rest.baseAddress { body(offset, ByteMasks(UnsafeRawPointer(block))) }
        }
    }
}
