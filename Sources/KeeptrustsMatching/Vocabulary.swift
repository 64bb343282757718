/// The words that chains of patterns need, as a scan for tokens looks for them.
///
/// A token is a row of letters and digits. It is known by its first eight bytes, all with bit 5 set, so that case does not
/// matter; a word that the text may go on with, by its first four. Immutable, and shared by all event loops.
final class Vocabulary: @unchecked Sendable {
    // Immutable after `init`; the memory that the pointers lead to is written there only.

    /// Chains without a bound count as this long.
    static let unbounded: Int32 = 1 << 29
    static let shortestPrefix = 4

    /// A bit for each hash of four bytes; set for those that a token of the vocabulary begins with.
    private let filter: UnsafeMutablePointer<UInt64>
    private let keys: UnsafeMutablePointer<UInt64>
    private let heads: UnsafeMutablePointer<Head>
    private let shift: UInt64
    private let mask: Int
    let forms: UnsafeMutablePointer<Form>
    let entries: UnsafeMutablePointer<Entry>
    let marks: UnsafeMutablePointer<Int32>

    /// The bytes of all words, with bit 5 set.
    let letters: UnsafeMutablePointer<UInt8>
    let hasPrefixes: Bool

    /// Words that Hyperscan looks for, by their numbers: their length in bytes, and what they mean.
    let literals: [(length: Int, entries: [Entry])]

    /// Bytes of which every match of some pattern holds one.
    let needed: [Needed]

    /// How many steps all chains have.
    let steps: Int
    let chains: UnsafeMutablePointer<Chain>
    let chainCount: Int

    /// Of each step, where its words are to be found: by ``slot(of:)``.
    private(set) var slotsOfStep: [[Int]]
    var isEmpty: Bool { steps == 0 }

    private static let filterBits: UInt64 = 14
    private static let prefixMark: UInt64 = 1 << 63

    /// - Parameters:
    ///   - words: Each word that has a handle, and what it means.
    ///   - literals: The others.
    ///   - needed: Sets of bytes that the meanings speak of.
    ///   - chains: The chains, each with its steps behind those of the one before it.
    init(
        _ words: [(word: WordChain.Word, handle: WordChain.Word.Handle, entries: [Entry])],
        literals: [(length: Int, entries: [Entry])], needed: [ByteSet], chains: [Chain]
    ) {
        self.literals = literals
        self.needed = needed.map(Needed.init)
        self.chains = Self.copy(chains)
        chainCount = chains.count
        steps = Int(chains.last?.end ?? 0)
        slotsOfStep = Array(repeating: [], count: steps)
        var slots = 64
        while slots < words.count * 4 { slots *= 2 }
        mask = slots - 1
        shift = UInt64(64 - slots.trailingZeroBitCount)
        filter = .allocate(capacity: 1 << Int(Self.filterBits - 6))
        filter.initialize(repeating: 0, count: 1 << Int(Self.filterBits - 6))
        keys = .allocate(capacity: slots)
        keys.initialize(repeating: 0, count: slots)
        heads = .allocate(capacity: slots)
        heads.initialize(repeating: .none, count: slots)
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
            let start = Self.hash(key & 0xFFFF_FFFF)
            (filter + Int(start >> (70 - Self.filterBits))).pointee |= 1 << (start >> (64 - Self.filterBits) & 63)
            var slot = Int(Self.hash(key) >> shift)
            while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & mask }
            keys[slot] = key
            let probe = handle.offset + known < bytes.count ? known : -min(1, handle.offset)
            let isTold = handle.isWhole && token.count < 8 && token.count == bytes.count
            forms.append(
                Form(
                    offset: Int32(handle.offset), length: Int32(bytes.count), letters: Int32(letters.count),
                    probe: Int32(probe), probed: bytes[handle.offset + probe] | 0x20,
                    isTold: isTold, endsToken: word.endsToken,
                    entries: Int32(entries.count), entryCount: Int32(own.count),
                    next: heads[slot].form, nextUntold: heads[slot].untold
                ))
            heads[slot].form = Int32(forms.count - 1)
            if !isTold { heads[slot].untold = Int32(forms.count - 1) }
            letters += bytes.map { $0 | 0x20 }
            entries += own
        }
        self.hasPrefixes = hasPrefixes
        self.forms = Self.copy(forms)
        self.entries = Self.copy(entries)
        self.letters = Self.copy(letters)
        var marks: [Int32] = []
        for slot in 0..<slots {
            var own: Set<Int32> = []
            var form = Int(heads[slot].form)
            while form >= 0 {
                let range = Int(forms[form].entries)..<Int(forms[form].entries + forms[form].entryCount)
                for entry in entries[range] {
                    slotsOfStep[Int(entry.step)].append(slot)
                    if forms[form].isTold { own.insert(entry.step) }
                }
                form = Int(forms[form].next)
            }
            (heads[slot].marks, heads[slot].markCount) = (Int32(marks.count), Int32(own.count))
            marks += own.sorted()
        }
        self.marks = Self.copy(marks)
    }

    deinit {
        filter.deallocate()
        keys.deallocate()
        heads.deallocate()
        forms.deallocate()
        entries.deallocate()
        marks.deallocate()
        chains.deallocate()
        letters.deallocate()
    }

    private static func copy<Element>(_ array: [Element]) -> UnsafeMutablePointer<Element> {
        let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(1, array.count))
        for (index, element) in array.enumerated() { (copy + index).initialize(to: element) }
        return copy
    }

    @inline(__always)
    private static func hash(_ key: UInt64) -> UInt64 { key &* 0x9E37_79B9_7F4A_7C15 }

    /// Whether any token of the vocabulary begins as the one with this key does.
    @inline(__always)
    func mayKnow(_ key: UInt64) -> Bool {
        let hash = Self.hash(key & 0xFFFF_FFFF)
        // The index is cut to the size of the table.
        return filter[Int(hash &>> (70 - Self.filterBits))] &>> (hash &>> (64 - Self.filterBits)) & 1 != 0
    }

    /// What stands behind a token.
    ///
    /// - Parameter key: The token's first bytes with bit 5 set, zeros behind it.
    /// - Returns: Its slot, at which ``head(at:)`` is; -1 when there is no such token.
    @inline(__always)
    func slot(of key: UInt64) -> Int {
        var slot = Int(Self.hash(key) &>> shift)
        while keys[slot] != key {
            if keys[slot] == 0 { return -1 }
            slot = (slot + 1) & mask
        }
        return slot
    }

    /// The slot of the beginning of a token of four bytes or more; -1 when there is no word that begins so.
    @inline(__always)
    func prefixSlot(of key: UInt64) -> Int { slot(of: key & 0xFFFF_FFFF | Self.prefixMark) }

    /// What stands behind the token of a slot.
    @inline(__always)
    func head(at slot: Int) -> Head { heads[slot] }

    /// How many slots there are.
    var slotCount: Int { mask + 1 }
}
