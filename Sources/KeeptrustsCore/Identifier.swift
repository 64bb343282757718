/// A resource's identifier, which the compiler keeps apart from other resources' identifiers.
///
/// On the wire: a prefix that names the resource, `_`, and a ULID, such as `evt_01JD0G7Z6M3T8V5RWQX4K2H9YB`.
public struct Identifier<Resource>: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByStringLiteral {
    public var rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { self.init(rawValue: value) }

    /// Makes a new identifier whose order is that of `time`, to the millisecond.
    public init(prefix: String, at time: Timestamp, using generator: inout some RandomNumberGenerator) {
        self.init(rawValue: "\(prefix)_\(ULID(at: time, using: &generator))")
    }

    /// Makes a new identifier at `time` with the system's randomness.
    public init(prefix: String, at time: Timestamp) {
        var generator = SystemRandomNumberGenerator()
        self.init(prefix: prefix, at: time, using: &generator)
    }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// A universally unique, lexicographically sortable identifier: 48 bits of milliseconds, 80 bits of randomness.
public struct ULID: Sendable, Hashable, CustomStringConvertible {
    /// The first 64 of the 128 bits.
    public var high: UInt64
    public var low: UInt64

    public init(at time: Timestamp, using generator: inout some RandomNumberGenerator) {
        let milliseconds = UInt64(max(0, time.rawValue / 1_000)) & 0xFFFF_FFFF_FFFF
        high = milliseconds << 16 | generator.next() >> 48
        low = generator.next()
    }

    /// Hands the 26 digits of Crockford's base 32 to `body`, the first digit first.
    public func withDigits(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 26) { digits in
            var (upper, lower) = (high, low)
            var index = 25
            while index >= 0 {
                // Both are in bounds: 26 digits, an alphabet of 32.
                digits.initializeElement(at: index, to: Self.alphabet.utf8Start[Int(lower & 31)])
                lower = lower >> 5 | upper << 59
                upper >>= 5
                index -= 1
            }
            body(UnsafeBufferPointer(digits))
        }
    }

    public var description: String {
        var text = ""
        withDigits { text = String(decoding: $0, as: UTF8.self) }
        return text
    }

    private static var alphabet: StaticString { "0123456789ABCDEFGHJKMNPQRSTVWXYZ" }
}
