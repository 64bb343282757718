import KeeptrustsMatching

/// A value that may be a secret, and what its bytes tell about it.
///
/// Lives no longer than the text that it is a part of.
struct SecretValue {
    let bytes: UnsafeRawBufferPointer

    private(set) var hasLower = false
    private(set) var hasUpper = false
    private(set) var hasDigit = false
    private(set) var hasOther = false

    /// How many different bytes it has.
    private(set) var distinct = 0

    var count: Int { bytes.count }
    var hasLetter: Bool { hasLower || hasUpper }

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        // No branch depends on a byte: what is no secret may be long, and found again from each of its words on.
        var seen: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for byte in bytes {
            let bit: UInt64 = 1 &<< UInt64(byte & 63)
            seen.0 |= byte < 0x40 ? bit : 0
            seen.1 |= byte & 0xC0 == 0x40 ? bit : 0
            seen.2 |= byte & 0xC0 == 0x80 ? bit : 0
            seen.3 |= byte >= 0xC0 ? bit : 0
        }
        hasDigit = seen.0 & Self.digits != 0
        hasUpper = seen.1 & Self.capitals != 0
        hasLower = seen.1 & Self.capitals << 32 != 0
        hasOther = (seen.0 & ~Self.digits) | (seen.1 & ~(Self.capitals | Self.capitals << 32)) | seen.2 | seen.3 != 0
        distinct = seen.0.nonzeroBitCount + seen.1.nonzeroBitCount + seen.2.nonzeroBitCount + seen.3.nonzeroBitCount
    }

    /// The digits among the first 64 bytes, and the capitals among the next, as bits.
    private static let digits: UInt64 = 0x3FF << 0x30
    private static let capitals: UInt64 = 0x3FF_FFFF << 1

    static func isLower(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 }
    static func isUpper(_ byte: UInt8) -> Bool { byte &- 0x41 < 26 }
    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
    static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

    /// How evenly its bytes are spread: bits per byte.
    var entropy: Double { Entropy.bits(of: bytes) }

    /// How often a letter stands beside a digit; chance mixes them, people and programs keep them apart.
    var mixtures: Int {
        zip(bytes, bytes.dropFirst()).count { left, right in
            Self.isAlphanumeric(left) && Self.isAlphanumeric(right) && Self.isDigit(left) != Self.isDigit(right)
        }
    }

    /// Whether it has the form of a UUID.
    var isUUID: Bool {
        guard count == 36 else { return false }
        return bytes.enumerated().allSatisfy { place, byte in
            switch place {
            case 8, 13, 18, 23: byte == 0x2D
            default: Self.isDigit(byte) || (byte | 0x20) &- 0x61 < 6
            }
        }
    }

    /// Whether it has a sign that names and versions do not have, apart from what ends a sentence.
    var hasStrongSign: Bool {
        let signs = PasswordSigns.anywhere
        guard let last = bytes.last else { return false }
        return bytes.dropLast().contains(where: signs.contains) || PasswordSigns.atEnd.contains(last)
    }

    /// Whether it is an expression of a program: a call, a path through types, a condition.
    var isCode: Bool {
        for (place, byte) in bytes.enumerated() {
            let next = place + 1 < count ? bytes[place + 1] : 0
            let after = place + 2 < count ? bytes[place + 2] : 0
            switch (byte, next) {
            case (0x2D, 0x3E), (0x3A, 0x3A), (0x26, 0x26), (0x7C, 0x7C), (0x29, 0x2E), (0x5D, 0x2E): return true
            case (0x3D, 0x3D) where after != 0x3D && after != 0: return true
            case (_, 0x28) where Self.isAlphanumeric(byte) || byte == 0x5F: return true
            default: continue
            }
        }
        return false
    }
}

/// Signs that passwords have.
private struct PasswordSigns {
    static let anywhere = PasswordSigns("!@#$%^&*+=?~")
    static let atEnd = PasswordSigns("!$#@%&*^")

    /// A bit for each byte of ASCII.
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(_ signs: String) {
        for byte in signs.utf8 {
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
        }
    }

    func contains(_ byte: UInt8) -> Bool { byte < 128 && (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 != 0 }
}
