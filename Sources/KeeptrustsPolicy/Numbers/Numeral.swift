/// The letters and digits of a number as somebody wrote it, without what stands between them.
struct Numeral {
    /// ASCII, in upper case.
    let characters: [UInt8]

    init(_ text: UnsafeRawBufferPointer) {
        var characters: [UInt8] = []
        characters.reserveCapacity(text.count)
        for byte in text {
            switch byte {
            case 0x30...0x39, 0x41...0x5A: characters.append(byte)
            case 0x61...0x7A: characters.append(byte - 0x20)
            default: break
            }
        }
        self.characters = characters
    }

    private init(characters: ArraySlice<UInt8>) { self.characters = Array(characters) }

    var count: Int { characters.count }

    /// The number in digits; nil when it holds letters.
    var digits: [Int]? {
        let digits = characters.compactMap(Self.digit)
        return digits.count == characters.count ? digits : nil
    }

    /// The number in `count` digits, not all of them the same; nil when it is not so.
    func digits(_ count: Int) -> [Int]? {
        guard self.count == count, let digits, digits.contains(where: { $0 != digits[0] }) else { return nil }
        return digits
    }

    /// A part of the number.
    subscript(range: Range<Int>) -> Numeral {
        Numeral(characters: characters[range.clamped(to: 0..<count)])
    }

    /// The character at a place.
    subscript(index: Int) -> Character { Character(Unicode.Scalar(characters[index])) }

    /// What a part of the number says as a whole number; nil when it holds letters or nothing.
    func value(_ range: Range<Int>) -> Int? {
        guard !range.isEmpty, range.lowerBound >= 0, range.upperBound <= count, range.count < 18 else { return nil }
        var value = 0
        for character in characters[range] {
            guard let digit = Self.digit(character) else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// The place of a character in `alphabet`.
    func index(of place: Int, in alphabet: String) -> Int? {
        guard place < count else { return nil }
        return Array(alphabet.utf8).firstIndex(of: characters[place])
    }

    static func digit(_ byte: UInt8) -> Int? { (0x30...0x39).contains(byte) ? Int(byte) - 0x30 : nil }

    /// Whether a day of that month exists, in some year.
    static func isDay(_ day: Int?, _ month: Int?) -> Bool {
        guard let day, let month, (1...12).contains(month) else { return false }
        return (1...[31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]).contains(day)
    }

    /// Whether the six digits from `start` on are a date, in the order year, month, day.
    func isDate(yearAt start: Int) -> Bool {
        value(start..<start + 2) != nil && Self.isDay(value(start + 4..<start + 6), value(start + 2..<start + 4))
    }

    /// Whether the six digits from `start` on are a date, in the order day, month, year.
    func isDate(dayAt start: Int) -> Bool {
        value(start + 4..<start + 6) != nil && Self.isDay(value(start..<start + 2), value(start + 2..<start + 4))
    }
}

/// A scheme by which a state numbers people.
///
/// A number that a scheme accepts has its form and, where the scheme has one, the right check digit.
enum NationalNumber: Sendable, Hashable {
    case european(EuropeanNumber)
    case american(AmericanNumber)
    case eastern(EasternNumber)

    /// The scheme of that name in a pack.
    init?(name: String) {
        if let scheme = EuropeanNumber(rawValue: name) {
            self = .european(scheme)
        } else if let scheme = AmericanNumber(rawValue: name) {
            self = .american(scheme)
        } else if let scheme = EasternNumber(rawValue: name) {
            self = .eastern(scheme)
        } else {
            return nil
        }
    }

    func accepts(_ text: UnsafeRawBufferPointer) -> Bool {
        let number = Numeral(text)
        return switch self {
        case .european(let scheme): scheme.accepts(number)
        case .american(let scheme): scheme.accepts(number)
        case .eastern(let scheme): scheme.accepts(number)
        }
    }
}
