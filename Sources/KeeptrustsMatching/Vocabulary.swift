/// The words that chains of patterns need, as a scan for tokens looks for them.
///
/// A token is a row of letters and digits. It is known by its first eight bytes, all with bit 5 set, so that case does not
/// matter; a word that the text may go on with, by its first four. Immutable, and shared by all event loops.
final class Vocabulary: @unchecked Sendable {
    // Immutable after `init`; the memory that the pointers lead to is written there only.

    /// What it means for a chain that a word of it was found.
    struct Entry {
        var pattern: Int32

        /// The number of the step among those of all chains, and that of the step before it; -1 for the first.
        var step: Int32
        var previous: Int32

        /// The most bytes since the step before, the longest match, and the most bytes after the word for the last step.
        var gap: Int32
        var longest: Int32
        var before: Int32
        var after: Int32
        var isLast: Bool

        /// The number in ``needed`` of the bytes of which every match holds one; -1 when none are known.
        var needed: Int32
    }

    /// A word behind a token.
    struct Form {
        /// Bytes of the word before the token, and of the whole word.
        var offset: Int32
        var length: Int32

        /// Where in ``letters`` the word's bytes are.
        var letters: Int32

        /// A byte of the word that its token does not tell, and where it stands, counted from the token.
        var probe: Int32
        var probed: UInt8

        /// The token, which is all of the word, tells all of it: there is nothing to compare.
        var isTold: Bool

        /// What follows must be no letter and no digit.
        var endsToken: Bool
        var entries: Int32
        var entryCount: Int32

        /// Another word behind the same token; -1 for the last.
        var next: Int32
    }

    /// Chains without a bound count as this long.
    static let unbounded: Int32 = 1 << 29
    static let shortestPrefix = 4

    /// A bit for each hash of a token; set for those of the vocabulary.
    let filter: UnsafeMutablePointer<UInt64>
    private let keys: UnsafeMutablePointer<UInt64>
    private let firstForms: UnsafeMutablePointer<Int32>
    private let shift: UInt64
    private let mask: Int
    let forms: UnsafeMutablePointer<Form>
    let entries: UnsafeMutablePointer<Entry>

    /// The bytes of all words, with bit 5 set.
    let letters: UnsafeMutablePointer<UInt8>
    let hasPrefixes: Bool

    /// Words that Hyperscan looks for, by their numbers: their length in bytes, and what they mean.
    let literals: [(length: Int, entries: [Entry])]

    /// Bytes of which every match of some pattern holds one.
    let needed: [ByteSet]

    /// How many steps all chains have.
    let steps: Int
    var isEmpty: Bool { steps == 0 }

    private static let filterBits: UInt64 = 14
    private static let prefixMark: UInt64 = 1 << 63

    /// - Parameters:
    ///   - words: Each word that has a handle, and what it means.
    ///   - literals: The others.
    ///   - needed: Sets of bytes that the meanings speak of.
    ///   - steps: How many steps all chains have.
    init(
        _ words: [(word: WordChain.Word, handle: WordChain.Word.Handle, entries: [Entry])],
        literals: [(length: Int, entries: [Entry])], needed: [ByteSet], steps: Int
    ) {
        self.literals = literals
        self.needed = needed
        self.steps = steps
        var slots = 64
        while slots < words.count * 4 { slots *= 2 }
        mask = slots - 1
        shift = UInt64(64 - slots.trailingZeroBitCount)
        filter = .allocate(capacity: 1 << Int(Self.filterBits - 6))
        filter.initialize(repeating: 0, count: 1 << Int(Self.filterBits - 6))
        keys = .allocate(capacity: slots)
        keys.initialize(repeating: 0, count: slots)
        firstForms = .allocate(capacity: slots)
        firstForms.initialize(repeating: -1, count: slots)
        var forms: [Form] = []
        var entries: [Entry] = []
        var letters: [UInt8] = []
        var hasPrefixes = false
        for (word, handle, own) in words {
            let bytes = Array(word.text.utf8)
            let token = Array(handle.token.utf8)
            let known = handle.isWhole ? min(8, token.count) : Self.shortestPrefix
            var key: UInt64 = 0
            for (index, byte) in token.prefix(known).enumerated() { key |= UInt64(byte | 0x20) << UInt64(8 * index) }
            if !handle.isWhole {
                key |= Self.prefixMark
                hasPrefixes = true
            }
            let hash = Self.hash(key)
            (filter + Int(hash >> (70 - Self.filterBits))).pointee |= 1 << (hash >> (64 - Self.filterBits) & 63)
            var slot = Int(hash >> shift)
            while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & mask }
            keys[slot] = key
            let probe = handle.offset + known < bytes.count ? known : -min(1, handle.offset)
            forms.append(
                Form(
                    offset: Int32(handle.offset), length: Int32(bytes.count), letters: Int32(letters.count),
                    probe: Int32(probe), probed: bytes[handle.offset + probe] | 0x20,
                    isTold: handle.isWhole && token.count < 8 && token.count == bytes.count, endsToken: word.endsToken,
                    entries: Int32(entries.count),
                    entryCount: Int32(own.count), next: firstForms[slot]
                ))
            firstForms[slot] = Int32(forms.count - 1)
            letters += bytes.map { $0 | 0x20 }
            entries += own
        }
        self.hasPrefixes = hasPrefixes
        self.forms = Self.copy(forms)
        self.entries = Self.copy(entries)
        self.letters = Self.copy(letters)
    }

    deinit {
        filter.deallocate()
        keys.deallocate()
        firstForms.deallocate()
        forms.deallocate()
        entries.deallocate()
        letters.deallocate()
    }

    private static func copy<Element>(_ array: [Element]) -> UnsafeMutablePointer<Element> {
        let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(1, array.count))
        for (index, element) in array.enumerated() { (copy + index).initialize(to: element) }
        return copy
    }

    @inline(__always)
    private static func hash(_ key: UInt64) -> UInt64 { key &* 0x9E37_79B9_7F4A_7C15 }

    /// The first word behind a token; -1 when there is none.
    ///
    /// - Parameter key: The token's first bytes with bit 5 set, zeros behind it.
    /// - Returns: Its number in ``forms``.
    @inline(__always)
    func form(of key: UInt64) -> Int32 {
        let hash = Self.hash(key)
        // Both indices are cut to the size of their tables.
        let bits = filter[Int(hash &>> (70 - Self.filterBits))]
        guard bits &>> (hash &>> (64 - Self.filterBits)) & 1 != 0 else { return -1 }
        var slot = Int(hash &>> shift)
        while keys[slot] != key {
            if keys[slot] == 0 { return -1 }
            slot = (slot + 1) & mask
        }
        return firstForms[slot]
    }

    /// The first word that is the beginning of a token of four bytes or more; -1 when there is none.
    @inline(__always)
    func prefix(of key: UInt64) -> Int32 { form(of: key & 0xFFFF_FFFF | Self.prefixMark) }
}
