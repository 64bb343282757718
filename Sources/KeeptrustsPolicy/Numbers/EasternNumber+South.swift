import KeeptrustsMatching

// The schemes of Oceania, western Asia and Africa.
extension EasternNumber {
    static func isTFN(_ number: Numeral) -> Bool {
        guard let digits = number.digits(9) else { return false }
        return Checksums.sum(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 == 0
    }

    /// Eight digits, a check digit, the issue of the card, and perhaps the place of the person on it.
    static func isMedicare(_ number: Numeral) -> Bool {
        guard let digits = number.digits(10) ?? number.digits(11), (2...6).contains(digits[0]) else { return false }
        return Checksums.sum(digits.prefix(8), [1, 3, 7, 9, 1, 3, 7, 9]) % 10 == digits[8]
    }

    static func isIRD(_ number: Numeral) -> Bool {
        guard let all = number.digits(9) ?? number.digits(8), let value = number.value(0..<number.count) else {
            return false
        }
        guard (10_000_000...150_000_000).contains(value) else { return false }
        let digits = all.count == 8 ? [0] + all : all
        func check(_ weights: [Int]) -> Int { (11 - Checksums.sum(digits.prefix(8), weights) % 11) % 11 }
        var last = check([3, 2, 7, 6, 5, 4, 3, 2])
        if last == 10 { last = check([7, 4, 3, 2, 5, 2, 7, 6]) }
        return last == digits[8]
    }

    /// The country's 784, year of birth, order, and Luhn's check digit.
    static func isEmirates(_ number: Numeral) -> Bool {
        guard let digits = number.digits(15), number.value(0..<3) == 784, let year = number.value(3..<7) else {
            return false
        }
        return (1_900...2_100).contains(year) && EuropeanNumber.isLuhn(digits)
    }

    static func isSaudiID(_ number: Numeral) -> Bool {
        guard let digits = number.digits(10), [1, 2].contains(digits[0]) else { return false }
        return EuropeanNumber.isLuhn(digits)
    }

    /// Date of birth, order and sex, what kind of resident, and Luhn's check digit.
    static func isSouthAfricanID(_ number: Numeral) -> Bool {
        guard let digits = number.digits(13), number.isDate(yearAt: 0), digits[10] <= 2 else { return false }
        return EuropeanNumber.isLuhn(digits)
    }

    /// Century, date of birth, governorate, order, and a digit whose rule is not public.
    static func isEgyptianID(_ number: Numeral) -> Bool {
        guard let digits = number.digits(14), [2, 3].contains(digits[0]), number.isDate(yearAt: 1) else { return false }
        guard let place = number.value(7..<9) else { return false }
        return (1...35).contains(place) || place == 88
    }
}
