import KeeptrustsMatching

// Numbers of money and of those who are paid: accounts, wallets, providers of health.
extension Validator {
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
