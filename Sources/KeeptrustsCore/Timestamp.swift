/// A moment, in microseconds since 1970 in UTC.
public struct Timestamp: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    /// The moment this much later, to the microsecond; the last or first moment there is when it lies beyond.
    public func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let microseconds = Int128(seconds) * 1_000_000 + Int128(attoseconds / 1_000_000_000_000)
        return Timestamp(rawValue: Int64(clamping: Int128(rawValue) + microseconds))
    }
}

/// On the wire: RFC 3339 in UTC with six digits, such as `2026-11-22T15:30:00.000000Z`.
extension Timestamp: Codable, CustomStringConvertible {
    public var description: String {
        var text = ""
        withText { text = String(decoding: $0, as: UTF8.self) }
        return text
    }

    /// Hands the form on the wire to `body`, without an allocation.
    public func withText(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        let (days, time) = (rawValue.flooredDivision(by: 86_400_000_000), rawValue.flooredRemainder(by: 86_400_000_000))
        let (year, month, day) = Self.date(ofDay: days)
        let seconds = time / 1_000_000
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { text in
            var end = 0
            func write(_ number: Int64, _ digits: Int, _ mark: UInt8) {
                var rest = abs(number)
                for place in stride(from: end + digits - 1, through: end, by: -1) {
                    text.initializeElement(at: place, to: UInt8(48 + rest % 10))
                    rest /= 10
                }
                text.initializeElement(at: end + digits, to: mark)
                end += digits + 1
            }
            write(year, 4, UInt8(ascii: "-"))
            write(month, 2, UInt8(ascii: "-"))
            write(day, 2, UInt8(ascii: "T"))
            write(seconds / 3_600, 2, UInt8(ascii: ":"))
            write(seconds / 60 % 60, 2, UInt8(ascii: ":"))
            write(seconds % 60, 2, UInt8(ascii: "."))
            write(time % 1_000_000, 6, UInt8(ascii: "Z"))
            body(UnsafeBufferPointer(rebasing: text[..<end]))
        }
    }

    /// Reads a time with an offset or `Z`; the fraction may be absent.
    ///
    /// See RFC 3339 §5.6. A fraction beyond microseconds is cut; a leap second is the second after it.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count else { return nil }
            return bytes[range].reduce(Int64?(0)) { sum, byte in
                sum.flatMap { byte >= 48 && byte <= 57 ? $0 * 10 + Int64(byte - 48) : nil }
            }
        }
        guard bytes.count >= 20, let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            bytes[4] == 45, bytes[7] == 45, bytes[10] | 32 == 116, bytes[13] == 58, bytes[16] == 58,
            (1...12).contains(month), day >= 1, hour < 24, minute < 60, second <= 60
        else { return nil }
        var (fraction, index) = (Int64(0), 19)
        if bytes[index] == 46 {
            let end = bytes[20...].firstIndex { $0 < 48 || $0 > 57 } ?? bytes.count
            guard end > 20 else { return nil }
            let digits = bytes[20..<end].prefix(6)
            fraction = digits.reduce(0) { $0 * 10 + Int64($1 - 48) }
            for _ in digits.count..<6 { fraction *= 10 }
            index = end
        }
        guard index < bytes.count else { return nil }
        var offset = Int64(0)
        if bytes[index] | 32 == 122 {
            guard index + 1 == bytes.count else { return nil }
        } else {
            guard bytes.count == index + 6, bytes[index + 3] == 58, let hours = number(index + 1..<index + 3),
                let minutes = number(index + 4..<index + 6), bytes[index] == 43 || bytes[index] == 45, hours < 24,
                minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (bytes[index] == 43 ? 60 : -60)
        }
        let days = Self.day(year, month, day)
        guard Self.date(ofDay: days) == (year, month, day) else { return nil }
        rawValue = ((days * 24 + hour) * 3_600 + minute * 60 + second - offset) * 1_000_000 + fraction
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time")
        }
        self = time
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// The Gregorian date of a day counted from 1970-01-01, in years that begin in March.
    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = shifted.flooredDivision(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }

    private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year.flooredDivision(by: 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }

    fileprivate func flooredRemainder(by divisor: Int64) -> Int64 {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
