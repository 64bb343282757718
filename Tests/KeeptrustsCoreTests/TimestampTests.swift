import KeeptrustsCore
import Testing

@Suite("Timestamps")
struct TimestampTests {
    /// A time as it is written, and its microseconds since 1970.
    static let times: [(String, Int64)] = [
        ("1970-01-01T00:00:00.000000Z", 0), ("1970-01-01T00:00:00.000001Z", 1), ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-11-22T15:30:00.000000Z", 1_795_361_400_000_000), ("2000-02-29T12:34:56.789012Z", 951_827_696_789_012),
        ("2024-02-29T00:00:00.000000Z", 1_709_164_800_000_000), ("1900-03-01T00:00:00.000000Z", -2_203_891_200_000_000),
        ("2038-01-19T03:14:08.000000Z", 2_147_483_648_000_000), ("2100-03-01T00:00:00.000000Z", 4_107_542_400_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ("0001-01-01T00:00:00.000000Z", -62_135_596_800_000_000),
    ]

    @Test("A time is written and read with six digits of a second", arguments: times)
    func roundTrip(text: String, microseconds: Int64) {
        #expect(Timestamp(rawValue: microseconds).description == text)
        #expect(Timestamp(text)?.rawValue == microseconds)
    }

    /// Other spellings of the moment 2026-11-22T15:30:00Z, and how many microseconds they are from it.
    static let spellings: [(String, Int64)] = [
        ("2026-11-22T15:30:00Z", 0), ("2026-11-22t15:30:00z", 0), ("2026-11-22T15:30:00+00:00", 0),
        ("2026-11-22T15:30:00-00:00", 0), ("2026-11-22T16:30:00+01:00", 0), ("2026-11-22T10:00:00-05:30", 0),
        ("2026-11-23T15:29:00+23:59", 0), ("2026-11-22T15:30:00.5Z", 500_000), ("2026-11-22T15:30:00.000001Z", 1),
        ("2026-11-22T15:30:00.0000019Z", 1), ("2026-11-22T15:30:00.1234567890123+00:00", 123_456),
        ("2026-11-22T15:29:60Z", 0),
    ]

    @Test("Every form of RFC 3339 is read", arguments: spellings)
    func reads(text: String, microseconds: Int64) {
        #expect(Timestamp(text)?.rawValue == 1_795_361_400_000_000 + microseconds)
    }

    @Test(
        "What is no time is not read",
        arguments: [
            "", "2026", "2026-11-22", "2026-11-22T15:30", "2026-11-22T15:30:00", "2026-11-22 15:30:00Z",
            "2026-11-22T15:30:00.Z", "2026-11-22T15:30:00.5", "2026-11-22T15:30:00,5Z", "2026-11-22T15:30:00ZZ",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
            "2026-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-04-31T00:00:00Z", "1900-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60",
            "2026-01-01T00:00:00+01",
            "2026-01-01T00:00:00 Z", "2026/01/01T00:00:00Z", "+026-01-01T00:00:00Z", "-026-01-01T00:00:00Z",
            "2026-1-01T00:00:00.0Z", "2026-01-01T00:00:00\u{2212}01:00", "\u{FF12}026-01-01T00:00:00Z",
            "2026-01-01T00:00:0aZ",
            "12026-01-01T00:00:00Z",
        ])
    func refuses(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("A time moves to the microsecond, and no further than there is time")
    func advanced() {
        let time = Timestamp(rawValue: 1_000_000)
        #expect(time.advanced(by: .milliseconds(1_500)).rawValue == 2_500_000)
        #expect(time.advanced(by: .seconds(-2)).rawValue == -1_000_000)
        #expect(time.advanced(by: .nanoseconds(1_999)).rawValue == 1_000_001)
        #expect(time.advanced(by: .seconds(Int64.max)).rawValue == .max)
        #expect(time.advanced(by: .seconds(Int64.min)).rawValue == .min)
        #expect(Timestamp(rawValue: .max).advanced(by: .microseconds(1)).rawValue == .max)
        #expect(time < time.advanced(by: .microseconds(1)))
    }
}
