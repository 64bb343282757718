/// What a text is compared by: the words in it and their parts, each a place in a vector of fixed length.
///
/// No model, and no meaning: a word counts by its stem, and by every run of four letters in it, so that `salaries` is near
/// `salary`. Words that stand in every text count little. Which place a feature has is the top of its hash; two may share one.
enum Features {
    /// Places of a vector: of words, of words that say nothing, and of parts of words.
    static let dimensions = 1 << 14
    private static let common = 1 << 12
    private static let parts = 1 << 13

    static func placeOfWord(_ hash: UInt64) -> Int { top(12, of: hash) }
    static func placeOfCommonWord(_ hash: UInt64) -> Int { common + top(11, of: hash) }
    static func placeOfPart(_ hash: UInt64) -> Int { parts + top(13, of: hash) }

    private static func top(_ bits: UInt64, of hash: UInt64) -> Int {
        // The last byte of an FNV hash hardly reaches its top.
        Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) >> (64 - bits))
    }

    /// What a place holds when its feature occurs so often: its weight, times one more than the logarithm of the number.
    ///
    /// Whole numbers, so that sums are exact however often something is added and taken away. Beyond 16 it grows no more.
    static func values(of place: Int) -> [Int] {
        let weight = place < common ? 100 : place < parts ? 15 : 40
        return growth.map { weight * $0 / 100 }
    }

    /// Of a number of occurrences, one more than its logarithm, in hundredths.
    private static let growth = [0, 100, 169, 210, 239, 261, 279, 295, 308, 320, 330, 340, 348, 356, 364, 371, 377]

    /// The values of all places, those of one behind those of another; ``row(of:)`` says where.
    static let values: [Int32] = [0, common, parts].flatMap { values(of: $0).map { Int32($0) } }
    static let mostCounted = 16

    /// Where the values of a place begin in ``values``.
    @inline(__always)
    static func row(of place: Int) -> Int { (place >= common ? place >= parts ? 2 : 1 : 0) * (mostCounted + 1) }

    /// Whether a place is that of a word, or of a part of one, that does not stand in every text.
    static func saysSomething(_ place: Int) -> Bool { place < common || place >= parts }

    /// The words that say nothing by themselves, by the hash of their letters: those that the pack `grounding.txt` calls so.
    static let commonWords = HashedWords(Lexicon.shared.entries.filter { $0.value.roles.contains(.stop) }.keys)
}

/// Hashes of words, each in the first free place from the one on that its own top bits tell.
struct HashedWords: Sendable {
    private var places: [UInt64]
    private let shift: UInt64

    /// - Parameter hashes: None of them is 0.
    init(_ hashes: some Collection<UInt64>) {
        var bits: UInt64 = 4
        while 1 << bits < 4 * hashes.count { bits += 1 }
        places = Array(repeating: 0, count: 1 << bits)
        shift = 64 - bits
        for hash in hashes where hash != 0 && !contains(hash) { places[free(hash)] = hash }
    }

    @inline(__always)
    func contains(_ hash: UInt64) -> Bool { hash != 0 && places[free(hash)] == hash }

    /// Where the hash is, or where there is room for it; at most a quarter of the places is taken.
    @inline(__always)
    private func free(_ hash: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) >> shift)
        while places[place] != 0, places[place] != hash { place = (place + 1) & (places.count - 1) }
        return place
    }
}

/// Reads the words of a text one by one, each with its features.
///
/// Words are runs of letters, digits and bytes beyond ASCII, ended by signs of any script that part words; after 24 bytes
/// another begins. Takes time in proportion to the text, whatever it holds.
struct FeatureReader {
    private let text: UnsafeRawBufferPointer
    private let commonWords = Features.commonWords
    private var offset = 0

    /// Bytes of a word, and of a part of one at least.
    private static let longestWord = 24
    private static let partLength = 4

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    /// Reads the next word.
    ///
    /// - Parameter body: Takes each of its features, as a place in a vector.
    /// - Returns: Where the word stands; nil when there is none.
    @inline(__always)
    mutating func next(_ body: (Int) -> Void) -> Range<Int>? {
        skip()
        guard offset < text.count else { return nil }
        let start = offset
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.longestWord + 2) { letters in
            letters[0] = 0x20
            var count = 1
            var hash = WordHash.start
            while offset < text.count, count <= Self.longestWord, isLetter(text[offset]), gap == 0 {
                letters[count] = folded
                hash = WordHash.add(letters[count], to: hash)
                count += 1
                offset += 1
            }
            guard count > 2, !commonWords.contains(hash) else { return body(Features.placeOfCommonWord(hash)) }
            letters[count] = 0x20
            let word = UnsafeBufferPointer(rebasing: letters[1..<count])
            body(Features.placeOfWord(Stem.hash(word, count: word.count)))
            eachPart(UnsafeBufferPointer(rebasing: letters[...count]), body)
        }
        return start..<offset
    }

    /// Gives the place of every part of a word; a part begins and ends with a character.
    @inline(__always)
    private func eachPart(_ letters: UnsafeBufferPointer<UInt8>, _ body: (Int) -> Void) {
        for start in letters.indices where letters[start] & 0xC0 != 0x80 {
            var end = min(start + Self.partLength, letters.count)
            while end < letters.count, letters[end] & 0xC0 == 0x80 { end += 1 }
            body(Features.placeOfPart(WordHash.of(letters[start..<end])))
            guard end < letters.count else { return }
        }
    }

    /// The byte at `offset` in lower case, where that is one byte's matter.
    private var folded: UInt8 {
        let byte = text[offset]
        let isSecondOfLatin = byte &- 0x80 < 0x1F && offset > 0 && text[offset - 1] == 0xC3
        return byte &- 0x41 < 26 || isSecondOfLatin ? byte | 0x20 : byte
    }

    private mutating func skip() {
        while offset < text.count {
            let gap = gap
            guard gap > 0 || !isLetter(text[offset]) else { return }
            offset = min(offset + max(1, gap), text.count)
        }
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10
    }

    /// How many bytes of a sign beyond ASCII that parts words stand at `offset`; 0 for none.
    private var gap: Int {
        switch text[offset] {
        case 0xC2: 2
        case 0xE2, 0xE3: offset + 1 < text.count && text[offset + 1] == 0x80 ? 3 : 0
        case 0xEF: offset + 1 < text.count && text[offset + 1] == 0xBC && isFullWidthMark ? 3 : 0
        default: 0
        }
    }

    /// Whether a full-width sign is one of `！` to `／`, or `：` to `？`.
    private var isFullWidthMark: Bool {
        guard offset + 2 < text.count else { return false }
        return (0x81...0x8F).contains(text[offset + 2]) || (0x9A...0x9F).contains(text[offset + 2])
    }
}
