import KeeptrustsMatching

extension Rule {
    /// The part of the match at `span` of `text` that counts; nil when it does not count.
    func accepted(_ span: Range<Int>, in text: UnsafeRawBufferPointer) -> Range<Int>? {
        if pattern.fewestDigits > 0 {
            let digits = text[span].count { (0x30...0x39).contains($0) }
            guard digits >= pattern.fewestDigits else { return nil }
        }
        if let terms { return terms.match(in: text, at: span) }
        guard let validator else { return span }
        return validator.accepted(span, in: text)
    }
}

extension Validator {
    /// The part of the match at `span` of `text` that is what its rule looks for.
    ///
    /// A number may be followed by another one, so of numbers with a check digit the longest part counts that is right; the
    /// words of a wallet may be followed by others.
    ///
    /// - Parameters:
    ///   - span: The match.
    ///   - text: The text that it stands in.
    /// - Returns: A part that begins where the match does; nil when there is none.
    func accepted(_ span: Range<Int>, in text: UnsafeRawBufferPointer) -> Range<Int>? {
        if self == .mnemonic { return SecretValue.mnemonic(in: text, at: span) }
        guard self == .card || self == .iban else { return accepts(span, in: text) ? span : nil }
        var end = span.upperBound
        while end - span.lowerBound >= 13 {
            let isWhole = end == span.upperBound || !Self.isWord(text[end])
            if isWhole, Self.isWord(text[end - 1]), accepts(span.lowerBound..<end, in: text) {
                return span.lowerBound..<end
            }
            end -= 1
        }
        return nil
    }

    private func accepts(_ span: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
        let value = UnsafeRawBufferPointer(rebasing: text[span])
        return switch self {
        case .card: Self.isCard(value)
        case .iban: Self.isIBAN(value)
        case .ssn: Self.isSSN(value)
        case .phone: Self.isPhone(value, after: text[..<span.lowerBound], before: text[span.upperBound...])
        case .ipv4: Self.isIPv4(value, after: text[..<span.lowerBound], before: text[span.upperBound...])
        case .ipv6: Self.isIPv6(value)
        case .email: Self.isEmail(value)
        case .npi: Self.isNPI(value)
        case .jwt: Self.isJWT(value)
        case .secret, .password, .token, .vendorToken, .issued, .userinfo, .credentials, .basic, .mnemonic:
            isSecret(span, in: text)
        }
    }

    private static func digits(_ value: UnsafeRawBufferPointer) -> [UInt8] {
        value.compactMap { (0x30...0x39).contains($0) ? $0 - 0x30 : nil }
    }

    /// Issuers' ranges after ISO/IEC 7812 and the networks' own lists.
    private static func isCard(_ value: UnsafeRawBufferPointer) -> Bool {
        let digits = digits(value)
        guard (13...19).contains(digits.count), Set(digits).count > 1, Checksums.luhn(value) else { return false }
        let two = Int(digits[0]) * 10 + Int(digits[1])
        let four = two * 100 + Int(digits[2]) * 10 + Int(digits[3])
        switch (two, four) {
        case (40...49, _): return [13, 16, 19].contains(digits.count)
        case (51...55, _), (_, 2221...2720): return digits.count == 16
        case (34, _), (37, _): return digits.count == 15
        case (36, _), (38...39, _), (_, 3000...3059), (_, 3095): return (14...19).contains(digits.count)
        case (_, 3528...3589), (_, 6011), (_, 6440...6599), (62, _), (81, _): return digits.count >= 16
        case (50, _), (56...58, _), (60, _), (61, _), (63...69, _): return digits.count >= 16
        default: return false
        }
    }

    private static func isIBAN(_ value: UnsafeRawBufferPointer) -> Bool {
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
        "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
        "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20,
        "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
        "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
        "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    ]

    /// Area, group and serial number as the Social Security Administration gives them out.
    private static func isSSN(_ value: UnsafeRawBufferPointer) -> Bool {
        let digits = digits(value).map(Int.init)
        guard digits.count == 9 else { return false }
        let area = digits[0] * 100 + digits[1] * 10 + digits[2]
        let group = digits[3] * 10 + digits[4]
        let serial = digits[5...].reduce(0) { $0 * 10 + $1 }
        return area != 0 && area != 666 && area < 900 && group != 0 && serial != 0 && Set(digits).count > 1
    }

    private static func isPhone(
        _ value: UnsafeRawBufferPointer, after before: Slice<UnsafeRawBufferPointer>,
        before after: Slice<UnsafeRawBufferPointer>
    ) -> Bool {
        let digits = digits(value)
        guard (7...15).contains(digits.count), Set(digits).count > 2 else { return false }
        if let last = before.last, last == 0x2E || last == 0x2D || last == 0x2F { return false }
        if endsInWord(before) || isDate(value) { return false }
        guard let next = after.first else { return true }
        return !beginsWord(after) && !((next == 0x2D || next == 0x2E) && beginsWord(after.dropFirst()))
    }

    /// Day, month and year, in either order of the first two.
    private static func isDate(_ value: UnsafeRawBufferPointer) -> Bool {
        let parts = value.split { $0 == 0x2D || $0 == 0x2F || $0 == 0x2E || $0 == 0x20 }
        let numbers = parts.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        guard parts.count == 3, numbers.count == 3 else { return false }
        return parts[0].count <= 2 && parts[1].count <= 2 && numbers[0] <= 31 && numbers[1] <= 31
            && (1_900...2_100).contains(numbers[2])
    }

    private static func isIPv4(
        _ value: UnsafeRawBufferPointer, after before: Slice<UnsafeRawBufferPointer>,
        before after: Slice<UnsafeRawBufferPointer>
    ) -> Bool {
        let parts = value.split(separator: 0x2E)
        let numbers = parts.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        guard parts.count == 4, numbers.count == 4, numbers.allSatisfy({ $0 <= 255 }), numbers[0] != 0 else {
            return false
        }
        if let last = before.last, last == 0x2E || last == 0x2D { return false }
        return !endsInWord(before) && !(after.first == 0x2E && beginsWord(after.dropFirst()))
    }

    /// RFC 4291 §2.2, without the forms that embed an IPv4 address.
    private static func isIPv6(_ value: UnsafeRawBufferPointer) -> Bool {
        let text = String(decoding: value, as: UTF8.self)
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return false }
        let groups = halves.flatMap { $0.split(separator: ":", omittingEmptySubsequences: true) }
        guard groups.allSatisfy({ $0.count <= 4 }) else { return false }
        guard halves.count == 2 else { return groups.count == 8 }
        return groups.count <= 7 && groups.count >= 2 && groups.contains { $0.count > 2 }
    }

    /// RFC 5321 §4.5.3.1: 64 bytes before the `@`, 255 after it.
    private static func isEmail(_ value: UnsafeRawBufferPointer) -> Bool {
        guard let at = value.lastIndex(of: 0x40) else { return false }
        let domain = value[(at + 1)...]
        return at <= 64 && domain.count <= 255
            && domain.split(separator: 0x2E, omittingEmptySubsequences: false)
                .allSatisfy { (1...63).contains($0.count) }
    }

    private static func isNPI(_ value: UnsafeRawBufferPointer) -> Bool {
        let number = Array("80840".utf8) + value.filter { (0x30...0x39).contains($0) }
        return number.count == 15 && number.withUnsafeBytes { Checksums.luhn($0) }
    }

    private static func isJWT(_ value: UnsafeRawBufferPointer) -> Bool {
        value.split(separator: 0x2E).count >= 2
    }

    static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: byte >= 0x80
        }
    }

    /// Whether a text ends in a letter or a digit of a script that puts spaces between its words.
    private static func endsInWord(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let last = text.last, last >= 0x80 else { return text.last.map(isWord) ?? false }
        var tail = text.suffix(4)
        while let byte = tail.first, byte & 0xC0 == 0x80 { tail = tail.dropFirst() }
        return String(decoding: tail, as: UTF8.self).unicodeScalars.last.map(isSpacedLetter) ?? false
    }

    /// Whether a text begins with such a letter or digit.
    private static func beginsWord(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let first = text.first, first >= 0x80 else { return text.first.map(isWord) ?? false }
        return String(decoding: text.prefix(4), as: UTF8.self).unicodeScalars.first.map(isSpacedLetter) ?? false
    }

    private static func isSpacedLetter(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x2000 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
    }
}
