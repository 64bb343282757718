/// Takes SQL apart into its words, numbers, texts and signs, one by one, as loosely as databases of all kinds do.
struct SQLReader {
    /// A word, a number, a text in quotes, or a sign of SQL.
    struct Token: Equatable {
        enum Kind { case word, number, text, sign, comment }
        var kind: Kind

        /// In small letters; of what stands in quotes, without these.
        var value: String
    }

    private let text: [UInt8]
    private var index = 0

    init(_ text: [UInt8]) { self.text = text }

    /// The next token; nil at the end.
    mutating func next() -> Token? {
        while index < text.count {
            let byte = text[index]
            let follower = index + 1 < text.count ? text[index + 1] : 0
            switch byte {
            case 0x41...0x5A, 0x61...0x7A, 0x5F, 0x40, 0x80...0xFF: return token(.word, while: Self.isWord)
            case 0x30...0x39: return token(.number) { Self.isWord($0) || $0 == UInt8(ascii: ".") }
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): return quoted(by: byte)
            case UInt8(ascii: "-") where follower == UInt8(ascii: "-"), UInt8(ascii: "#"):
                return token(.comment) { $0 != UInt8(ascii: "\n") }
            case UInt8(ascii: "/") where follower == UInt8(ascii: "*"): skipRemark()
            case 0x00...0x20: index += 1
            default: return sign()
            }
        }
        return nil
    }

    private mutating func token(_ kind: Token.Kind, while belongs: (UInt8) -> Bool) -> Token {
        let start = index
        while index < text.count, belongs(text[index]) { index += 1 }
        return token(kind, start..<index)
    }

    private func token(_ kind: Token.Kind, _ range: Range<Int>) -> Token {
        Token(kind: kind, value: String(decoding: text[range], as: UTF8.self).lowercased())
    }

    /// A text, or a name in quotes; one that is not ended reaches to the end.
    private mutating func quoted(by quote: UInt8) -> Token {
        let start = index + 1
        index = start
        while index < text.count, text[index] != quote { index += text[index] == UInt8(ascii: "\\") ? 2 : 1 }
        let end = min(index, text.count)
        index = end + 1
        return token(quote == UInt8(ascii: "'") ? .text : .word, start..<max(start, end))
    }

    /// One sign, or two that belong together, such as `<=` and `||`.
    private mutating func sign() -> Token {
        let start = index
        index += 1
        if index < text.count, "=>|".utf8.contains(text[index]), "<>!|".utf8.contains(text[start]) { index += 1 }
        return token(.sign, start..<index)
    }

    /// Passes a remark; what stands in `/*! … */` is run, so only its beginning is passed.
    private mutating func skipRemark() {
        index += 2
        guard index < text.count, text[index] == UInt8(ascii: "!") else {
            while index < text.count, !(text[index] == UInt8(ascii: "/") && text[index - 1] == UInt8(ascii: "*")) {
                index += 1
            }
            index += 1
            return
        }
        while index + 1 < text.count,
            text[index + 1] &- 0x30 < 10 || text[index] == UInt8(ascii: "!") && text[index + 1] == 0x20
        {
            index += 1
        }
        index += 1
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x5F || byte == 0x24 || byte >= 0x80 || byte == 0x40
    }
}
