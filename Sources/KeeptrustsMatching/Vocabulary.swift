/// The words that chains of patterns need, as a scan for tokens looks for them.
///
/// A token is a row of letters and digits. It is known by its first eight bytes, all with bit 5 set, so that case does not
/// matter; a word that the text may go on with, by its first four. Immutable, and shared by all event loops.
final class Vocabulary: @unchecked Sendable {
    // Immutable after `init`; the memory that the pointers lead to is written there only.

    /// Chains without a bound count as this long.
    static let unbounded: Int32 = 1 << 29

    /// Where the tokens of all words are.
    let tokens: TokenTable
    private let heads: UnsafeMutablePointer<Head>
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

    /// Of each step, its chain; and a bit for each step that is the anchor of its chain.
    let chainOfStep: UnsafeMutablePointer<Int32>
    let anchors: UnsafeMutablePointer<UInt64>

    /// Of each step, where its words are to be found: by ``TokenTable/slot(of:)``.
    private(set) var slotsOfStep: [[Int]]
    var isEmpty: Bool { steps == 0 }

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
        var chainOfStep = [Int32](repeating: 0, count: steps)
        var anchors = [UInt64](repeating: 0, count: steps / 64 + 1)
        for (number, chain) in chains.enumerated() {
            for step in chain.first..<chain.end { chainOfStep[Int(step)] = Int32(number) }
            anchors[Int(chain.anchor) >> 6] |= 1 << UInt64(chain.anchor & 63)
        }
        self.chainOfStep = Self.copy(chainOfStep)
        self.anchors = Self.copy(anchors)
        let tokens = TokenTable(tokens: words.count)
        heads = .allocate(capacity: tokens.slotCount)
        heads.initialize(repeating: .none, count: tokens.slotCount)
        var forms: [Form] = []
        var entries: [Entry] = []
        var letters: [UInt8] = []
        var hasPrefixes = false
        for (word, handle, own) in words {
            let bytes = Array(word.text.utf8)
            let token = Array(handle.token.utf8)
            let known = handle.isWhole ? min(8, token.count) : TokenTable.shortestPrefix
            hasPrefixes = hasPrefixes || !handle.isWhole
            let slot = tokens.add(token.prefix(known), isWhole: handle.isWhole)
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
            let isNeeded = own.contains { chains[Int(chainOfStep[Int($0.step)])].needs($0.step) }
            if !isTold, isNeeded { heads[slot].untold = Int32(forms.count - 1) }
            letters += bytes.map { $0 | 0x20 }
            entries += own
        }
        self.hasPrefixes = hasPrefixes
        self.forms = Self.copy(forms)
        self.entries = Self.copy(entries)
        self.letters = Self.copy(letters)
        var marks: [Int32] = []
        for slot in 0..<tokens.slotCount {
            var own: Set<Int32> = []
            var form = Int(heads[slot].form)
            while form >= 0 {
                let range = Int(forms[form].entries)..<Int(forms[form].entries + forms[form].entryCount)
                for entry in entries[range] {
                    slotsOfStep[Int(entry.step)].append(slot)
                    let isNeeded = chains[Int(chainOfStep[Int(entry.step)])].needs(entry.step)
                    if forms[form].isTold, isNeeded { own.insert(entry.step) }
                }
                form = Int(forms[form].next)
            }
            (heads[slot].marks, heads[slot].markCount) = (Int32(marks.count), Int32(own.count))
            marks += own.sorted()
        }
        self.marks = Self.copy(marks)
        self.tokens = tokens
    }

    deinit {
        tokens.deallocate()
        chainOfStep.deallocate()
        anchors.deallocate()
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

    /// What stands behind the token of a slot.
    @inline(__always)
    func head(at slot: Int) -> Head { heads[slot] }
}
