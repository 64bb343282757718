import KeeptrustsMatching

// Numbers of money and of those who are paid: cards, accounts, wallets, providers of health.
extension Validator {
    /// Issuers' ranges after ISO/IEC 7812 and the networks' own lists.
    static func isCard(_ value: UnsafeRawBufferPointer) -> Bool {
        // Most numbers end here, and rows of them ask this of every digit: no card begins with 0, 1 or 7.
        guard let first = value.first(where: { $0 &- 0x30 < 10 }), ![0x30, 0x31, 0x37].contains(first) else {
            return false
        }
        guard Checksums.luhn(value), countDigits(value).different > 1 else { return false }
        let digits = digits(value)
        guard (13...19).contains(digits.count) else { return false }
        let two = digits[0] * 10 + digits[1]
        let four = two * 100 + digits[2] * 10 + digits[3]
        switch (two, four) {
        case (40...49, _): return [13, 16, 19].contains(digits.count)
        case (51...55, _), (_, 2221...2720): return digits.count == 16
        case (34, _), (37, _): return digits.count == 15
        case (36, _), (38...39, _), (_, 3000...3059), (_, 3095): return (14...19).contains(digits.count)
        case (_, 3528...3589), (_, 6011), (_, 6440...6599), (62, _), (81, _): return digits.count >= 16
        case (_, 2200...2204), (_, 9792): return digits.count >= 16
        case (50, _), (56...58, _), (60, _), (61, _), (63...69, _): return digits.count >= 16
        default: return false
        }
    }

    static func isIBAN(_ value: UnsafeRawBufferPointer) -> Bool {
        let bytes = value.filter { $0 != 0x20 && $0 != 0x2D }
        let country = String(decoding: bytes.prefix(2), as: UTF8.self).uppercased()
        guard let length = ibanLengths[country], bytes.count == length else { return false }
        return Checksums.iban(value)
    }

    /// Characters of an account number by country (SWIFT, IBAN registry).
    private static let ibanLengths: [String: Int] = [
        "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
        "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
        "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
        "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
        "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
        "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
        "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
        "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
        "YE": 30,
    ]

    /// The prefixes of the Federal Reserve's districts, and the weights 3, 7, 1.
    static func isRouting(_ value: UnsafeRawBufferPointer) -> Bool {
        let digits = digits(value)
        guard digits.count == 9, countDigits(value).different > 1 else { return false }
        let district = digits[0] * 10 + digits[1]
        guard [0...12, 21...32, 61...72, 80...80].contains(where: { $0.contains(district) }) else { return false }
        return Checksums.sum(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 == 0
    }

    static func isCLABE(_ value: UnsafeRawBufferPointer) -> Bool {
        let digits = digits(value)
        guard digits.count == 18, countDigits(value).different > 1 else { return false }
        let weights = [3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7]
        let sum = zip(digits, weights).reduce(0) { $0 + $1.0 * $1.1 % 10 }
        return (10 - sum % 10) % 10 == digits[17]
    }

    /// By how the address begins: hexadecimal, Bech32, or base 58 with a check sum and the version of a coin that is known.
    static func isWallet(_ value: UnsafeRawBufferPointer) -> Bool {
        guard value.count >= 26, let first = value.first else { return false }
        if first == 0x30 { return value.count == 42 && Set(value.dropFirst(2)).count > 4 }
        if first == 0x72 { return Checksums.base58Check(value, alphabet: Checksums.rippleAlphabet)?.first == 0 }
        let opening = String(decoding: value.prefix(5), as: UTF8.self).lowercased()
        if ["bc1", "tb1", "ltc1", "addr1"].contains(where: opening.hasPrefix) { return Checksums.bech32(value) }
        guard let version = Checksums.base58Check(value)?.first else { return false }
        return versions.contains(version)
    }

    /// Bitcoin, its scripts, its test network, Litecoin, Dogecoin, Tron.
    private static let versions: Set<UInt8> = [0x00, 0x05, 0x6F, 0xC4, 0x30, 0x32, 0x1E, 0x16, 0x41]

    static func isNPI(_ value: UnsafeRawBufferPointer) -> Bool {
        let number = Array("80840".utf8) + value.filter { (0x30...0x39).contains($0) }
        return number.count == 15 && number.withUnsafeBytes { Checksums.luhn($0) }
    }

    /// Two characters and seven digits: the first, third and fifth, and twice the others, add up to the last.
    static func isDEA(_ value: UnsafeRawBufferPointer) -> Bool {
        let number = Numeral(value)
        guard number.count == 9, let digits = number[2..<9].digits else { return false }
        return Checksums.sum(digits, [1, 2, 1, 2, 1, 2]) % 10 == digits[6]
    }

    /// 49 CFR 565.15: values of letters, weights of places, mod 11.
    static func isVIN(_ value: UnsafeRawBufferPointer) -> Bool {
        let number = Numeral(value)
        guard number.count == 17 else { return false }
        let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
        var sum = 0
        for (place, byte) in number.characters.enumerated() {
            guard let value = Numeral.digit(byte) ?? vinValue(byte) else { return false }
            sum += value * weights[place]
        }
        return number.index(of: 8, in: "0123456789X") == sum % 11
    }

    private static func vinValue(_ letter: UInt8) -> Int? {
        switch letter {
        case 0x41...0x48: Int(letter) - 0x40
        case 0x4A...0x4E: Int(letter) - 0x49
        case 0x50: 7
        case 0x52: 9
        case 0x53...0x5A: Int(letter) - 0x51
        default: nil
        }
    }

    static func isJWT(_ value: UnsafeRawBufferPointer) -> Bool {
        value.split(separator: 0x2E).count >= 2
    }
}
