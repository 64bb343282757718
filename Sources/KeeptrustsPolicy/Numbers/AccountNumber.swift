/// International bank account numbers (ISO 13616): a country, two check digits, and what the country says of the rest.
enum AccountNumber {
    /// The account number that begins with a row of letters and digits.
    ///
    /// One that stands by itself, with single spaces or dashes between its groups, has a country, a length and check digits.
    /// One that touches other words, or has other separators, has a digit wherever its country has one, too.
    ///
    /// - Parameters:
    ///   - row: Letters and digits, and what stands between them.
    ///   - text: The text that the row stands in.
    /// - Returns: The number's place; nil when there is none.
    static func first(in row: Range<Int>, of text: UnsafeRawBufferPointer) -> Range<Int>? {
        guard row.count > 4, let form = forms[country(at: row.lowerBound, in: text)] else { return nil }
        var reading = Reading()
        var last = row.lowerBound
        for place in row {
            guard let value = value(of: text[place]) else { continue }
            if place - last > 1 { reading.take(gap: text[last + 1..<place]) }
            last = place
            reading.take(value, form)
            guard reading.count == form.count else { continue }
            let span = row.lowerBound..<place + 1
            return reading.isRight(form, touches: touches(span, in: text)) ? span : nil
        }
        return nil
    }

    /// What is known of the letters and digits read so far.
    private struct Reading {
        private(set) var count = 0
        private var digits = 0

        /// The country and the check digits come last in the sum.
        private var head = 0
        private var remainder = 0
        private var isPlain = true
        private var fits = true

        mutating func take(_ value: Int, _ form: [Kind]) {
            if count < 4 {
                head = head * (value > 9 ? 100 : 10) + value
            } else {
                remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
            }
            fits = fits && form[count].takes(value)
            if value < 10 { digits += 1 }
            count += 1
        }

        mutating func take(gap: Slice<UnsafeRawBufferPointer>) {
            isPlain = isPlain && gap.count == 1 && (gap.first == 0x20 || gap.first == 0x2D)
        }

        /// Whether all characters of a number are right.
        func isRight(_ form: [Kind], touches: Bool) -> Bool {
            // Two letters of two digits each, and two digits.
            guard (remainder * 1_000_000 + head) % 97 == 1 else { return false }
            return isPlain && !touches || fits && digits >= 8
        }
    }

    /// Whether a letter, a digit or an underscore stands right before a number or behind it.
    private static func touches(_ span: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
        if span.lowerBound > 0, isWord(text[span.lowerBound - 1]) { return true }
        return span.upperBound < text.count && isWord(text[span.upperBound])
    }

    private static func isWord(_ byte: UInt8) -> Bool { value(of: byte) != nil || byte == 0x5F }

    /// 0 to 9 for digits, 10 to 35 for letters.
    private static func value(of byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x5A: Int(byte) - 0x41 + 10
        case 0x61...0x7A: Int(byte) - 0x61 + 10
        default: nil
        }
    }

    private static func country(at place: Int, in text: UnsafeRawBufferPointer) -> UInt16 {
        key(text[place] & 0xDF, text[place + 1] & 0xDF)
    }

    private static func key(_ first: UInt8, _ second: UInt8) -> UInt16 { UInt16(first) << 8 | UInt16(second) }

    /// What stands at a place of a number: a letter, a digit, or either.
    enum Kind {
        case letter, digit, either

        func takes(_ value: Int) -> Bool {
            switch self {
            case .letter: value > 9
            case .digit: value < 10
            case .either: true
            }
        }
    }

    /// The countries that have such numbers.
    static var countries: [String] {
        forms.keys.map { String(decoding: [UInt8($0 >> 8), UInt8($0 & 0xFF)], as: UTF8.self) }.sorted()
    }

    /// What each place of a number holds, by country.
    private static let forms: [UInt16: [Kind]] = {
        var forms: [UInt16: [Kind]] = [:]
        for entry in registry.split(whereSeparator: \.isWhitespace) {
            let (country, rest) = (Array(entry.utf8.prefix(2)), entry.dropFirst(3))
            var form: [Kind] = [.letter, .letter, .digit, .digit]
            var count = 0
            for character in rest {
                if let digit = character.wholeNumberValue {
                    count = count * 10 + digit
                } else {
                    form += Array(
                        repeating: character == "a" ? .letter : character == "n" ? .digit : .either, count: count)
                    count = 0
                }
            }
            forms[key(country[0], country[1])] = form
        }
        return forms
    }()

    /// What follows the check digits, by country: so many digits (n), letters (a), or either (c) (SWIFT, IBAN registry).
    private static let registry = """
        AD:8n12c AE:19n AL:8n16c AT:16n AZ:4a20c BA:16n BE:12n BG:4a6n8c BH:4a14c BI:23n BR:23n1a1c BY:4c4n16c CH:5n12c
        CR:18n CY:8n16c CZ:20n DE:18n DJ:23n DK:14n DO:4c20n EE:16n EG:25n ES:20n FI:14n FK:2a12n FO:14n FR:10n11c2n
        GB:4a14n GE:2a16n GI:4a15c GL:14n GR:7n16c GT:24c HN:4a20n HR:17n HU:24n IE:4a14n IL:19n IQ:4a15n IS:22n
        IT:1a10n12c JO:4a4n18c KW:4a22c KZ:3n13c LB:4n20c LC:4a24c LI:5n12c LT:16n LU:3n13c LV:4a13c LY:21n MC:10n11c2n
        MD:20c ME:18n MK:3n10c2n MN:16n MR:23n MT:4a5n18c MU:4a19n3a NI:4a20n NL:4a10n NO:11n OM:3n16c PK:4a16c PL:24n
        PS:4a21c PT:21n QA:4a21c RO:4a16c RS:18n RU:14n15c SA:2n18c SC:4a20n3a SD:14n SE:20n SI:15n SK:20n
        SM:1a10n12c SO:19n ST:21n SV:4a20n TL:19n TN:20n TR:6n16c UA:6n19c VA:18n VG:4a16n XK:16n YE:4a4n18c
        """
}
