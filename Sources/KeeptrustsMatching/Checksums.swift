#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Check digits, as the standards that define them say.
public enum Checksums {
    /// Whether the last digit of a text is right by the Luhn algorithm (ISO/IEC 7812-1 annex B).
    ///
    /// Whatever is not a digit is passed over. Fewer than two digits are never right.
    public static func luhn(_ text: UnsafeRawBufferPointer) -> Bool {
        var sum = 0
        var count = 0
        for byte in text.reversed() where isDigit(byte) {
            let digit = Int(byte) - 0x30
            let doubled = digit * 2
            sum += count % 2 == 0 ? digit : (doubled > 9 ? doubled - 9 : doubled)
            count += 1
        }
        return count > 1 && sum % 10 == 0
    }

    /// Whether the check digits of an account number are right (ISO 13616: mod 97 of ISO/IEC 7064).
    ///
    /// Spaces and dashes are passed over; letters count in either case.
    public static func iban(_ text: UnsafeRawBufferPointer) -> Bool {
        let bytes = text.filter { $0 != 0x20 && $0 != 0x2D }
        guard bytes.count >= 15, bytes.count <= 34 else { return false }
        var remainder = 0
        for byte in bytes[4...] + bytes[..<4] {
            guard let value = value(of: byte) else { return false }
            remainder = (value > 9 ? remainder * 100 + value : remainder * 10 + value) % 97
        }
        return remainder == 1
    }

    /// 0 to 9 for digits, 10 to 35 for letters.
    private static func value(of byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x5A: Int(byte) - 0x41 + 10
        case 0x61...0x7A: Int(byte) - 0x61 + 10
        default: nil
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}

/// How evenly the bytes of a text are spread.
public enum Entropy {
    /// The Shannon entropy of a text in bits per byte, 0...8.
    public static func bits(of text: UnsafeRawBufferPointer) -> Double {
        guard !text.isEmpty else { return 0 }
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 256) { counts in
            counts.initialize(repeating: 0)
            for byte in text { counts[Int(byte)] &+= 1 }
            let total = Double(text.count)
            return counts.reduce(0.0) { sum, count in
                guard count > 0 else { return sum }
                let share = Double(count) / total
                return sum - share * log2(share)
            }
        }
    }
}
