#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension UnsafeRawBufferPointer {
    /// The offset of the first `byte` at or after `start`.
    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard start < count, let base = baseAddress else { return nil }
        guard let place = memchr(base + start, Int32(byte), count - start) else { return nil }
        return UnsafeRawPointer(place) - base
    }

    /// Whether two texts are the same, byte by byte.
    func isSame(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count, let base = baseAddress, let otherBase = other.baseAddress else {
            return count == other.count
        }
        return memcmp(base, otherBase, count) == 0
    }

    /// Whether the same bytes stand at two places.
    public func isSame(at one: Range<Int>, and other: Range<Int>) -> Bool {
        guard one.count == other.count, one.upperBound <= count, other.upperBound <= count, let base = baseAddress
        else {
            return false
        }
        return memcmp(base + one.lowerBound, base + other.lowerBound, one.count) == 0
    }

    /// The offset of the first byte beyond ASCII at or after `start`.
    func firstHighByte(from start: Int) -> Int? {
        var offset = start
        while offset &+ 8 <= count {
            let high = loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian & 0x8080_8080_8080_8080
            if high != 0 { return offset &+ high.trailingZeroBitCount / 8 }
            offset &+= 8
        }
        while offset < count {
            if self[offset] >= 0x80 { return offset }
            offset &+= 1
        }
        return nil
    }

    /// The offset of the first byte at or after `start` that is beyond ASCII, or a control character other than tabs and
    /// line breaks.
    func firstOddByte(from start: Int) -> Int? {
        var offset = start
        while offset &+ 8 <= count {
            let word = loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
            // Bit 7 is set in each byte beyond 0x7E; the lowest one that is set in `below` stands for a byte below 0x20.
            let high = (word & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x0101_0101_0101_0101 | word
            let below = (word &- 0x2020_2020_2020_2020) & ~word
            let odd = (high | below) & 0x8080_8080_8080_8080
            guard odd != 0 else {
                offset &+= 8
                continue
            }
            offset &+= odd.trailingZeroBitCount / 8
            if self[offset].isOdd { return offset }
            offset &+= 1
        }
        while offset < count {
            if self[offset].isOdd { return offset }
            offset &+= 1
        }
        return nil
    }

    /// The offset at which the character after the one at `offset` begins.
    public func character(after offset: Int) -> Int { beginOfCharacter(atOrAfter: offset + 1) }

    /// The first offset, at or after `offset`, at which a character begins; the end is such an offset.
    public func beginOfCharacter(atOrAfter offset: Int) -> Int {
        var offset = Swift.min(offset, count)
        while offset < count, self[offset] & 0xC0 == 0x80 { offset += 1 }
        return offset
    }

    /// The offset after the last character that is there in full.
    public var endOfWholeCharacters: Int {
        var lead = count - 1
        while lead >= 0, count - lead < 4, self[lead] & 0xC0 == 0x80 { lead -= 1 }
        guard lead >= 0, self[lead] >= 0xC0 else { return count }
        let length = (~self[lead]).leadingZeroBitCount
        return count - lead < length ? lead : count
    }
}

extension UInt8 {
    /// Whether a byte belongs to a character that may not be read as it stands: beyond ASCII, or a control character other
    /// than tab, line feed and carriage return.
    var isOdd: Bool { self > 0x7E || self < 0x20 && self != 0x09 && self != 0x0A && self != 0x0D }
}
