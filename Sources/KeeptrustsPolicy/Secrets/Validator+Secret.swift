import KeeptrustsMatching

extension Validator {
    /// Whether what a rule of secrets found is one.
    ///
    /// - Parameters:
    ///   - span: What was found.
    ///   - text: The text that it stands in.
    /// - Returns: Whether it is; false for validators of other things.
    func isSecret(_ span: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
        let value = SecretValue(UnsafeRawBufferPointer(rebasing: text[span]))
        return switch self {
        case .secret: value.isSecret
        case .password: value.isPassword
        case .token: value.isToken && !Self.isInnocent(value, after: text[..<span.lowerBound])
        case .vendorToken: value.isVendorToken && !Self.isInnocent(value, after: text[..<span.lowerBound])
        case .issued: value.isIssued
        case .userinfo: value.isUserinfo
        case .credentials: value.isCredentials
        case .basic: value.isBasic
        case .mnemonic, .card, .luhn, .iban, .routing, .clabe, .wallet, .ssn, .phone, .ipv4, .ipv6, .mac, .email, .date,
            .npi, .dea, .vin, .jwt:
            false
        }
    }

    /// How many bytes before a value say what it is.
    private static let context = 40

    /// Whether the words before a value say that it is no secret: a hash, a trace, a key of a table.
    private static func isInnocent(_ value: SecretValue, after before: Slice<UnsafeRawBufferPointer>) -> Bool {
        let near = UnsafeRawBufferPointer(rebasing: before.suffix(context))
        var end = near.count
        var words = 0
        while end > 0, words < 6 {
            guard SecretValue.isAlphanumeric(near[end - 1]) else {
                end -= 1
                continue
            }
            var start = end - 1
            while start > 0, SecretValue.isAlphanumeric(near[start - 1]) { start -= 1 }
            if SecretWords.innocents.contains(near, start..<end) { return true }
            // A bare `key` of a record names the record.
            if words == 0, value.isUUID, isBareKey(near, start..<end) { return true }
            words += 1
            end = start
        }
        return false
    }

    private static func isBareKey(_ text: UnsafeRawBufferPointer, _ word: Range<Int>) -> Bool {
        guard bareKeys.contains(text, word) else { return false }
        guard word.lowerBound > 0 else { return true }
        let before = text[word.lowerBound - 1]
        return before != 0x5F && before != 0x2D && before != 0x2E && before != 0x20
    }

    private static let bareKeys = WordTable("key id")
}

extension SecretValue {
    /// Whether a value that was assigned to something called a secret, a token or a key is one.
    ///
    /// Placeholders, references, code and names are none. What is a name apart from signs and digits is a secret of a
    /// person's choice.
    fileprivate var isSecret: Bool {
        guard count >= 8 else { return count >= 6 && isChosen }
        guard distinct >= 5 else { return false }
        guard hasLetter else { return !hasOther && count >= 16 && !isSequence }
        // What costs least comes first: a text may hold thousands of candidates.
        guard hasDigit || (hasLower && hasUpper) || count >= 24 else { return false }
        if !hasDigit, isName { return false }
        guard !isReference, !isPlaceholder, !isCode else { return false }
        if !hasDigit, bytes.contains(0x2E), hasFiller { return false }
        if count >= 16, entropy < 2.9 { return false }
        return isName ? isChosen : !isFiller
    }

    /// Whether a person would choose it: letters, digits and a sign that names do not have.
    private var isChosen: Bool {
        distinct >= 5 && hasDigit && hasLetter && hasStrongSign && !isReference && !isPlaceholder && !isCode
    }

    /// Whether a value that was assigned to something called a password, or said to be one, is a password.
    ///
    /// Words with digits or signs are; plain words are not, for sentences go on with them.
    fileprivate var isPassword: Bool {
        guard count >= 6, distinct >= 4 else { return false }
        if !hasDigit, !hasOther, count < 8 || !hasUpper || !hasLower || isName { return false }
        guard hasDigit || (hasStrongSign ? distinct >= 6 : count >= 8 && !isName) else { return false }
        guard !isReference, !isPlaceholder else { return false }
        guard hasLetter else { return isNumericPassword }
        guard !isCode else { return false }
        if isFiller { return hasStrongSign && hasDigit && hasLower && hasUpper }
        guard !isConstant else { return false }
        if hasDigit {
            if isTechnique { return false }
            return !bytes.contains(0x2E) || !hasFiller || hasStrongSign
        }
        return true
    }

    /// Digits that are no date and not in their order, or digits with signs.
    private var isNumericPassword: Bool {
        guard hasDigit else { return false }
        if hasOther { return distinct >= 5 && hasStrongSign }
        let isDate = count == 8 && (bytes[0] == 0x31 && bytes[1] == 0x39 || bytes[0] == 0x32 && bytes[1] == 0x30)
        return (7...16).contains(count) && !isSequence && !isDate
    }

    /// Whether it can only have come from a generator, so that a hint nearby is enough.
    fileprivate var isToken: Bool {
        guard count >= 16, distinct >= 8, hasDigit, hasLetter, !isHexNumber else { return false }
        guard !isReference, !isPlaceholder, entropy >= 3.0 else { return false }
        if isUUID { return true }
        let mixtures = mixtures
        return mixtures >= 3 && mixtures * 12 >= count && !isName
    }

    /// Whether it can be a token of a vendor that is named beside it; some are short, and some have digits only.
    fileprivate var isVendorToken: Bool {
        guard hasDigit, !isHexNumber else { return false }
        guard hasLetter else { return !hasOther && count >= 16 && distinct >= 5 && !isSequence }
        guard distinct >= 7, !isReference, !isPlaceholder, !isName else { return false }
        if isUUID { return true }
        if count < 16 { return mixtures >= 2 && !bytes.contains(0x2E) && !bytes.contains(0x2F) }
        return mixtures * 14 >= count && entropy >= 2.9
    }

    /// Addresses and hashes of ledgers are public.
    private var isHexNumber: Bool { count > 2 && bytes[0] == 0x30 && bytes[1] | 0x20 == 0x78 }

    /// Whether a value with the mark of an issuer is more than the mark: no placeholder, no name that begins alike.
    fileprivate var isIssued: Bool { entropy >= (count < 24 ? 2.6 : 3.0) && !isName && !isPlaceholder }

    /// Whether what stands for a password in a URL is one: anything but the words of documentation.
    fileprivate var isUserinfo: Bool {
        guard count >= 3, distinct >= 3, !SecretWords.samplePasswords.contains(bytes, 0..<count) else { return false }
        guard !isReference, !isPlaceholder, !isConstant else { return false }
        guard hasLetter || hasOther || count >= 6 else { return false }
        return hasDigit || !isFiller && !(hasUpper && !hasLower && bytes.allSatisfy { $0 == 0x5F || Self.isUpper($0) })
    }

    /// Whether a name and a password joined by a colon hold a password; each may stand in quotes.
    fileprivate var isCredentials: Bool {
        let whole = Self.unquoted(bytes[...])
        guard let colon = whole.firstIndex(of: 0x3A) else { return false }
        let name = Self.unquoted(whole[..<colon])
        let rest = Self.unquoted(whole[(colon + 1)...])
        // Some keys are a user with an empty password.
        let secret = rest.isEmpty ? name : rest
        guard !secret.elementsEqual(rest.isEmpty ? rest : name), secret.count >= 4 else { return false }
        let value = SecretValue(UnsafeRawBufferPointer(rebasing: Self.unbraced(secret)))
        guard value.isUserinfo else { return false }
        return value.hasDigit || value.hasOther || value.count >= 10 || !value.isName
    }

    private static func unquoted(_ part: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 }
        var part = part.drop(while: isQuote)
        while let last = part.last, isQuote(last) { part = part.dropLast() }
        return part
    }

    private static func unbraced(_ part: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        guard part.count > 2, part.first == 0x7B, part.last == 0x7D, part.dropFirst().first != 0x7B else { return part }
        return part.dropFirst().dropLast()
    }

    /// Whether it is a name and a password in base64, as basic authentication sends them (RFC 7617 §2).
    fileprivate var isBasic: Bool {
        guard let decoded = Base64.decoded(bytes), decoded.count >= 3 else { return false }
        return decoded.withUnsafeBytes { decoded in
            guard let colon = decoded.firstIndex(of: 0x3A) else { return false }
            func isPrintable(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7F }
            guard decoded[..<colon].allSatisfy(isPrintable), decoded.count(where: isPrintable) * 10 >= decoded.count * 9
            else { return false }
            let value = SecretValue(decoded)
            return !value.isPlaceholder && !value.isReference
        }
    }

    /// The longest row of words that a wallet can have made: of a number that BIP-39 knows, none of them of sentences only.
    static func mnemonic(in text: UnsafeRawBufferPointer, at span: Range<Int>) -> Range<Int>? {
        var words: [Slice<UnsafeRawBufferPointer>] = []
        for word in text[span].split(whereSeparator: { !isLetter($0) }) {
            let isListed = !SecretWords.sentenceWords.contains(text, word.startIndex..<word.endIndex)
            guard (3...8).contains(word.count), isListed else { break }
            words.append(word)
        }
        guard let count = [24, 21, 18, 15, 12].first(where: { $0 <= words.count }) else { return nil }
        let row = words[..<count]
        let different = row.indices.count { index in !row[..<index].contains { $0.elementsEqual(row[index]) } }
        return different + 2 >= count ? span.lowerBound..<row[count - 1].endIndex : nil
    }
}

/// Base64 with the alphabet of RFC 4648 §4, with or without padding.
private enum Base64 {
    /// The bytes that a text stands for; nil when it is no base64.
    static func decoded(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        var decoded: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        var digits = 0
        for byte in text where byte != 0x3D {
            guard let value = value(of: byte) else { return nil }
            bits = bits << 6 | value
            digits += 1
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            decoded.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return digits % 4 == 1 ? nil : decoded
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case 0x41...0x5A: UInt32(byte) - 0x41
        case 0x61...0x7A: UInt32(byte) - 0x61 + 26
        case 0x30...0x39: UInt32(byte) - 0x30 + 52
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}
