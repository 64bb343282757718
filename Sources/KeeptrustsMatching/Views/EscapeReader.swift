/// Characters that are written as escapes: of HTML and XML, of URLs, of programming languages.
///
/// A model reads `&#52;`, `%34` and `\u0034` as the `4` that they stand for.
struct EscapeReader {
    private let text: UnsafeRawBufferPointer

    /// Of each sign, where it stands next; nil behind the last.
    private var next: [Int?]

    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
        next = Self.signs.map { text.firstIndex(of: $0, from: 0) }
    }

    /// The next place, from `start` on, at which an escape can begin.
    mutating func sign(from start: Int) -> Int? {
        var first: Int?
        for (index, sign) in Self.signs.enumerated() {
            if let place = next[index], place < start { next[index] = text.firstIndex(of: sign, from: start) }
            if let place = next[index], place < first ?? .max { first = place }
        }
        return first
    }

    /// Whether a text has a sign with which an escape can begin.
    static func maySee(_ text: UnsafeRawBufferPointer) -> Bool {
        signs.contains { text.firstIndex(of: $0, from: 0) != nil }
    }

    private static let signs = Array("&%\\".utf8)

    /// The longest escape (bytes): HTML and `\u{…}` allow zeros before a number.
    private static let longest = 24

    /// The character that the escape at `start` stands for, and the escape's length; nil when there is none.
    func escape(at start: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        switch text[start] {
        case UInt8(ascii: "&"): reference(at: start)
        case UInt8(ascii: "%"): percent(at: start)
        case UInt8(ascii: "\\"): backslash(at: start)
        default: nil
        }
    }

    /// Whether what follows the sign at `start`, at the end of a text, may become an escape when more text comes.
    func isBegun(at start: Int) -> Bool {
        let rest = text[(start + 1)...]
        guard rest.count < Self.longest else { return false }
        return switch text[start] {
        case UInt8(ascii: "&"): rest.allSatisfy { ByteSet.word.contains($0) || $0 == UInt8(ascii: "#") }
        case UInt8(ascii: "%"), UInt8(ascii: "\\"): rest.allSatisfy { Self.digit($0) != nil || Self.marks.contains($0) }
        default: false
        }
    }

    /// Whether the escape at `start` ends with the text, and may get another digit from what follows.
    func mayGrow(at start: Int, _ length: Int) -> Bool {
        text[start] == UInt8(ascii: "&") && start + length == text.count && isBegun(at: start)
    }

    /// What may stand in an escape beside hexadecimal digits.
    private static let marks = ByteSet("%\\uUx{N+".utf8)

    /// `&#52;`, `&#x34;`, `&commat;`; a number also without its semicolon, as browsers read it.
    private func reference(at start: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        guard start + 3 < text.count else { return nil }
        guard text[start + 1] == UInt8(ascii: "#") else { return named(at: start) }
        let isHex = text[start + 2] | 0x20 == UInt8(ascii: "x")
        let radix: UInt32 = isHex ? 16 : 10
        let first = start + (isHex ? 3 : 2)
        let digits = text[first...].prefix(Self.longest - 4).prefix { (Self.digit($0) ?? radix) < radix }
        guard let scalar = number(in: first..<digits.endIndex, radix: radix) else { return nil }
        let isEnded = digits.endIndex < text.count && text[digits.endIndex] == UInt8(ascii: ";")
        return (scalar, digits.endIndex - start + (isEnded ? 1 : 0))
    }

    private func named(at start: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        let limit = min(text.count, start + Self.longest)
        guard let end = text[start..<limit].firstIndex(of: UInt8(ascii: ";")) else { return nil }
        return Self.names[String(decoding: text[start + 1..<end], as: UTF8.self)].map { ($0, end + 1 - start) }
    }

    /// `%34`, also of several bytes (`%C3%A9`), and `%u0034`.
    private func percent(at start: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        if start + 5 < text.count, text[start + 1] | 0x20 == UInt8(ascii: "u") {
            return number(in: start + 2..<start + 6, radix: 16).map { ($0, 6) }
        }
        guard let lead = byte(at: start) else { return nil }
        guard lead >= 0x80 else { return (Unicode.Scalar(lead), 3) }
        let count = (~lead).leadingZeroBitCount
        guard (2...4).contains(count) else { return nil }
        var bytes: [UInt8] = []
        for index in 0..<count {
            guard let byte = byte(at: start + index * 3) else { return nil }
            bytes.append(byte)
        }
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        guard let scalar = scalars.first, scalars.count == 1, scalar != "\u{FFFD}" else { return nil }
        return (scalar, count * 3)
    }

    /// The byte that `%` and two digits stand for.
    private func byte(at start: Int) -> UInt8? {
        guard start + 2 < text.count, text[start] == UInt8(ascii: "%"), let high = Self.digit(text[start + 1]),
            let low = Self.digit(text[start + 2])
        else { return nil }
        return UInt8(high << 4 | low)
    }

    /// `\u0034`, `\u{34}`, `\x34`, `\x{34}`, `\U00000034`, `\N{U+34}`, `\064`.
    private func backslash(at start: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        guard start + 3 < text.count else { return nil }
        let isBraced = text[start + 2] == UInt8(ascii: "{")
        switch text[start + 1] {
        case UInt8(ascii: "0"), UInt8(ascii: "1"): return number(in: start + 1..<start + 4, radix: 8).map { ($0, 4) }
        case UInt8(ascii: "x"):
            return isBraced ? braced(at: start) : number(in: start + 2..<start + 4, radix: 16).map { ($0, 4) }
        case UInt8(ascii: "N"): return isBraced ? braced(at: start) : nil
        case UInt8(ascii: "U"):
            guard start + 9 < text.count else { return nil }
            return number(in: start + 2..<start + 10, radix: 16).map { ($0, 10) }
        case UInt8(ascii: "u"): return isBraced ? braced(at: start) : utf16(at: start)
        default: return nil
        }
    }

    /// The number in braces behind a sign and a letter.
    private func braced(at start: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        let limit = min(text.count, start + Self.longest)
        guard let end = text[start..<limit].firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let isNamed = text[start + 1] == UInt8(ascii: "N")
        guard !isNamed || text[start + 3] == UInt8(ascii: "U") && text[start + 4] == UInt8(ascii: "+") else {
            return nil
        }
        return number(in: min(start + (isNamed ? 5 : 3), end)..<end, radix: 16).map { ($0, end + 1 - start) }
    }

    private func utf16(at start: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        guard start + 5 < text.count else { return nil }
        if let scalar = number(in: start + 2..<start + 6, radix: 16) { return (scalar, 6) }
        return surrogates(at: start)
    }

    /// `\uD835\uDFD2`: a character in two halves.
    private func surrogates(at start: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        guard start + 11 < text.count, text[start + 6] == UInt8(ascii: "\\"), text[start + 7] == UInt8(ascii: "u"),
            let high = value(of: start + 2..<start + 6, radix: 16), high & 0xFC00 == 0xD800,
            let low = value(of: start + 8..<start + 12, radix: 16), low & 0xFC00 == 0xDC00
        else { return nil }
        return Unicode.Scalar(0x10000 + (high & 0x3FF) << 10 + (low & 0x3FF)).map { ($0, 12) }
    }

    private func number(in range: Range<Int>, radix: UInt32) -> Unicode.Scalar? {
        value(of: range, radix: radix).flatMap(Unicode.Scalar.init)
    }

    private func value(of range: Range<Int>, radix: UInt32) -> UInt32? {
        guard !range.isEmpty, range.count <= Self.longest else { return nil }
        var value: UInt32 = 0
        for byte in text[range] {
            guard let digit = Self.digit(byte), digit < radix, value <= 0x10FFFF else { return nil }
            value = value * radix + digit
        }
        return value
    }

    static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x37)
        case 0x61...0x66: UInt32(byte - 0x57)
        default: nil
        }
    }

    /// The references by name (HTML) that stand for what values and sentences are made of.
    private static let names: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "commat": "@", "period": ".",
        "num": "#", "lowbar": "_", "colon": ":", "semi": ";", "sol": "/", "bsol": "\\", "equals": "=", "plus": "+",
        "hyphen": "-", "dash": "-", "minus": "-", "ndash": "-", "comma": ",", "excl": "!", "quest": "?", "percnt": "%",
        "dollar": "$", "lpar": "(", "rpar": ")", "lsqb": "[", "rsqb": "]", "lcub": "{", "rcub": "}", "ast": "*",
        "shy": "\u{AD}", "zwnj": "\u{200C}", "zwj": "\u{200D}", "NewLine": "\n", "Tab": "\t",
    ]
}
