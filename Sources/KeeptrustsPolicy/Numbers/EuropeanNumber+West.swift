import KeeptrustsMatching

// The schemes of western and southern Europe.
extension EuropeanNumber {
    /// Mod 11 (NHS Data Dictionary).
    static func isNHS(_ number: Numeral) -> Bool {
        guard let digits = number.digits(10) else { return false }
        return (11 - Checksums.sum(digits.dropLast(), [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 == digits[9]
    }

    /// Two letters that are in use, six digits, one of A to D (HMRC, NIM39110).
    static func isNINO(_ number: Numeral) -> Bool {
        guard number.count == 9, number[2..<8].digits != nil, "ABCD".contains(number[8]) else { return false }
        guard "ABCEGHJKLMNOPRSTWXYZ".contains(number[0]), "ABCEGHJKLMNPRSTWXYZ".contains(number[1]) else {
            return false
        }
        return !["BG", "GB", "NK", "KN", "TN", "NT", "ZZ"].contains("\(number[0])\(number[1])")
    }

    /// Of the first ten digits one stands there twice or three times, the others once at most; mod 11, 10 at the end.
    static func isSteuerID(_ number: Numeral) -> Bool {
        guard let digits = number.digits(11), digits[0] != 0, Checksums.mod11and10(digits) else { return false }
        var counts = [Int](repeating: 0, count: 10)
        for digit in digits.dropLast() { counts[digit] += 1 }
        return counts.count { $0 > 1 } == 1 && counts.allSatisfy { $0 <= 3 }
    }

    /// Sex, year, month, place and order of birth, and a key: 97 less the number modulo 97.
    static func isNIR(_ number: Numeral) -> Bool {
        guard number.count == 15, let sex = number.value(0..<1), [1, 2, 3, 4, 7, 8].contains(sex) else { return false }
        guard let month = number.value(3..<5), (1...12).contains(month) || (20...42).contains(month) || month >= 50
        else { return false }
        // Corsica has letters: 2A counts as 19, 2B as 18.
        var characters = number.characters
        switch (characters[5], characters[6]) {
        case (0x32, 0x41): (characters[5], characters[6]) = (0x31, 0x39)
        case (0x32, 0x42): (characters[5], characters[6]) = (0x31, 0x38)
        default: break
        }
        let digits = characters.compactMap(Numeral.digit)
        guard digits.count == 15 else { return false }
        return 97 - Checksums.remainder(digits.prefix(13), 97) == digits[13] * 10 + digits[14]
    }

    /// Seven or eight digits and a letter that follows from them modulo 23; foreigners have X, Y or Z for the first digit.
    static func isDNI(_ number: Numeral) -> Bool {
        guard (8...9).contains(number.count),
            let last = number.index(of: number.count - 1, in: "TRWAGMYFPDXBNJZSQVHLCKE")
        else { return false }
        var value = number.value(0..<number.count - 1)
        if let foreign = number.index(of: 0, in: "XYZ"), number.count == 9 {
            value = number.value(1..<8).map { foreign * 10_000_000 + $0 }
        }
        return value.map { $0 % 23 == last && $0 > 0 } ?? false
    }

    /// Six letters, year, month, day, place of birth, and a letter that follows from them (decree of 12 March 1974).
    static func isCodiceFiscale(_ number: Numeral) -> Bool {
        guard hasFormOfCodiceFiscale(number), let last = number.index(of: 15, in: upper) else { return false }
        var sum = 0
        for (place, byte) in number.characters.dropLast().enumerated() {
            let value = Numeral.digit(byte) ?? Int(byte) - 0x41
            sum += place % 2 == 0 ? oddValues[value] : value
        }
        return sum % 26 == last
    }

    private static let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private static let oddValues = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
    ]

    private static func hasFormOfCodiceFiscale(_ number: Numeral) -> Bool {
        guard number.count == 16 else { return false }
        // Letters stand for digits where two people would have the same code.
        func digit(_ place: Int) -> Int? {
            Numeral.digit(number.characters[place]) ?? number.index(of: place, in: "LMNPQRSTUV")
        }
        let letters = [0, 1, 2, 3, 4, 5, 11].allSatisfy { number.index(of: $0, in: upper) != nil }
        guard letters, number.index(of: 8, in: "ABCDEHLMPRST") != nil,
            [6, 7, 12, 13, 14].allSatisfy({ digit($0) != nil })
        else { return false }
        guard let tens = digit(9), let ones = digit(10) else { return false }
        let day = tens * 10 + ones
        return (0...31).contains(day) || (41...71).contains(day)
    }

    /// The eleven-test: the sum with the weights 9 to 2 and -1 is a multiple of 11.
    static func isBSN(_ number: Numeral) -> Bool {
        guard let digits = number.digits(9) else { return false }
        return Checksums.sum(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 == 0
    }

    /// Date and order of birth, and 97 less the number modulo 97; from 2000 on with a 2 before it.
    static func isRijksregister(_ number: Numeral) -> Bool {
        guard let digits = number.digits(11), number.isDate(yearAt: 0) else { return false }
        let check = digits[9] * 10 + digits[10]
        return [0, 2].contains { century in
            97 - Checksums.remainder([century] + digits.prefix(9), 97) == check
        }
    }

    static func isNIF(_ number: Numeral) -> Bool {
        guard let digits = number.digits(9), [1, 2, 3, 5, 6, 7, 8, 9].contains(digits[0]) else { return false }
        let check = 11 - Checksums.sum(digits.dropLast(), [9, 8, 7, 6, 5, 4, 3, 2]) % 11
        return (check > 9 ? 0 : check) == digits[8]
    }

    /// Seven digits, a letter by mod 23, and since 2013 a second letter that counts with the weight 9.
    static func isPPS(_ number: Numeral) -> Bool {
        guard (8...9).contains(number.count), let digits = number[0..<7].digits else { return false }
        guard let check = number.index(of: 7, in: "WABCDEFGHIJKLMNOPQRSTUV") else { return false }
        var sum = Checksums.sum(digits, [8, 7, 6, 5, 4, 3, 2])
        if number.count == 9 {
            guard let second = number.index(of: 8, in: "WABCDEFGHI") else { return false }
            sum += second * 9
        }
        return sum % 23 == check
    }

    /// An EAN of 13 digits that begins with the country's 756.
    static func isAHV(_ number: Numeral) -> Bool {
        guard let digits = number.digits(13), number.value(0..<3) == 756 else { return false }
        return Checksums.sum(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 == 0
    }

    /// Three digits, a check digit, and the date of birth.
    static func isSVNR(_ number: Numeral) -> Bool {
        guard let digits = number.digits(10), digits[0] != 0, number.isDate(dayAt: 4) else { return false }
        return Checksums.sum(digits, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == digits[3]
    }
}
