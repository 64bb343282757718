/// Values by hashes of words, in a table with open addressing: each candidate of a text asks for every word before it.
struct WordHashes<Value: Sendable & Equatable>: Sendable {
    private var slots: [(key: UInt64, value: Value)]
    private var count = 0

    /// What a hash stands for that is not known.
    private let nothing: Value

    init(nothing: Value) {
        self.nothing = nothing
        slots = Array(repeating: (0, nothing), count: 16)
    }

    /// What a hash stands for; the hash 0 stands for nothing.
    subscript(key: UInt64) -> Value {
        get { slots[slot(of: key)].value }
        set {
            guard key != 0 else { return }
            var slot = slot(of: key)
            if slots[slot].key == 0 {
                count += 1
                if count * 3 > slots.count {
                    grow()
                    slot = self.slot(of: key)
                }
                slots[slot].key = key
            }
            slots[slot].value = newValue
        }
    }

    /// The hashes that are known, and what they stand for.
    var entries: [(key: UInt64, value: Value)] { slots.filter { $0.key != 0 } }

    func isSame(as other: Self) -> Bool {
        count == other.count && entries.allSatisfy { other[$0.key] == $0.value }
    }

    /// The slot that a key has, or would have.
    private func slot(of key: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (slots.count - 1)
        while slots[slot].key != 0, slots[slot].key != key { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private mutating func grow() {
        let old = entries
        slots = Array(repeating: (0, nothing), count: slots.count * 2)
        for entry in old { slots[slot(of: entry.key)] = entry }
    }
}
