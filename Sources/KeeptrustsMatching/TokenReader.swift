/// A token of a text: a run of letters and digits of ASCII.
public struct TextToken {
    /// Its first eight bytes with bit 5 set, the first in the lowest place; zeros behind a shorter one.
    public let key: UInt64
    @usableFromInline let place: UInt32
    @usableFromInline let size: UInt32

    /// Where it begins (bytes).
    @inlinable public var start: Int { Int(truncatingIfNeeded: place) }

    /// How many bytes it has.
    @inlinable public var length: Int { Int(truncatingIfNeeded: size) }

    @inline(__always)
    fileprivate init(_ text: UnsafeRawBufferPointer, _ start: Int, _ length: Int) {
        let bytes = text.word(at: start) | 0x2020_2020_2020_2020
        key = length < 8 ? bytes & ((1 &<< UInt64(length &* 8)) &- 1) : bytes
        place = UInt32(truncatingIfNeeded: start)
        size = UInt32(truncatingIfNeeded: length)
    }
}

/// A text that was looked at once, for all that read it by its bytes or by its tokens.
///
/// Valid as long as the text is, and until the next one is read with the same memory.
public struct ReadText {
    public let bytes: UnsafeRawBufferPointer
    let facts: TextFacts
    let sentences: Sentences
    private let reader: TokenReader

    fileprivate init(
        _ bytes: UnsafeRawBufferPointer, _ facts: TextFacts, _ sentences: Sentences, _ reader: TokenReader
    ) {
        self.bytes = bytes
        self.facts = facts
        self.sentences = sentences
        self.reader = reader
    }

    /// Whether there are characters that may be read as others, or not at all: beyond ASCII, control characters.
    public var isOdd: Bool { facts.isOdd }

    /// Hands the tokens to `body`, in their order, ``TokenReader/room`` at a time at most.
    public func eachRunOfTokens(_ body: (UnsafeBufferPointer<TextToken>) -> Void) { reader.eachRun(of: bytes, body) }
}

/// Finds the tokens of texts, in memory that is used again for each text.
///
/// The tokens of a text that has few are kept until the next one is read.
final class TokenReader {
    private let tokens: UnsafeMutablePointer<TextToken>
    private var count = 0
    private var sentences = Sentences()

    /// What is kept are all tokens of the text.
    private var isWhole = false

    /// Tokens that are kept; a text of more is read again for each reader, a part at a time.
    static let most = 4_096

    /// Tokens that there is room for: two blocks more.
    static let room = most + 64

    init() { tokens = .allocate(capacity: Self.room) }

    deinit {
        tokens.deallocate()
        sentences.deallocate()
    }

    /// Looks at each byte of a text.
    func read(_ text: UnsafeRawBufferPointer) -> ReadText {
        var finder = TokenFinder(text, tokens)
        sentences.begin()
        let facts = TextFacts(text) { masks in
            sentences.take(masks.ends)
            if finder.count <= Self.most { finder.take(masks.alphanumeric) }
        }
        finder.take(0)
        count = finder.count
        isWhole = count <= Self.most
        return ReadText(text, facts, sentences, self)
    }

    fileprivate func eachRun(of text: UnsafeRawBufferPointer, _ body: (UnsafeBufferPointer<TextToken>) -> Void) {
        guard !isWhole else { return body(UnsafeBufferPointer(start: tokens, count: count)) }
        var finder = TokenFinder(text, tokens)
        text.eachBlock { _, masks in
            finder.take(masks.alphanumeric)
            guard finder.count > Self.most else { return }
            body(UnsafeBufferPointer(start: tokens, count: finder.count))
            finder.count = 0
        }
        finder.take(0)
        body(UnsafeBufferPointer(start: tokens, count: finder.count))
    }
}

/// Turns masks of letters and digits into tokens, a block behind what it is given: a token may go on in the next block.
private struct TokenFinder {
    /// Tokens that were found.
    var count = 0
    private let text: UnsafeRawBufferPointer
    private let tokens: UnsafeMutablePointer<TextToken>
    private var current: UInt64 = 0
    private var carry: UInt64 = 0
    private var offset = -64

    init(_ text: UnsafeRawBufferPointer, _ tokens: UnsafeMutablePointer<TextToken>) {
        self.text = text
        self.tokens = tokens
    }

    /// Finds the tokens that begin in the block before; half of its bytes at most, for which there is room.
    @inline(__always)
    mutating func take(_ next: UInt64) {
        var starts = current & ~(current &<< 1 | carry)
        carry = current &>> 63
        while starts != 0 {
            let first = starts.trailingZeroBitCount
            starts &= starts &- 1
            // 64 bits from the token's first on.
            let row = first == 0 ? current : current &>> UInt64(first) | next &<< UInt64(64 &- first)
            let length = (~row).trailingZeroBitCount
            let start = offset &+ first
            let token = TextToken(text, start, length < 64 ? length : lengthOfLong(from: start))
            (tokens + count).initialize(to: token)
            count &+= 1
        }
        current = next
        offset &+= 64
    }

    /// The length of a token of 64 bytes or more.
    private func lengthOfLong(from start: Int) -> Int {
        var end = start + 64
        while end < text.count, text[end].isAlphanumeric { end += 1 }
        return end - start
    }
}

extension UnsafeRawBufferPointer {
    /// Eight bytes from `offset` on, which is within the text, with zeros behind the text's end.
    @inline(__always)
    fileprivate func word(at offset: Int) -> UInt64 {
        if offset &+ 8 <= count { return loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
        var word: UInt64 = 0
        for place in stride(from: count &- 1, through: offset, by: -1) { word = word << 8 | UInt64(self[place]) }
        return word
    }
}

extension UInt8 {
    /// Whether this is a letter or a digit of ASCII.
    @inline(__always)
    var isAlphanumeric: Bool { self &- 0x30 < 10 || (self | 0x20) &- 0x61 < 26 }
}
