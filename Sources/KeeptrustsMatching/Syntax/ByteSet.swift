/// A set of bytes.
struct ByteSet: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init() {}

    init(_ range: ClosedRange<UInt8>) {
        for byte in range { insert(byte) }
    }

    init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { insert(byte) }
    }

    static let digits = ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9"))
    static let word = ByteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_".utf8)
    static let space = ByteSet(" \t\n\u{0B}\u{0C}\r".utf8)
    static let letters = ByteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    static let alphanumeric = letters.union(digits)

    /// Bytes of nearly every text.
    static let everyday = alphanumeric.union(ByteSet(" .,'-".utf8))

    /// Bytes that are neither a space nor a control character.
    static let visible = ByteSet(0x21...0xFF)

    /// Those that part no word: an `@` parts the two halves of an address.
    static let unparted = ByteSet(0x21...0x3F).union(ByteSet(0x41...0xFF))
    static let ascii = ByteSet(0...0x7F)

    /// The bytes of characters beyond ASCII.
    static let high = ByteSet(0x80...0xFF)

    var isEmpty: Bool { words == (0, 0, 0, 0) }

    var count: Int {
        words.0.nonzeroBitCount + words.1.nonzeroBitCount + words.2.nonzeroBitCount + words.3.nonzeroBitCount
    }

    func contains(_ byte: UInt8) -> Bool {
        let bit: UInt64 = 1 << UInt64(byte & 63)
        return switch byte >> 6 {
        case 0: words.0 & bit != 0
        case 1: words.1 & bit != 0
        case 2: words.2 & bit != 0
        default: words.3 & bit != 0
        }
    }

    mutating func insert(_ byte: UInt8) {
        let bit: UInt64 = 1 << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    func union(_ other: Self) -> Self {
        var union = self
        union.words.0 |= other.words.0
        union.words.1 |= other.words.1
        union.words.2 |= other.words.2
        union.words.3 |= other.words.3
        return union
    }

    func subtracting(_ other: Self) -> Self {
        var rest = self
        rest.words.0 &= ~other.words.0
        rest.words.1 &= ~other.words.1
        rest.words.2 &= ~other.words.2
        rest.words.3 &= ~other.words.3
        return rest
    }

    func isDisjoint(with other: Self) -> Bool { subtracting(other) == self }

    func isSubset(of other: Self) -> Bool { subtracting(other).isEmpty }

    /// The same set with both cases of each letter that it holds.
    var ignoringCase: Self {
        var set = self
        for letter in UInt8(ascii: "a")...UInt8(ascii: "z") where contains(letter) || contains(letter - 32) {
            set.insert(letter)
            set.insert(letter - 32)
        }
        return set
    }

    static func == (a: Self, b: Self) -> Bool { a.words == b.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
