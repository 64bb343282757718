import KeeptrustsWire
import NIOCore

/// Readings of tokens whose place in a valid JSON text is known. Ranges count from the text's first byte.
extension ByteBuffer {
    /// The bytes of a range, sharing the storage; empty when the range is not inside.
    func bytes(_ range: Range<Int>) -> ByteBuffer {
        getSlice(at: readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    /// The value of a string token, its escapes undone.
    func text(_ value: JSONValue) -> ByteBuffer {
        Unescaped(self, token: value.span, hasEscapes: value.hasEscapes).text
    }

    /// The value of a string token as a string of at most `limit` bytes; nil for other kinds and longer values.
    func string(_ value: JSONValue, limit: Int = 4_096) -> String? {
        guard value.kind == .string, value.span.count <= limit + 2 else { return nil }
        return String(buffer: text(value))
    }

    /// Whether a string token is written exactly so, without escapes.
    func isString(_ value: JSONValue, _ expected: StaticString) -> Bool {
        guard value.kind == .string, !value.hasEscapes, value.span.count == expected.utf8CodeUnitCount + 2 else {
            return false
        }
        return withUnsafeReadableBytes { bytes in
            let content = bytes[value.span.lowerBound + 1..<value.span.upperBound - 1]
            for (index, byte) in content.enumerated() where byte != expected.utf8Start[index] { return false }
            return true
        }
    }

    /// The value of a number token that is written as a whole number of at most 15 digits; nil for any other.
    func wholeNumber(_ value: JSONValue) -> Int? {
        guard value.kind == .number, (1...15).contains(value.span.count) else { return nil }
        return withUnsafeReadableBytes { bytes in
            var number = 0
            for byte in bytes[value.span] {
                guard byte &- 48 < 10 else { return nil }
                number = number * 10 + Int(byte &- 48)
            }
            return number
        }
    }

    /// The number that the bytes end with, as it is written.
    var trailingNumber: ByteBuffer {
        let view = readableBytesView
        let mark = view.lastIndex { byte in
            // `+`, `-`, `.`, and `e`.
            !(byte &- 0x30 < 10 || byte == 0x2B || byte == 0x2D || byte == 0x2E || byte | 0x20 == 0x65)
        }
        let start = mark.map { $0 + 1 - view.startIndex } ?? 0
        return bytes(start..<view.count)
    }

    /// Whether a number token has so few digits before its point that it names nobody and no account.
    ///
    /// What its exponent adds counts, too.
    func isSmallNumber(_ value: JSONValue, mostDigits most: Int = mostDigits) -> Bool {
        guard value.span.count > most else { return true }
        return withUnsafeReadableBytes { bytes in
            var rest = bytes[value.span].drop { $0 == 0x2D }
            let whole = rest.prefix { $0 &- 0x30 < 10 }.count
            rest = rest.dropFirst(whole).drop { $0 == 0x2E || $0 &- 0x30 < 10 }
            guard whole <= most, !rest.isEmpty, rest.dropFirst().first != 0x2D else { return whole <= most }
            let exponent = rest.dropFirst().drop { $0 == 0x2B }.reduce(0) { min($0 * 10 + Int($1 &- 0x30), 1_000) }
            return whole + exponent <= most
        }
    }

    /// Whether a number token is written as a whole number of 64 bits; of any that is larger, as one without an account's.
    func isInteger64(_ value: JSONValue) -> Bool {
        withUnsafeReadableBytes { bytes in
            let digits = bytes[value.span].drop { $0 == 0x2D }
            return digits.count <= 20 && digits.allSatisfy { $0 &- 0x30 < 10 }
        }
    }

    /// The digits that a number has at least that is judged; numbers of tokens and of pixels have fewer.
    static var leastDigits: Int { 7 }

    /// The digits that a number has at most that is not judged where nothing is known of it.
    static var mostDigits: Int { leastDigits - 1 }

    /// Whether a number token is a time that has been or is soon: seconds since 1970, or their thousandths, millionths or
    /// billionths until 2033.
    ///
    /// Those begin with a 1, as no card does.
    func isTime(_ value: JSONValue) -> Bool {
        withUnsafeReadableBytes { bytes in
            let number = bytes[value.span]
            let whole = number.prefix { $0 &- 0x30 < 10 }
            guard whole.count == number.count || number.dropFirst(whole.count).first == 0x2E else { return false }
            guard !number.contains(where: { $0 | 0x20 == 0x65 }) else { return false }
            return whole.count <= 10 || [13, 16, 19].contains(whole.count) && whole.first == 0x31
        }
    }

    /// Whether a text is short, has a digit and is no document, so that only its key may say what it is.
    var needsKey: Bool { readableBytes <= 64 && readableBytesView.contains { $0 &- 0x30 < 10 } && !beginsDocument }

    /// Whether a value is short and has digits, so that only words beside it may say what it is.
    func isVague(_ value: JSONValue) -> Bool {
        switch value.kind {
        case .string: value.field != JSONShape.otherKey && text(value).needsKey
        case .number: !isSmallNumber(value)
        case .true, .false, .null, .object, .array: false
        }
    }

    /// Where key and value of a member of an object stand, if `key` is the key of `value`.
    func member(_ key: JSONValue?, _ value: JSONValue) -> Range<Int>? {
        guard let key, key.span.upperBound < value.span.lowerBound else { return nil }
        let colon = offsetAfterSpace(from: key.span.upperBound)
        guard getInteger(at: readerIndex + colon) == UInt8(ascii: ":") else { return nil }
        guard offsetAfterSpace(from: colon + 1) == value.span.lowerBound else { return nil }
        return key.span.lowerBound..<value.span.upperBound
    }

    /// Whether `value` is an element of the list that follows `key`; of a list, those before it may be no texts.
    func isElement(_ value: JSONValue, after key: JSONValue) -> Bool {
        guard key.span.upperBound < value.span.lowerBound else { return false }
        let colon = offsetAfterSpace(from: key.span.upperBound)
        let bracket = offsetAfterSpace(from: colon + 1)
        guard bracket < value.span.lowerBound, getInteger(at: readerIndex + colon) == UInt8(ascii: ":"),
            getInteger(at: readerIndex + bracket) == UInt8(ascii: "[")
        else { return false }
        return isPlain(bracket + 1..<value.span.lowerBound)
    }

    /// Whether a part of the text has no more than numbers, words, commas and space.
    func isPlain(_ range: Range<Int>) -> Bool {
        !bytes(range).readableBytesView.contains { byte in
            // `"`, `:`, and what is a bracket or a brace.
            byte == 0x22 || byte == 0x3A || byte | 0x20 == 0x7B || byte | 0x20 == 0x7D
        }
    }

    /// Whether the text looks like a JSON document: an object or a list.
    var beginsDocument: Bool {
        let first = readableBytesView.first { $0 > 0x20 }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    /// Whether the text is JSON as a whole.
    var isJSON: Bool {
        var values: [JSONValue] = []
        do throws(JSONFault) { try JSONScanner.scan(self, Self.nothing, into: &values) } catch { return false }
        return true
    }

    /// Whether it is a member of an object, key and value.
    var isMember: Bool {
        var object = ByteBuffer(string: "{")
        object.writeImmutableBuffer(self)
        object.writeStaticString("}")
        return object.isJSON
    }

    private static let nothing = JSONShape([], reportsOthers: false)

    /// The offset of the first byte at or after `offset` that is not white space; the end when there is none.
    func offsetAfterSpace(from offset: Int) -> Int {
        withUnsafeReadableBytes { bytes in
            var offset = offset
            while offset < bytes.count {
                let byte = bytes[offset]
                guard byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D else { break }
                offset += 1
            }
            return offset
        }
    }

    /// Whether a string token is a plain name, such as an id or a word of a closed set: it holds nothing to judge.
    ///
    /// ASCII letters, digits, `_`, `-`, `.`, `:` and `/`, 128 bytes at most, with a letter unless it is short, and without
    /// so many digits in a row, however they are grouped, that they can be the number of a person or an account.
    ///
    /// - Parameters:
    ///   - value: The token.
    ///   - isServers: The server made it up: a time may be part of it, and capitals among its digits mean nothing. In any
    ///     other name of 16 bytes or more these are the mark of a key, and so are twelve digits or more.
    /// - Returns: Whether it may pass without being judged.
    func isPlainName(_ value: JSONValue, isServers: Bool = false) -> Bool {
        guard !value.hasEscapes else { return false }
        return isPlainName(at: value.span.lowerBound + 1..<value.span.upperBound - 1, isServers: isServers)
    }

    /// Whether a range of the bytes is such a name.
    func isPlainName(at range: Range<Int>, isServers: Bool) -> Bool {
        guard range.count <= 128 else { return false }
        return withUnsafeReadableBytes { bytes in
            let mostDigits = isServers ? 11 : 8
            var (digits, allDigits) = (0, 0)
            var (hasLetter, hasCapital, hasDigit) = (range.count <= 6, false, false)
            for byte in bytes[range] {
                let isLetter = (byte | 0x20) &- 0x61 < 26
                let isDigit = byte &- 0x30 < 10
                digits = isDigit ? digits + 1 : isLetter || isServers ? 0 : digits
                allDigits += isDigit ? 1 : 0
                (hasLetter, hasDigit) = (hasLetter || isLetter, hasDigit || isDigit)
                hasCapital = hasCapital || byte &- 0x41 < 26
                guard digits <= mostDigits else { return false }
                // 0x2D...0x2F are `-`, `.` and `/`.
                guard isLetter || isDigit || byte == 0x5F || byte == 0x3A || byte &- 0x2D < 3 else { return false }
            }
            return hasLetter && (isServers || range.count < 16 || !(hasCapital && hasDigit) && allDigits < 12)
        }
    }

    /// Whether a string token holds a picture, sound or file in base64, bare or as a `data:` URL; it has no text.
    ///
    /// Only what cannot be read where it stands: letters and digits with the signs of one of base64's two alphabets (RFC
    /// 4648), without so many digits in a row that they can be a number of somebody's. A solidus may be written `\/`.
    func isEncodedMedia(_ value: JSONValue) -> Bool {
        guard value.span.count >= 256 else { return false }
        return withUnsafeReadableBytes { bytes in
            let content = bytes[value.span.lowerBound + 1..<value.span.upperBound - 1]
            guard content.prefix(5).elementsEqual("data:".utf8, by: { $0 | 0x20 == $1 | 0x20 }) else {
                return Self.isBase64(content)
            }
            guard let comma = content.prefix(128).firstIndex(of: 0x2C) else { return false }
            let kind = String(decoding: content[..<comma].dropFirst(5), as: UTF8.self).lowercased()
            return kind.hasSuffix(";base64") && Self.isMedia(kind) && Self.isBase64(content[(comma + 1)...])
        }
    }

    /// Whether what has a media type (RFC 6838) is no text that a model reads; without a type it is one (RFC 2397).
    private static func isMedia(_ type: String) -> Bool {
        let name = type.prefix { $0 != ";" }
        guard !name.hasSuffix("+xml"), !name.hasSuffix("+json") else { return false }
        let families = ["image\\/", "image/", "audio\\/", "audio/", "video\\/", "video/", "font\\/", "font/"]
        let documents = ["pdf", "octet-stream", "zip", "gzip", "msword", "vnd."]
        return families.contains { name.hasPrefix($0) }
            || documents.contains { name.hasPrefix("application/" + $0) || name.hasPrefix("application\\/" + $0) }
    }

    private static func isBase64(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        var (isPlain, isOfURLs, isEscape) = (false, false, false)
        var digits = 0
        for byte in bytes {
            guard !isEscape || byte == 0x2F else { return false }
            isEscape = byte == 0x5C
            digits = byte &- 0x30 < 10 ? digits + 1 : (byte | 0x20) &- 0x61 < 26 ? 0 : digits
            guard digits <= 11 else { return false }
            switch byte {
            case 0x2B, 0x2F: isPlain = true
            case 0x2D, 0x5F: isOfURLs = true
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x3D, 0x5C: break
            default: return false
            }
        }
        return !isEscape && !(isPlain && isOfURLs)
    }
}
