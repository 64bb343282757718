import KeeptrustsMatching

// The schemes of southern and eastern Asia.
extension EasternNumber {
    /// Twelve digits, the first 2 to 9, with Verhoeff's check digit; no number reads the same backwards (UIDAI).
    static func isAadhaar(_ number: Numeral) -> Bool {
        guard let digits = number.digits(12), digits[0] > 1, digits != digits.reversed() else { return false }
        return Checksums.verhoeff(digits)
    }

    /// Five letters, of which the fourth says what kind of holder it is, four digits and a letter.
    static func isPAN(_ number: Numeral) -> Bool {
        guard number.count == 10, number.index(of: 3, in: "ABCFGHJLPT") != nil else { return false }
        guard let serial = number.value(5..<9), serial > 0 else { return false }
        return [0, 1, 2, 4, 9].allSatisfy { Numeral.digit(number.characters[$0]) == nil }
    }

    /// Region, date of birth, order, and a check digit by mod 11, 2 of ISO/IEC 7064 (GB 11643).
    static func isResident(_ number: Numeral) -> Bool {
        guard number.count == 18, let digits = number[0..<17].digits, let year = number.value(6..<10) else {
            return false
        }
        guard (1_850...2_100).contains(year), Numeral.isDay(number.value(12..<14), number.value(10..<12)) else {
            return false
        }
        guard let province = number.value(0..<2), (11...91).contains(province) else { return false }
        let sum = Checksums.sum(digits, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
        return number.index(of: 17, in: "0123456789X") == (12 - sum % 11) % 11
    }

    /// One or two letters, six digits, and a check digit by mod 11 in which a missing letter counts 36.
    static func isHKID(_ number: Numeral) -> Bool {
        guard (8...9).contains(number.count) else { return false }
        let letters = number.count - 7
        let alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        var values = letters == 1 ? [36] : []
        for place in 0..<number.count - 1 {
            guard let value = number.index(of: place, in: alphabet), (value > 9) == (place < letters) else {
                return false
            }
            values.append(value)
        }
        guard let check = number.index(of: number.count - 1, in: "0123456789A") else { return false }
        return (Checksums.sum(values, [9, 8, 7, 6, 5, 4, 3, 2]) + check) % 11 == 0
    }

    /// A letter for the place, a digit for the sex, order, and a check digit.
    static func isTaiwanID(_ number: Numeral) -> Bool {
        guard number.count == 10, let digits = number[1..<10].digits, [1, 2, 8, 9].contains(digits[0]) else {
            return false
        }
        guard let place = number.index(of: 0, in: "ABCDEFGHJKLMNPQRSTUVXYWZIO") else { return false }
        let sum = (place + 10) / 10 + (place + 10) % 10 * 9
        return (sum + Checksums.sum(digits, [8, 7, 6, 5, 4, 3, 2, 1, 1])) % 10 == 0
    }

    static func isMyNumber(_ number: Numeral) -> Bool {
        guard let digits = number.digits(12) else { return false }
        let rest = Checksums.sum(digits.dropLast(), [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
        return (rest < 2 ? 0 : 11 - rest) == digits[11]
    }

    /// Date of birth, century and sex, place and order, and a check digit; numbers since October 2020 have none.
    static func isRRN(_ number: Numeral) -> Bool {
        guard let digits = number.digits(13), number.isDate(yearAt: 0), digits[6] > 0 else { return false }
        let sum = Checksums.sum(digits.dropLast(), [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])
        return (11 - sum % 11) % 10 == digits[12]
    }

    /// S, T, F, G or M, seven digits, and a letter whose table depends on the first.
    static func isNRIC(_ number: Numeral) -> Bool {
        guard number.count == 9, let digits = number[1..<8].digits else { return false }
        let sum = Checksums.sum(digits, [2, 7, 6, 5, 4, 3, 2])
        return switch number[0] {
        case "S": number.index(of: 8, in: "JZIHGFEDCBA") == sum % 11
        case "T": number.index(of: 8, in: "JZIHGFEDCBA") == (sum + 4) % 11
        case "F": number.index(of: 8, in: "XWUTRQPNMLK") == sum % 11
        case "G": number.index(of: 8, in: "XWUTRQPNMLK") == (sum + 4) % 11
        case "M": number.index(of: 8, in: "KLJNPQRTUWX") == 10 - (sum + 3) % 11
        default: false
        }
    }

    /// Date and place of birth, and an order; there is no check digit.
    static func isMyKad(_ number: Numeral) -> Bool {
        guard number.digits(12) != nil, number.isDate(yearAt: 0), let place = number.value(6..<8) else { return false }
        return (1...59).contains(place) || [82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 98, 99].contains(place)
    }

    static func isTNIN(_ number: Numeral) -> Bool {
        guard let digits = number.digits(13), (1...8).contains(digits[0]) else { return false }
        let sum = Checksums.sum(digits.dropLast(), [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
        return (11 - sum % 11) % 10 == digits[12]
    }

    /// Region, date of birth (a woman's day is higher by 40), and an order; there is no check digit.
    static func isNIK(_ number: Numeral) -> Bool {
        guard number.digits(16) != nil, let region = number.value(0..<2), (11...96).contains(region) else {
            return false
        }
        guard let day = number.value(6..<8) else { return false }
        return Numeral.isDay(day > 40 ? day - 40 : day, number.value(8..<10)) && number.value(12..<16) != 0
    }

    /// Province, division, family, and a last digit that tells the sex; there is no check digit.
    static func isCNIC(_ number: Numeral) -> Bool {
        guard let digits = number.digits(13) else { return false }
        return (1...7).contains(digits[0])
    }
}
