import KeeptrustsMatching

// The schemes of northern and eastern Europe.
extension EuropeanNumber {
    /// Date of birth (the century is in the month), order, and a check digit.
    static func isPESEL(_ number: Numeral) -> Bool {
        guard let digits = number.digits(11), let month = number.value(2..<4) else { return false }
        guard Numeral.isDay(number.value(4..<6), month % 20) else { return false }
        return Checksums.sum(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 == 0
    }

    /// Date and order of birth, with Luhn's check digit; the century may stand before it.
    static func isPersonnummer(_ number: Numeral) -> Bool {
        guard number.count == 10 || number.count == 12 else { return false }
        if number.count == 12, ![18, 19, 20].contains(number.value(0..<2) ?? 0) { return false }
        let short = number[number.count - 10..<number.count]
        // A coordination number adds 60 to the day.
        guard let digits = short.digits(10), let day = short.value(4..<6) else { return false }
        guard Numeral.isDay(day > 60 ? day - 60 : day, short.value(2..<4)) else { return false }
        return isLuhn(digits)
    }

    static func isLuhn(_ digits: [Int]) -> Bool {
        digits.map { UInt8($0) + 0x30 }.withUnsafeBytes { Checksums.luhn($0) }
    }

    static func isFodselsnummer(_ number: Numeral) -> Bool {
        guard let digits = number.digits(11), let day = number.value(0..<2) else { return false }
        // A D-number adds 40 to the day.
        guard Numeral.isDay(day > 40 ? day - 40 : day, number.value(2..<4)) else { return false }
        return Checksums.sum(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 == 0
            && Checksums.sum(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
    }

    /// Date of birth, a letter for the century, order, and a character by mod 31.
    static func isHETU(_ number: Numeral) -> Bool {
        // The sign of the century is a letter, or `-` or `+`, which are no part of the number.
        let hasLetter = number.count == 11
        guard number.count == 10 || (hasLetter && number.index(of: 6, in: "ABCDEFUVWXY") != nil) else { return false }
        guard number.isDate(dayAt: 0), let date = number.value(0..<6) else { return false }
        let start = hasLetter ? 7 : 6
        guard let order = number.value(start..<start + 3), order >= 2 else { return false }
        let check = (date * 1_000 + order) % 31
        return number.index(of: start + 3, in: "0123456789ABCDEFHJKLMNPRSTUVWXY") == check
    }

    /// Date of birth (a woman's month is higher by 50), order; a multiple of 11 since 1954.
    static func isRodneCislo(_ number: Numeral) -> Bool {
        guard let digits = number.digits(10), let month = number.value(2..<4) else { return false }
        let plain = month > 50 ? month - 50 : month
        guard Numeral.isDay(number.value(4..<6), plain > 20 ? plain - 20 : plain) else { return false }
        return Checksums.remainder(digits, 11) == 0
            || (Checksums.remainder(digits.dropLast(), 11) == 10 && digits[9] == 0)
    }

    static func isCNP(_ number: Numeral) -> Bool {
        guard let digits = number.digits(13), digits[0] != 0, number.isDate(yearAt: 1) else { return false }
        guard let county = number.value(7..<9), (1...52).contains(county) || county == 70 else { return false }
        let check = Checksums.sum(digits.dropLast(), [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11
        return (check == 10 ? 1 : check) == digits[12]
    }

    /// Date of birth (20 or 40 added to the month in other centuries), order, and a check digit.
    static func isEGN(_ number: Numeral) -> Bool {
        guard let digits = number.digits(10), let month = number.value(2..<4) else { return false }
        guard Numeral.isDay(number.value(4..<6), month > 40 ? month - 40 : month > 20 ? month - 20 : month) else {
            return false
        }
        return Checksums.sum(digits.dropLast(), [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == digits[9]
    }

    static func isAMKA(_ number: Numeral) -> Bool {
        guard let digits = number.digits(11) else { return false }
        return number.isDate(dayAt: 0) && isLuhn(digits)
    }

    static func isJMBG(_ number: Numeral) -> Bool {
        guard let digits = number.digits(13), Numeral.isDay(number.value(0..<2), number.value(2..<4)) else {
            return false
        }
        guard let year = number.value(4..<7), (900...999).contains(year) || year < 100 else { return false }
        let check = 11 - Checksums.sum(digits.dropLast(), [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
        return (check > 9 ? 0 : check) == digits[12]
    }

    /// Sex and century, date and order of birth, and a check digit of two rounds.
    static func isIsikukood(_ number: Numeral) -> Bool {
        guard let digits = number.digits(11), (1...8).contains(digits[0]), number.isDate(yearAt: 1) else {
            return false
        }
        var check = Checksums.sum(digits.dropLast(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11
        if check == 10 { check = Checksums.sum(digits.dropLast(), [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10 }
        return check == digits[10]
    }

    static func isTAJ(_ number: Numeral) -> Bool {
        guard let digits = number.digits(9) else { return false }
        return Checksums.sum(digits.dropLast(), [3, 7, 3, 7, 3, 7, 3, 7]) % 10 == digits[8]
    }

    static func isSNILS(_ number: Numeral) -> Bool {
        guard let digits = number.digits(11) else { return false }
        let check = Checksums.sum(digits.prefix(9), [9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100
        return check == digits[9] * 10 + digits[10]
    }

    /// The number of a person: twelve digits, two of them check digits.
    static func isINN(_ number: Numeral) -> Bool {
        guard let digits = number.digits(12) else { return false }
        return Checksums.sum(digits.prefix(10), [7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == digits[10]
            && Checksums.sum(digits.prefix(11), [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == digits[11]
    }

    static func isTCKN(_ number: Numeral) -> Bool {
        guard let digits = number.digits(11), digits[0] != 0 else { return false }
        let odd = digits[0] + digits[2] + digits[4] + digits[6] + digits[8]
        let even = digits[1] + digits[3] + digits[5] + digits[7]
        // 7 × odd - even may be negative.
        return (odd * 7 - even + 100) % 10 == digits[9] && digits.prefix(10).reduce(0, +) % 10 == digits[10]
    }
}
