import KeeptrustsMatching

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
    private let grams: UnsafeBufferPointer<Int8>
    private let kinds: UnsafeBufferPointer<UInt8>
    private var sums: WindowSums

    /// The bytes read last, the newest in the lowest place.
    private var run: UInt64 = 0x20

    /// Bytes of a word; what follows begins another.
    private static let longestWord = 24

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
                    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: WindowSums.places) { known in
                        guard let known = known.baseAddress else { return nil }
                        var pass = WindowPass(
                            text: text, grams: grams, kinds: kinds, sums: WindowSums(model, words, known))
                        if wordsOnly { pass.readWords() } else { pass.read() }
                        return pass.sums.strongest
                    }
                }
            }
        }
    }

    private init(
        text: UnsafeRawBufferPointer, grams: UnsafeBufferPointer<Int8>, kinds: UnsafeBufferPointer<UInt8>,
        sums: WindowSums
    ) {
        self.text = text
        self.grams = grams
        self.kinds = kinds
        self.sums = sums
    }

    /// Reads words and runs of bytes.
    private mutating func read() {
        var at = 0
        while at < text.count {
            guard let kind = kind(at: &at) else { continue }
            at = readWord(from: at, kind)
        }
    }

    /// Reads words alone, which takes a third of the time.
    ///
    /// Hashes are put aside and added up some at a time: what a word adds depends on those before it, its hash does not.
    private mutating func readWords() {
        withUnsafeTemporaryAllocation(of: Word.self, capacity: Self.mostAside) { aside in
            guard let aside = aside.baseAddress else { return }
            var (at, count) = (0, 0)
            while at < text.count {
                var word = plainWord(at: at)
                if word == nil, let kind = kind(at: &at) { word = hashedWord(from: at, kind) }
                guard let word else { continue }
                (aside + count).initialize(to: word)
                count += 1
                at = word.span.upperBound
                if at < text.count, text[at] == UInt8(ascii: " ") { at += 1 }
                guard count == Self.mostAside else { continue }
                sums.add(UnsafeBufferPointer(start: aside, count: count))
                count = 0
            }
            sums.add(UnsafeBufferPointer(start: aside, count: count))
        }
    }

    /// A word by its hash.
    struct Word {
        var hash: UInt64
        var span: Range<Int>
    }

    private static let mostAside = 64

    /// Of what kind the word at `at` is; nil where none begins, and `at` is behind what stands there then.
    @inline(__always)
    private func kind(at: inout Int) -> UInt8? {
        let kind = kinds[Int(text[at])]
        switch kind {
        case ByteKind.other: at += 1
        case ByteKind.mark where at + 1 == text.count || kinds[Int(text[at + 1])] != ByteKind.mark: at += 1
        case ByteKind.lead where gap(at) > 0: at = min(at + gap(at), text.count)
        default: return kind == ByteKind.mark ? ByteKind.mark : ByteKind.letter
        }
        return nil
    }

    /// Reads the word at `start`, and says where it ends.
    private mutating func readWord(from start: Int, _ kind: UInt8) -> Int {
        let end = min(text.count, start + Self.longestWord)
        var at = start
        var run = run
        var hash = WindowSums.seed
        var sum: Int32 = 0
        while at < end, goesOn(at, kind) {
            let folded = UInt64(text[at] | 0x20)
            hash = (hash ^ folded) &* WindowSums.k1
            run = run << 8 | folded
            sum &+= Int32(grams[WindowSums.index(run << 24 &* WindowSums.k1)])
            at += 1
        }
        run = run << 8 | 0x20
        sum &+= Int32(grams[WindowSums.index(run << 24 &* WindowSums.k1)])
        self.run = run
        sums.add(hash ^ hash >> 32, sum, start..<at)
        return at
    }

    /// The hash of the word at `start` as ``readWord(from:_:)`` has it, and where it ends.
    private func hashedWord(from start: Int, _ kind: UInt8) -> Word {
        let end = min(text.count, start + Self.longestWord)
        var at = start
        var hash = WindowSums.seed
        while at < end, goesOn(at, kind) {
            hash = (hash ^ UInt64(text[at] | 0x20)) &* WindowSums.k1
            at += 1
        }
        return Word(hash: hash ^ hash >> 32, span: start..<at)
    }

    /// The same for a word of up to 23 letters and digits of ASCII that is not near the end of the text; nil for others.
    @inline(__always)
    private func plainWord(at start: Int) -> Word? {
        var hash = WindowSums.seed
        var at = start
        while at &- start < Self.longestWord, at &+ 8 < text.count {
            var bytes = text.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let count = (~bytes.alphanumericBytes & 0x8080_8080_8080_8080).trailingZeroBitCount &>> 3
            guard at &+ count > start else { return nil }
            bytes |= 0x2020_2020_2020_2020
            // Always eight steps: where a loop of the word's length ends, a processor guesses wrong.
            for step in 0..<8 {
                let next = (hash ^ bytes & 0xFF) &* WindowSums.k1
                hash = step < count ? next : hash
                bytes &>>= 8
            }
            at &+= count
            guard count < 8 else { continue }
            guard text[at] < 0x80 else { return nil }
            return Word(hash: hash ^ hash >> 32, span: start..<at)
        }
        return nil
    }

    /// Whether a word of a kind goes on at `at`.
    @inline(__always)
    private func goesOn(_ at: Int, _ kind: UInt8) -> Bool {
        let found = kinds[Int(text[at])]
        return found == kind || found == ByteKind.lead && kind == ByteKind.letter && gap(at) == 0
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
