/// A set of words in lower case, asked for by bytes of a text in any case.
///
/// Holds words of at most 16 bytes, in a table with open addressing: a text may hold thousands of candidates, and each asks
/// for many pieces of itself.
struct WordTable: Sendable {
    static let longest = 16

    /// The first and the last eight bytes of each word, zeros behind the word's end; zeros where a slot is free.
    private var slots: [(first: UInt64, last: UInt64)]
    private let mask: Int

    init(_ words: String) {
        let words = words.split(whereSeparator: \.isWhitespace).map { Array($0.utf8) }
        var count = 64
        while count < words.count * 3 { count *= 2 }
        slots = Array(repeating: (0, 0), count: count)
        mask = count - 1
        for word in words where word.count <= Self.longest {
            let key = word.withUnsafeBytes { Self.key($0, 0..<$0.count) }
            var slot = Self.hash(key) & mask
            while slots[slot].first != 0, slots[slot] != key { slot = (slot + 1) & mask }
            slots[slot] = key
        }
    }

    /// Whether the bytes at `range` of `text` are a word of the set.
    func contains(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty, range.count <= Self.longest else { return false }
        let key = Self.key(text, range)
        var slot = Self.hash(key) & mask
        while slots[slot].first != 0 {
            if slots[slot] == key { return true }
            slot = (slot + 1) & mask
        }
        return false
    }

    private static func key(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> (first: UInt64, last: UInt64) {
        var key: (first: UInt64, last: UInt64) = (0, 0)
        for (place, index) in range.enumerated() {
            let byte = text[index]
            let lower = UInt64(byte &- 0x41 < 26 ? byte | 0x20 : byte)
            if place < 8 {
                key.first |= lower << UInt64(place * 8)
            } else {
                key.last |= lower << UInt64(place * 8 - 64)
            }
        }
        return key
    }

    private static func hash(_ key: (first: UInt64, last: UInt64)) -> Int {
        let mixed = (key.first &* 0x9E37_79B9_7F4A_7C15) ^ (key.last &* 0xC2B2_AE3D_27D4_EB4F)
        return Int(truncatingIfNeeded: mixed >> 32)
    }
}

/// Texts in lower case that are looked for in a value of any case: at its beginning, or anywhere.
struct PhraseList: Sendable {
    /// The phrases by the byte that they begin with.
    private let phrases: [[[UInt8]]]

    init(_ phrases: String) {
        var table: [[[UInt8]]] = Array(repeating: [], count: 256)
        for phrase in phrases.split(whereSeparator: \.isWhitespace).map({ Array($0.utf8) }) {
            if let first = phrase.first { table[Int(first)].append(phrase) }
        }
        self.phrases = table
    }

    /// Whether a phrase stands at the beginning of `text`.
    func isPrefix(of text: UnsafeRawBufferPointer) -> Bool { stands(in: text, at: 0) }

    /// Whether a phrase stands anywhere in `text`.
    func occurs(in text: UnsafeRawBufferPointer) -> Bool { text.indices.contains { stands(in: text, at: $0) } }

    private func stands(in text: UnsafeRawBufferPointer, at place: Int) -> Bool {
        guard place < text.count else { return false }
        return phrases[Int(Self.lower(text[place]))].contains { phrase in
            guard place + phrase.count <= text.count else { return false }
            return phrase.indices.allSatisfy { Self.lower(text[place + $0]) == phrase[$0] }
        }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
