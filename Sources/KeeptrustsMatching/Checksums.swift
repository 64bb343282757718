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

    /// Whether the last digit is right by Verhoeff's scheme (the dihedral group of order ten).
    public static func verhoeff(_ digits: [Int]) -> Bool {
        guard digits.count > 1 else { return false }
        var check = 0
        for (index, digit) in digits.reversed().enumerated() {
            var permuted = digit
            for _ in 0..<index % 8 { permuted = permutation[permuted] }
            check = product(check, permuted)
        }
        return check == 0
    }

    /// The product in the dihedral group: 0 to 4 are turns, 5 to 9 are turns with a flip.
    private static func product(_ a: Int, _ b: Int) -> Int {
        switch (a < 5, b < 5) {
        case (true, true): (a + b) % 5
        case (true, false): (a + b - 5) % 5 + 5
        case (false, true): (a - b) % 5 + 5
        case (false, false): (a - b + 5) % 5
        }
    }

    private static let permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]

    /// The sum of the digits, each multiplied by the weight at its place.
    @inlinable
    public static func sum(_ digits: some Sequence<Int>, _ weights: [Int]) -> Int {
        zip(digits, weights).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// Whether the last digit is right by the hybrid system mod 11, 10 of ISO/IEC 7064.
    public static func mod11and10(_ digits: [Int]) -> Bool {
        guard let last = digits.last, digits.count > 1 else { return false }
        var product = 10
        for digit in digits.dropLast() {
            let sum = (digit + product) % 10
            product = (sum == 0 ? 10 : sum) * 2 % 11
        }
        return (11 - product) % 10 == last
    }

    /// The number that the digits write, modulo `modulus`.
    public static func remainder(_ digits: some Sequence<Int>, _ modulus: Int) -> Int {
        digits.reduce(0) { ($0 * 10 + $1) % modulus }
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
