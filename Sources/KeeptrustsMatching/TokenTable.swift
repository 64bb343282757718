/// A table of tokens, each known by its first bytes, as a scan looks them up.
struct TokenTable {
    /// Bytes of a token that the text may go on with.
    static let shortestPrefix = 4

    /// A bit for each hash of four bytes; set for those that a token which counts begins with.
    private let filter: UnsafeMutablePointer<UInt64>
    private let keys: UnsafeMutablePointer<UInt64>
    private let shift: UInt64
    private let mask: Int

    private static let filterBits: UInt64 = 14
    private static let prefixMark: UInt64 = 1 << 63

    /// An empty table with room for so many tokens.
    init(tokens: Int) {
        var slots = 64
        while slots < tokens * 4 { slots *= 2 }
        mask = slots - 1
        shift = UInt64(64 - slots.trailingZeroBitCount)
        filter = Self.emptyFilter()
        keys = .allocate(capacity: slots)
        keys.initialize(repeating: 0, count: slots)
    }

    private init(_ table: Self) {
        filter = Self.emptyFilter()
        (keys, shift, mask) = (table.keys, table.shift, table.mask)
    }

    private static func emptyFilter() -> UnsafeMutablePointer<UInt64> {
        let words = 1 << Int(filterBits - 6)
        let filter = UnsafeMutablePointer<UInt64>.allocate(capacity: words)
        filter.initialize(repeating: 0, count: words)
        return filter
    }

    func deallocate() {
        keys.deallocate()
        filter.deallocate()
    }

    /// Gives back what a table does not share with the one that it was filtered from.
    func deallocateFilter() { filter.deallocate() }

    /// How many slots there are.
    var slotCount: Int { mask + 1 }

    /// Puts a token into its slot, or finds it there.
    ///
    /// - Parameters:
    ///   - bytes: Its first bytes, eight at most.
    ///   - isWhole: The token is that and no more; else the text may go on with it.
    /// - Returns: The slot.
    func add(_ bytes: some Sequence<UInt8>, isWhole: Bool) -> Int {
        var key: UInt64 = 0
        for (index, byte) in bytes.enumerated() { key |= UInt64(byte | 0x20) << UInt64(8 * index) }
        if !isWhole { key |= Self.prefixMark }
        pass(key)
        var slot = Int(Self.hash(key) >> shift)
        while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & mask }
        keys[slot] = key
        return slot
    }

    /// The same slots, with a filter that lets pass the tokens of those only that `counts` says so of.
    func filtered(_ counts: (Int) -> Bool) -> Self {
        let table = Self(self)
        for slot in 0..<slotCount where keys[slot] != 0 && counts(slot) { table.pass(keys[slot]) }
        return table
    }

    private func pass(_ key: UInt64) {
        let hash = Self.hash(key & 0xFFFF_FFFF)
        filter[Int(hash >> (70 - Self.filterBits))] |= 1 << (hash >> (64 - Self.filterBits) & 63)
    }

    @inline(__always)
    private static func hash(_ key: UInt64) -> UInt64 { key &* 0x9E37_79B9_7F4A_7C15 }

    /// Whether any token that counts begins as the one with this key does: 1 or 0, to count with.
    @inline(__always)
    func mayKnow(_ key: UInt64) -> Int {
        let hash = Self.hash(key & 0xFFFF_FFFF)
        // The index is cut to the size of the table.
        let bits = filter[Int(hash &>> (70 - Self.filterBits))] &>> (hash &>> (64 - Self.filterBits))
        return Int(truncatingIfNeeded: bits & 1)
    }

    /// Where a token is.
    ///
    /// - Parameter key: The token's first bytes with bit 5 set, zeros behind it.
    /// - Returns: Its slot; -1 when there is no such token.
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
}
