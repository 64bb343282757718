/// Words that speak for or against a candidate, looked for in the text right before it.
///
/// A term is one word or several. Words are compared as a whole and without regard to case; names in code are words too
/// (`phoneNumber`, `phone_number`). A term that ends in `*` stands for all words that begin so. Terms of scripts that put
/// no spaces between their words are found inside a row of letters as well.
public struct ContextWords: Sendable, Equatable {
    /// What the text before a candidate says.
    public enum Finding: Sendable, Equatable { case near, apart, nothing }

    /// Characters before a candidate in which a word speaks for it, and bytes that these may have.
    static let most = 48
    public static let reach = 96

    /// Bytes before a candidate in which a word speaks against it.
    static let reachAgainst = 32

    struct Meaning: Sendable, Equatable {
        var finding = Finding.nothing

        /// A longer term ends in the same words.
        var goesOn = false
    }

    /// Terms by the hash of their words, the last word first.
    private(set) var meanings = WordHashes<Meaning>(nothing: Meaning())

    /// The lengths that beginnings of words have, as bits.
    private(set) var prefixLengths: UInt64 = 0

    /// How the last words of terms end, and their beginnings begin: most words of a text do neither.
    private(set) var ends = ByteSet()
    private(set) var beginnings = ByteSet()

    /// Terms that are found inside a row of letters.
    private(set) var infixes: [(bytes: [UInt8], finding: Finding)] = []

    /// - Parameters:
    ///   - near: Terms that speak for a candidate.
    ///   - apart: Terms that speak against it.
    public init(near: [String], apart: [String]) {
        for term in apart { add(term, .apart) }
        for term in near { add(term, .near) }
    }

    private mutating func add(_ term: String, _ finding: Finding) {
        let isPrefix = term.hasSuffix("*")
        let bytes = Array((isPrefix ? String(term.dropLast()) : term).utf8)
        if term.unicodeScalars.contains(where: { $0.value >= 0x590 }) {
            infixes.append((bytes, finding))
            return
        }
        bytes.withUnsafeBytes { text in
            if isPrefix {
                prefixLengths |= 1 << UInt64(min(63, text.count))
                beginnings = beginnings.union(Self.alike(text.first))
                meanings[Self.hash(text[...]) ^ Self.prefixMark].finding = finding
                return
            }
            ends = ends.union(Self.alike(text.last))
            var key: UInt64 = 0
            var end = text.count
            var keys: [UInt64] = []
            while let word = Self.word(before: end, notBefore: 0, in: text) {
                key = Self.joined(key, Self.hash(text[word]))
                keys.append(key)
                end = word.lowerBound
            }
            for key in keys.dropLast() { meanings[key].goesOn = true }
            if let last = keys.last { meanings[last].finding = finding }
        }
    }

    /// A byte in both cases; all bytes beyond ASCII are taken for the same.
    private static func alike(_ byte: UInt8?) -> ByteSet {
        guard let byte else { return ByteSet() }
        return byte < 0x80 ? ByteSet([byte]).ignoringCase : .high
    }

    /// What the text before `place` says; of several terms the nearest counts.
    public func look(before place: Int, in text: UnsafeRawBufferPointer) -> Finding {
        let start = Self.start(before: place, in: text)
        var found = (end: -1, finding: Finding.nothing)
        var end = place
        while found.finding == .nothing, let word = Self.word(before: end, notBefore: start, in: text) {
            // Of a word that begins before the part, it is not known what it is.
            if word.lowerBound == start, start > 0, !Self.isEdge(start, in: text) { break }
            let finding = meaning(endingWith: word, notBefore: start, in: text)
            if finding == .near || (finding == .apart && word.lowerBound >= place - Self.reachAgainst) {
                found = (word.upperBound, finding)
            }
            end = word.lowerBound
        }
        guard !infixes.isEmpty, text[start..<place].contains(where: { $0 >= 0xD6 }) else { return found.finding }
        for infix in infixes {
            let first = infix.finding == .near ? start : max(start, place - Self.reachAgainst)
            if let end = Self.end(of: infix.bytes, in: text[first..<place]), end > found.end {
                found = (end, infix.finding)
            }
        }
        return found.finding
    }

    /// Where the part of the text begins that is looked at; a semicolon between clauses is as far as words reach.
    private static func start(before place: Int, in text: UnsafeRawBufferPointer) -> Int {
        var start = place
        var characters = 0
        while start > 0, place - start < reach, characters < most {
            if start < place, text[start - 1] == 0x3B, text[start] == 0x20 { break }
            start -= 1
            if text[start] & 0xC0 != 0x80 { characters += 1 }
        }
        return start
    }

    /// What the longest term says that ends with the word at `last`.
    private func meaning(endingWith last: Range<Int>, notBefore start: Int, in text: UnsafeRawBufferPointer) -> Finding
    {
        if beginnings.contains(text[last.lowerBound]), let finding = meaning(ofBeginningOf: text[last]) {
            return finding
        }
        guard ends.contains(text[last.upperBound - 1]) else { return .nothing }
        var word: Range<Int>? = last
        var key: UInt64 = 0
        var finding = Finding.nothing
        while let span = word {
            key = Self.joined(key, Self.hash(text[span]))
            let meaning = meanings[key]
            if meaning.finding != .nothing { finding = meaning.finding }
            guard meaning.goesOn else { break }
            word = Self.word(before: span.lowerBound, notBefore: start, in: text)
        }
        return finding
    }

    private func meaning(ofBeginningOf word: Slice<UnsafeRawBufferPointer>) -> Finding? {
        var lengths = prefixLengths
        while lengths != 0 {
            let length = lengths.trailingZeroBitCount
            guard length <= word.count else { return nil }
            let meaning = meanings[Self.hash(word.prefix(length)) ^ Self.prefixMark]
            if meaning.finding != .nothing { return meaning.finding }
            lengths &= lengths - 1
        }
        return nil
    }

    /// Where the last copy of `bytes` in `text` ends.
    private static func end(of bytes: [UInt8], in text: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard let first = bytes.first, text.count >= bytes.count else { return nil }
        var place = text.endIndex - bytes.count
        while place >= text.startIndex {
            if text[place] == first, text[place..<place + bytes.count].elementsEqual(bytes) {
                return place + bytes.count
            }
            place -= 1
        }
        return nil
    }

    /// The last word that ends at or before `end`: letters or digits in a row, where neither case nor kind changes.
    private static func word(
        before end: Int, notBefore start: Int, in text: UnsafeRawBufferPointer
    ) -> Range<Int>? {
        var upper = end
        while upper > start, !isPart(text[upper - 1]) { upper -= 1 }
        guard upper > start else { return nil }
        var lower = upper - 1
        while lower > start, !isEdge(lower, in: text) { lower -= 1 }
        return lower..<upper
    }

    /// Whether words end or begin between the byte at `place` and the one before it.
    static func isEdge(_ place: Int, in text: UnsafeRawBufferPointer) -> Bool {
        let (before, after) = (text[place - 1], text[place])
        guard isPart(before), isPart(after), isDigit(before) == isDigit(after) else { return true }
        return (0x61...0x7A).contains(before) && (0x41...0x5A).contains(after)
    }

    static func isPart(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x7A).contains(byte | 0x20) || byte >= 0x80
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// What tells the hash of a beginning from that of a word.
    static let prefixMark: UInt64 = 0x9E37_79B9_7F4A_7C15

    static func joined(_ key: UInt64, _ word: UInt64) -> UInt64 { (key ^ word) &* 0x0000_0100_0000_01B3 }

    /// FNV-1a over the bytes in lower case.
    static func hash(_ word: Slice<UnsafeRawBufferPointer>) -> UInt64 {
        var hash = WordHash()
        for byte in word { hash.add(byte) }
        return hash.value
    }

    /// The hash of a word's beginning, byte by byte.
    struct WordHash {
        private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325
        private var lead: UInt8 = 0

        @inline(__always)
        mutating func add(_ byte: UInt8) {
            value = (value ^ UInt64(ContextWords.lower(byte, after: lead))) &* 0x0000_0100_0000_01B3
            lead = byte
        }
    }

    /// The byte in lower case: that of a Latin letter, or part of a Latin, Greek or Cyrillic one of two bytes.
    ///
    /// The capitals of Greek and Cyrillic have another first byte than some small letters, so both count as the same.
    @inline(__always)
    fileprivate static func lower(_ byte: UInt8, after lead: UInt8) -> UInt8 {
        guard byte >= 0x80 else { return byte &- 0x41 < 26 ? byte | 0x20 : byte }
        return switch (lead, byte) {
        case (0xC3, 0x80...0x9E): byte + 0x20
        case (0xCE, 0x91...0x9F), (0xD0, 0x90...0x9F): byte + 0x20
        case (0xCE, 0xA0...0xA9), (0xD0, 0xA0...0xAF): byte - 0x20
        case (_, 0xCF), (_, 0xD1): byte - 1
        default: byte
        }
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.meanings.isSame(as: b.meanings) && a.prefixLengths == b.prefixLengths
            && a.infixes.elementsEqual(b.infixes) { $0.bytes == $1.bytes && $0.finding == $1.finding }
    }
}
