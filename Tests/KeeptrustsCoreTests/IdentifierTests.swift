import KeeptrustsCore
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    /// Gives the same bits every time.
    struct Fixed: RandomNumberGenerator {
        var bits: UInt64
        mutating func next() -> UInt64 { bits }
    }

    enum Thing {}

    /// Milliseconds since 1970, random bits, and the digits.
    static let digits: [(Int64, UInt64, String)] = [
        (0, 0, "00000000000000000000000000"), (0, .max, "0000000000ZZZZZZZZZZZZZZZZ"),
        (281_474_976_710_655, .max, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), (1, 0, "00000000010000000000000000"),
        (1_469_918_176_385, 0, "01ARYZ6S410000000000000000"), (-5, 0, "00000000000000000000000000"),
    ]

    @Test("A ULID is written in Crockford's base 32", arguments: digits)
    func ulid(milliseconds: Int64, bits: UInt64, expected: String) {
        var generator = Fixed(bits: bits)
        let ulid = ULID(at: Timestamp(rawValue: milliseconds * 1_000), using: &generator)

        #expect(ulid.description == expected)
        ulid.withDigits { #expect(String(decoding: $0, as: UTF8.self) == expected) }
    }

    @Test("Each bit of a ULID is in its place")
    func bits() {
        var generator = Fixed(bits: 0)
        var ulid = ULID(at: Timestamp(rawValue: 0), using: &generator)
        (ulid.high, ulid.low) = (0, 0x1F)
        #expect(ulid.description == "0000000000000000000000000Z")
        (ulid.high, ulid.low) = (1, 0)
        #expect(ulid.description == "0000000000000G000000000000")
        (ulid.high, ulid.low) = (1 << 63, 1)
        #expect(ulid.description == "40000000000000000000000001")
    }

    @Test("Identifiers are in the order of their times, and differ at the same time")
    func order() {
        let earlier = Identifier<Thing>(prefix: "evt", at: Timestamp(rawValue: 1_700_000_000_000_999))
        let later = Identifier<Thing>(prefix: "evt", at: Timestamp(rawValue: 1_700_000_000_001_000))
        #expect(earlier.rawValue < later.rawValue)

        let many = Set((0..<1_000).map { _ in Identifier<Thing>(prefix: "evt", at: Timestamp(rawValue: 0)) })
        #expect(many.count == 1_000)
        #expect(many.allSatisfy { $0.rawValue.hasPrefix("evt_0000000000") && $0.rawValue.utf8.count == 30 })
    }
}
