import Foundation

/// The window of a text that a ``LinearModel`` finds strongest.
struct StrongestWindow: Equatable {
    /// How likely it makes the text an attack (logarithm of odds).
    ///
    /// The strongest of many windows is strong by chance: what it scores is lowered by 0.3 for each time that their number
    /// grows by the factor e.
    var logOdds: Float

    /// Where it stands (bytes).
    var span: Range<Int>

    /// The different words of its blocks.
    var words = 0
}

/// One pass of a ``LinearModel`` over a text: words, their sums by blocks, and the strongest window of two blocks.
///
/// Sees exactly what scripts/train-injection/features.py describes, and takes time in proportion to the text, whatever it
/// holds. Allocates nothing.
struct WindowPass {
    private let text: UnsafeRawBufferPointer
    private let words: UnsafeBufferPointer<Int8>
    private let grams: UnsafeBufferPointer<Int8>
    private let kinds: UnsafeBufferPointer<UInt8>
    private let scales: (word: Float, gram: Float, bias: Float)

    /// The hashes of the words of the block that is being read; room for ``blockSize``.
    private let known: UnsafeMutableBufferPointer<UInt64>
    private var knownCount = 0

    /// A bit for the lowest six bits of each of them: most words that are new are so at a glance.
    private var knownBits: UInt64 = 0

    /// The bytes read last, the newest in the lowest place.
    private var run: UInt64 = 0x20

    /// The hash of the word before.
    private var last: UInt64 = 0
    private var block = Block()
    private var previous: Block?
    private var strongest: StrongestWindow?
    private var windows = 0

    /// Words of a block, all different.
    private static let blockSize = 24

    /// Bytes of a word; what follows begins another.
    private static let longestWord = 24
    private static let k1: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let k2: UInt64 = 0xC2B2_AE3D_27D4_EB4F

    /// What the words of a block add up to.
    private struct Block {
        var words: Int32 = 0
        var grams: Int32 = 0
        var wordCount: Int32 = 0
        var gramCount: Int32 = 0
        var span = 0..<0
    }

    /// The runs of five bytes count, too; words alone are read in half the time.
    private let readsGrams: Bool

    /// The strongest window of a text; nil when there is no word in it.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - model: What its words and runs of bytes weigh.
    ///   - wordsOnly: Leave the runs of bytes out, as if each weighed nothing.
    /// - Returns: Where it stands, and how strong it is.
    static func strongest(
        in text: UnsafeRawBufferPointer, by model: LinearModel, wordsOnly: Bool = false
    ) -> StrongestWindow? {
        model.words.withUnsafeBufferPointer { words in
            model.grams.withUnsafeBufferPointer { grams in
                ByteKind.table.withUnsafeBufferPointer { kinds in
                    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: blockSize) { known in
                        let scales = (model.wordScale, model.gramScale, model.bias)
                        var pass = WindowPass(
                            text: text, words: words, grams: grams, kinds: kinds, scales: scales, known: known,
                            readsGrams: !wordsOnly)
                        pass.read()
                        pass.closeLast()
                        return pass.result
                    }
                }
            }
        }
    }

    private init(
        text: UnsafeRawBufferPointer, words: UnsafeBufferPointer<Int8>, grams: UnsafeBufferPointer<Int8>,
        kinds: UnsafeBufferPointer<UInt8>, scales: (word: Float, gram: Float, bias: Float),
        known: UnsafeMutableBufferPointer<UInt64>, readsGrams: Bool
    ) {
        self.text = text
        self.words = words
        self.grams = grams
        self.kinds = kinds
        self.scales = scales
        self.known = known
        self.readsGrams = readsGrams
    }

    private mutating func read() {
        var at = 0
        while at < text.count {
            let kind = kinds[Int(text[at])]
            switch kind {
            case ByteKind.other: at += 1
            case ByteKind.mark where at + 1 == text.count || kinds[Int(text[at + 1])] != ByteKind.mark: at += 1
            case ByteKind.lead where gap(at) > 0: at = min(at + gap(at), text.count)
            default: at = readWord(from: at, kind == ByteKind.mark ? ByteKind.mark : ByteKind.letter)
            }
        }
    }

    /// Reads the word at `start`, and says where it ends.
    private mutating func readWord(from start: Int, _ kind: UInt8) -> Int {
        guard readsGrams else { return hashWord(from: start, kind) }
        let end = min(text.count, start + Self.longestWord)
        var at = start
        var run = run
        var hash = Self.k2
        var sum: Int32 = 0
        while at < end {
            let byte = text[at]
            let found = kinds[Int(byte)]
            guard found == kind || found == ByteKind.lead && kind == ByteKind.letter && gap(at) == 0 else { break }
            let folded = UInt64(byte | 0x20)
            hash = (hash ^ folded) &* Self.k1
            run = run << 8 | folded
            sum &+= Int32(grams[Self.index(run << 24 &* Self.k1)])
            at += 1
        }
        run = run << 8 | 0x20
        sum &+= Int32(grams[Self.index(run << 24 &* Self.k1)])
        self.run = run
        add(hash ^ hash >> 32, sum, start..<at)
        return at
    }

    /// Reads a word as ``readWord(from:_:)`` does, apart from its runs of bytes.
    private mutating func hashWord(from start: Int, _ kind: UInt8) -> Int {
        let end = min(text.count, start + Self.longestWord)
        var at = start
        var hash = Self.k2
        while at < end {
            let byte = text[at]
            let found = kinds[Int(byte)]
            guard found == kind || found == ByteKind.lead && kind == ByteKind.letter && gap(at) == 0 else { break }
            hash = (hash ^ UInt64(byte | 0x20)) &* Self.k1
            at += 1
        }
        add(hash ^ hash >> 32, 0, start..<at)
        return at
    }

    /// Counts a word, unless its block has it already.
    private mutating func add(_ hash: UInt64, _ sum: Int32, _ span: Range<Int>) {
        let pair = (last << 17 | last >> 47) ^ hash
        last = hash
        let bit: UInt64 = 1 << (hash & 63)
        if knownBits & bit != 0 {
            for index in 0..<knownCount where known[index] == hash { return }
        }
        if knownCount == Self.blockSize { close() }
        knownBits |= bit
        if knownCount == 0 { block.span = span.lowerBound..<span.lowerBound }
        known[knownCount] = hash
        knownCount += 1
        block.words &+= Int32(words[Self.index(hash &* Self.k2)]) &+ Int32(words[Self.index(pair &* Self.k1)])
        block.wordCount &+= 2
        block.grams &+= sum
        block.gramCount &+= Int32(truncatingIfNeeded: span.count) &+ 1
        block.span = block.span.lowerBound..<span.upperBound
    }

    /// Ends a block that is full.
    private mutating func close() {
        if let previous { note(previous, block) }
        previous = block
        block = Block()
        (knownCount, knownBits) = (0, 0)
    }

    private mutating func closeLast() {
        guard knownCount > 0 else { return }
        note(previous ?? Block(), block)
    }

    private var result: StrongestWindow? {
        guard var strongest else { return nil }
        if windows > 1 { strongest.logOdds -= 0.3 * log(Float(windows)) }
        return strongest
    }

    private mutating func note(_ first: Block, _ second: Block) {
        windows += 1
        let wordCount = Float(first.wordCount &+ second.wordCount).squareRoot()
        let gramCount = Float(first.gramCount &+ second.gramCount).squareRoot()
        let words = Float(first.words &+ second.words) * scales.word / wordCount
        let grams = Float(first.grams &+ second.grams) * scales.gram / gramCount
        let logOdds = words + grams + scales.bias
        if let strongest, strongest.logOdds >= logOdds { return }
        let start = first.wordCount > 0 ? first.span.lowerBound : second.span.lowerBound
        strongest = StrongestWindow(
            logOdds: logOdds, span: start..<second.span.upperBound,
            words: Int(first.wordCount &+ second.wordCount) / 2)
    }

    private static func index(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash >> (64 - UInt64(LinearModel.bits)))
    }

    /// How many bytes of a sign beyond ASCII that parts words stand at `at`; 0 for none.
    private func gap(_ at: Int) -> Int {
        switch text[at] {
        case 0xC2: 2
        case 0xE2, 0xE3: at + 1 < text.count && text[at + 1] == 0x80 ? 3 : 0
        default: 0
        }
    }
}

/// What a byte is to a reader of words.
private enum ByteKind {
    static let other: UInt8 = 0
    static let letter: UInt8 = 1

    /// One of `<>[]{}|#*=`: two or more in a row are a word.
    static let mark: UInt8 = 2

    /// A letter, or the first byte of a sign beyond ASCII that parts words.
    static let lead: UInt8 = 3

    static let table: [UInt8] = (0..<256).map { byte in
        switch UInt8(byte) {
        case 0xC2, 0xE2, 0xE3: lead
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: letter
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
            UInt8(ascii: "}"), UInt8(ascii: "|"), UInt8(ascii: "#"), UInt8(ascii: "*"), UInt8(ascii: "="):
            mark
        default: other
        }
    }
}
