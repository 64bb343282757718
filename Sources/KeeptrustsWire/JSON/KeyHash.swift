/// What hashes of keys begin with: secret, and another in each process, so that nobody can choose keys that collide.
struct KeySeed: Sendable {
    let first: UInt64
    let second: UInt64

    static let ofProcess = KeySeed(first: random(1), second: random(2))

    private static func random(_ salt: Int) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(salt)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

extension UnsafeRawBufferPointer {
    /// The hash of the bytes in `range`: blocks folded into one another by 128-bit products.
    @inline(__always)
    func hash(_ range: Range<Int>, _ seed: KeySeed) -> UInt64 {
        let count = range.count
        var state = seed.first ^ UInt64(truncatingIfNeeded: count)
        var (first, last): (UInt64, UInt64) = (0, 0)
        if count >= 8 {
            var offset = range.lowerBound
            while offset + 16 < range.upperBound {
                state = fold(word(at: offset) ^ seed.second, word(at: offset + 8) ^ state)
                offset += 16
            }
            // The last 16 bytes may overlap the blocks before, or each other.
            first = word(at: Swift.max(range.lowerBound, range.upperBound - 16))
            last = word(at: range.upperBound - 8)
        } else if range.lowerBound + 8 <= self.count {
            first = word(at: range.lowerBound) & (1 &<< UInt64(truncatingIfNeeded: 8 &* count) &- 1)
        } else {
            for offset in range.reversed() { first = first << 8 | UInt64(self[offset]) }
        }
        return fold(first ^ seed.second, last ^ state)
    }
}

@inline(__always)
func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
}
