import KeeptrustsMatching

/// A number that a state of the Americas gives to a person.
enum AmericanNumber: String, Sendable, CaseIterable {
    /// United States: individual taxpayer identification number, and Medicare beneficiary identifier.
    case itin, mbi

    /// Canada: social insurance number.
    case sin

    /// Brazil: cadastro de pessoas físicas.
    case cpf

    /// Mexico: clave única de registro de población, and registro federal de contribuyentes.
    case curp, rfc

    /// Chile: rol único tributario. Argentina: CUIL. Ecuador: cédula.
    case rut, cuil
    case cedulaEC = "cedula-ec"

    func accepts(_ number: Numeral) -> Bool {
        switch self {
        case .itin: Self.isITIN(number)
        case .mbi: Self.isMBI(number)
        case .sin: Self.isSIN(number)
        case .cpf: Self.isCPF(number)
        case .curp: Self.isCURP(number)
        case .rfc: Self.isRFC(number)
        case .rut: Self.isRUT(number)
        case .cuil: Self.isCUIL(number)
        case .cedulaEC: Self.isCedulaEC(number)
        }
    }

    /// Area 9xx, and a group that the Internal Revenue Service gives out.
    private static func isITIN(_ number: Numeral) -> Bool {
        guard let digits = number.digits(9), digits[0] == 9, let group = number.value(3..<5) else { return false }
        return [50...65, 70...88, 90...92, 94...99].contains { $0.contains(group) }
    }

    /// Eleven places of which each has its own alphabet; no letter that looks like a digit (CMS, MBI format).
    private static func isMBI(_ number: Numeral) -> Bool {
        guard number.count == 11 else { return false }
        let letters = "ACDEFGHJKMNPQRTUVWXY"
        let digits = "0123456789"
        let alphabets = [
            "123456789", letters, letters + digits, digits, letters, letters + digits, digits, letters, letters, digits,
            digits,
        ]
        return alphabets.enumerated().allSatisfy { number.index(of: $0.offset, in: $0.element) != nil }
    }

    private static func isSIN(_ number: Numeral) -> Bool {
        guard let digits = number.digits(9), digits[0] != 0, digits[0] != 8 else { return false }
        return EuropeanNumber.isLuhn(digits)
    }

    private static func isCPF(_ number: Numeral) -> Bool {
        guard let digits = number.digits(11) else { return false }
        let first = Checksums.sum(digits.prefix(9), [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10
        let second = Checksums.sum(digits.prefix(10), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10
        return first == digits[9] && second == digits[10]
    }

    /// Letters of the name, date of birth, sex, state, more letters, and a check digit.
    private static func isCURP(_ number: Numeral) -> Bool {
        guard number.count == 18, number.isDate(yearAt: 4), number.index(of: 10, in: "HMX") != nil else { return false }
        // Between N and O stands a letter that ASCII does not have, so letters from O on count one more.
        var sum = 0
        for (place, byte) in number.characters.dropLast().enumerated() {
            let value = Numeral.digit(byte) ?? Int(byte) - 0x41 + (byte > 0x4E ? 11 : 10)
            sum += value * (18 - place)
        }
        return number.value(17..<18) == (10 - sum % 10) % 10
    }

    /// Four letters, date of birth, and three characters.
    private static func isRFC(_ number: Numeral) -> Bool {
        number.count == 13 && number[0..<4].characters.allSatisfy { Numeral.digit($0) == nil }
            && number.isDate(yearAt: 4)
    }

    private static func isRUT(_ number: Numeral) -> Bool {
        guard (8...9).contains(number.count), let body = number[0..<number.count - 1].digits else { return false }
        let check = 11 - Checksums.sum(body.reversed(), [2, 3, 4, 5, 6, 7, 2, 3]) % 11
        return number.index(of: number.count - 1, in: "0123456789K") == check % 11 && body.contains { $0 != body[0] }
    }

    private static func isCUIL(_ number: Numeral) -> Bool {
        guard let digits = number.digits(11), let kind = number.value(0..<2) else { return false }
        guard [20, 23, 24, 25, 26, 27].contains(kind) else { return false }
        return Checksums.sum(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
    }

    /// Province, a digit below 6, and Luhn's check digit.
    private static func isCedulaEC(_ number: Numeral) -> Bool {
        guard let digits = number.digits(10), let province = number.value(0..<2) else { return false }
        guard (1...24).contains(province) || province == 30, digits[2] < 6 else { return false }
        return EuropeanNumber.isLuhn(digits)
    }
}
