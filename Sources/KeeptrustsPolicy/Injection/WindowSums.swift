import Foundation

/// What the words of a text add up to, by blocks, and the strongest window of two blocks.
struct WindowSums {
    private let words: UnsafeBufferPointer<Int8>
    private let scales: (word: Float, gram: Float, bias: Float)

    /// The words of the block that is being read.
    ///
    /// Each stands in the first free place from the one on that its lowest bits tell: its hash, with the block's number in
    /// the place of these bits. What has another number is of another block.
    private let known: UnsafeMutablePointer<UInt64>
    private var knownCount = 0
    private var number: UInt64 = 1

    /// The hash of the word before.
    private var last: UInt64 = 0
    private var block = Block()
    private var previous: Block?
    private var found: StrongestWindow?
    private var windows = 0

    /// Words of a block, all different, and places for them: one for each of their lowest bits.
    private static let blockSize = 24
    static let places = 256

    static let k1: UInt64 = 0x9E37_79B9_7F4A_7C15
    static let k2: UInt64 = 0xC2B2_AE3D_27D4_EB4F

    /// What the hash of a word begins with.
    static let seed = k2

    /// What the words of a block add up to.
    private struct Block {
        var words: Int32 = 0
        var grams: Int32 = 0
        var wordCount: Int32 = 0
        var gramCount: Int32 = 0
        var start = 0
        var end = 0
    }

    /// - Parameters:
    ///   - model: What words and runs of bytes weigh.
    ///   - words: The weights of its words, valid for as long as the sums are.
    ///   - known: Room for ``places`` hashes.
    init(_ model: LinearModel, _ words: UnsafeBufferPointer<Int8>, _ known: UnsafeMutablePointer<UInt64>) {
        scales = (model.wordScale, model.gramScale, model.bias)
        self.words = words
        self.known = known
        known.initialize(repeating: 0, count: Self.places)
    }

    /// Counts a word, unless its block has it already.
    ///
    /// - Parameters:
    ///   - hash: The hash of the word.
    ///   - grams: What its runs of bytes weigh, and how many there are; none where they are not read.
    ///   - start: Where it begins.
    ///   - end: Where it ends.
    @inline(__always)
    mutating func add(_ hash: UInt64, _ grams: (sum: Int32, count: Int32), _ start: Int, _ end: Int) {
        let pair = (last << 17 | last >> 47) ^ hash
        last = hash
        var place = find(hash)
        // A word that the block has adds nothing: a processor guesses wrong which do, so nothing waits for that.
        let isNew = known[place] != tag(hash)
        if knownCount == Self.blockSize, isNew {
            close()
            place = find(hash)
        }
        known[place] = tag(hash)
        if knownCount == 0 { block.start = start }
        let all: Int32 = isNew ? -1 : 0
        let weight = Int32(words[Self.index(hash &* Self.k2)]) &+ Int32(words[Self.index(pair &* Self.k1)])
        knownCount &-= Int(all)
        block.words &+= weight & all
        block.grams &+= grams.sum & all
        block.gramCount &+= grams.count & all
        block.end = isNew ? end : block.end
    }

    /// The hash, with the block's number in the place of its lowest bits.
    @inline(__always)
    private func tag(_ hash: UInt64) -> UInt64 { hash & ~UInt64(Self.places - 1) | number }

    /// Where the word is, or where there is room for it.
    @inline(__always)
    private func find(_ hash: UInt64) -> Int {
        // A block has fewer words than there are places, and places are numbered as the lowest bits are.
        var place = Int(truncatingIfNeeded: hash) & (Self.places - 1)
        while isOther(known[place] ^ tag(hash)) { place = (place + 1) & (Self.places - 1) }
        return place
    }

    /// Whether what a place holds is another word of the block: the numbers do not differ, and the rest does.
    ///
    /// In one comparison, for few are, while half of all words are known.
    @inline(__always)
    private func isOther(_ difference: UInt64) -> Bool {
        (difference >> 8 | difference << 56) &- 1 < (1 << 56) - 1
    }

    /// The strongest window of all words; nil when there was none.
    ///
    /// Of many windows, the strongest is strong by chance: see ``StrongestWindow/logOdds``.
    var strongest: StrongestWindow? {
        var sums = self
        if knownCount > 0 { sums.note(previous ?? Block(), wholeBlock) }
        guard var strongest = sums.found else { return nil }
        if sums.windows > 1 { strongest.logOdds -= 0.3 * log(Float(sums.windows)) }
        return strongest
    }

    /// The block, with how many words it has: one for itself, and one for the pair with the word before.
    private var wholeBlock: Block {
        var whole = block
        whole.wordCount = Int32(2 * knownCount)
        return whole
    }

    /// Ends a block that is full.
    private mutating func close() {
        let whole = wholeBlock
        if let previous { note(previous, whole) }
        previous = whole
        block = Block()
        knownCount = 0
        number += 1
        guard number == UInt64(Self.places) else { return }
        known.initialize(repeating: 0, count: Self.places)
        number = 1
    }

    private mutating func note(_ first: Block, _ second: Block) {
        windows += 1
        let wordCount = Float(first.wordCount &+ second.wordCount).squareRoot()
        let gramCount = Float(max(1, first.gramCount &+ second.gramCount)).squareRoot()
        let words = Float(first.words &+ second.words) * scales.word / wordCount
        let grams = Float(first.grams &+ second.grams) * scales.gram / gramCount
        let logOdds = words + grams + scales.bias
        if let found, found.logOdds >= logOdds { return }
        let start = first.wordCount > 0 ? first.start : second.start
        found = StrongestWindow(
            logOdds: logOdds, span: start..<second.end, words: Int(first.wordCount &+ second.wordCount) / 2)
    }

    /// Where the weight of what has this hash stands.
    @inline(__always)
    static func index(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash >> (64 - UInt64(LinearModel.bits)))
    }
}
