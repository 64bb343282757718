import KeeptrustsMatching

/// What a match must satisfy apart from its pattern.
enum Validator: String, Sendable, CaseIterable {
    /// A card number: 13 to 19 digits, issuer and check digit.
    case card

    /// Luhn's check digit, whatever the length and the issuer.
    case luhn

    /// An international bank account number: country, length and check digits.
    case iban

    /// A routing number of the American Bankers Association, and a CLABE of Mexico.
    case routing, clabe

    /// The address of a wallet: Bitcoin and its kin, Ripple, Ethereum.
    case wallet

    /// A social security number of the United States that can have been issued.
    case ssn

    /// A telephone number: 7 to 15 digits, not all the same, no date, no decimal fraction.
    case phone

    /// Four numbers up to 255 that are no part of a longer one, no mask.
    case ipv4

    /// Eight groups of hexadecimal digits, fewer with `::`, the last two perhaps as IPv4.
    case ipv6

    /// Six bytes of hardware's address that are not all the same.
    case mac

    /// A name and a domain of allowed lengths.
    case email

    /// A day that exists, from 1900 to 2029.
    case date

    /// A national provider identifier of the United States (Luhn with the prefix 80840).
    case npi

    /// A registration number of the Drug Enforcement Administration.
    case dea

    /// A vehicle identification number with the check digit of North America.
    case vin

    /// A value of a secret, a token or a key: no placeholder, no reference, no name.
    case secret

    /// A password: words with digits or signs, or no words.
    case password

    /// What can only have come from a generator, where a word nearby hints at a secret.
    case token

    /// A token of a vendor that is named beside it.
    case vendorToken = "vendor-token"

    /// A token with its issuer's mark: no placeholder.
    case issued

    /// The password of a URL: anything but the words of documentation.
    case userinfo

    /// A name and a password, joined by a colon.
    case credentials

    /// The same in base64.
    case basic

    /// The words that a wallet is restored from.
    case mnemonic

    /// A JSON object in base64url before the first dot.
    case jwt
}

extension Rule {
    /// The part of the match at `span` of `text` that counts; nil when it does not count.
    func accepted(_ span: Range<Int>, in text: UnsafeRawBufferPointer) -> Range<Int>? {
        if pattern.fewestDigits > 0 {
            let digits = text[span].count { (0x30...0x39).contains($0) }
            guard digits >= pattern.fewestDigits else { return nil }
        }
        if let number, !number.accepts(UnsafeRawBufferPointer(rebasing: text[span])) { return nil }
        if let terms { return terms.match(in: text, at: span) }
        var part = span
        if let validator {
            guard let accepted = validator.accepted(span, in: text) else { return nil }
            part = accepted
        }
        guard let context else { return part }
        return switch context.look(before: part.lowerBound, in: text) {
        case .near: part
        case .apart: nil
        case .nothing: needsContext ? nil : part
        }
    }
}

extension Rule {
    /// Whether nothing decides on a match but its own bytes.
    var judgesByValue: Bool {
        guard number == nil, terms == nil, context == nil, let validator else { return false }
        return switch validator {
        case .secret, .password, .issued, .userinfo, .credentials, .basic, .jwt: true
        case .card, .luhn, .iban, .routing, .clabe, .wallet, .ssn, .phone, .ipv4, .ipv6, .mac, .email, .date, .npi,
            .dea, .vin, .token, .vendorToken, .mnemonic:
            false
        }
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
        switch self {
        case .mnemonic: SecretValue.mnemonic(in: text, at: span)
        case .card: CardNumber.first(in: span, of: text)
        case .iban: AccountNumber.first(in: span, of: text)
        case .luhn, .routing, .clabe, .wallet, .ssn, .phone, .ipv4, .ipv6, .mac, .email, .date, .npi, .dea, .vin,
            .secret, .password, .token, .vendorToken, .issued, .userinfo, .credentials, .basic, .jwt:
            accepts(span, in: text) ? span : nil
        }
    }

    /// Bytes behind a match that decide on it; a stream waits for them.
    var bytesAhead: Int {
        switch self {
        case .phone, .ipv4: 2
        case .email: 1
        case .card, .luhn, .iban, .routing, .clabe, .wallet, .ssn, .ipv6, .mac, .date, .npi, .dea, .vin, .jwt, .secret,
            .password, .token, .vendorToken, .issued, .userinfo, .credentials, .basic, .mnemonic:
            0
        }
    }

    private func accepts(_ span: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
        let value = UnsafeRawBufferPointer(rebasing: text[span])
        let (before, after) = (text[..<span.lowerBound], text[span.upperBound...])
        return switch self {
        case .luhn: Checksums.luhn(value)
        case .routing: Self.isRouting(value)
        case .clabe: Self.isCLABE(value)
        case .wallet: Self.isWallet(value)
        case .ssn: Self.isSSN(value)
        case .phone: Self.isPhone(value, after: before, before: after)
        case .ipv4: Self.isIPv4(value, after: before, before: after)
        case .ipv6: Self.isIPv6(value, after: before)
        case .mac: Self.isMAC(value)
        case .email: Self.isEmail(value, after: before, before: after)
        case .date: Self.isDateOfBirth(value)
        case .npi: Self.isNPI(value)
        case .dea: Self.isDEA(value)
        case .vin: Self.isVIN(value)
        case .jwt: Self.isJWT(value)
        case .secret, .password, .token, .vendorToken, .issued, .userinfo, .credentials, .basic, .mnemonic:
            isSecret(span, in: text)
        case .card, .iban: accepted(span, in: text) != nil
        }
    }

    /// The digits of a value, whatever stands between them.
    static func digits(_ value: some Sequence<UInt8>) -> [Int] {
        var digits: [Int] = []
        digits.reserveCapacity(24)
        for byte in value where byte &- 0x30 < 10 { digits.append(Int(byte) - 0x30) }
        return digits
    }

    /// How many digits a value has, and how many different ones.
    static func countDigits(_ value: some Sequence<UInt8>) -> (all: Int, different: Int) {
        var (count, seen) = (0, UInt16(0))
        for byte in value where byte &- 0x30 < 10 {
            count += 1
            seen |= 1 << UInt16(byte - 0x30)
        }
        return (count, seen.nonzeroBitCount)
    }

    static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: byte >= 0x80
        }
    }

    /// Whether a text ends in a letter or a digit of a script that puts spaces between its words.
    static func endsInWord(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let last = text.last, last >= 0x80 else { return text.last.map(isWord) ?? false }
        var tail = text.suffix(4)
        while let byte = tail.first, byte & 0xC0 == 0x80 { tail = tail.dropFirst() }
        return String(decoding: tail, as: UTF8.self).unicodeScalars.last.map(isSpacedLetter) ?? false
    }

    /// Whether a text begins with such a letter or digit.
    static func beginsWord(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let first = text.first, first >= 0x80 else { return text.first.map(isWord) ?? false }
        return String(decoding: text.prefix(4), as: UTF8.self).unicodeScalars.first.map(isSpacedLetter) ?? false
    }

    private static func isSpacedLetter(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x2000 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
    }
}
