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

/// Memory that passes over texts work in, one at a time.
final class WindowRoom {
    fileprivate let known: UnsafeMutablePointer<UInt64>

    init() { known = .allocate(capacity: WindowSums.places) }

    deinit { known.deallocate() }
}

/// One pass of a ``LinearModel`` over a text: words, their sums by blocks, and the strongest window of two blocks.
///
/// Sees exactly what scripts/train-injection/features.py describes, and takes time in proportion to the text, whatever it
/// holds. Allocates nothing but the room that it is not given.
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
    ///   - room: Memory to work in.
    /// - Returns: Where it stands, and how strong it is.
    static func strongest(
        in text: UnsafeRawBufferPointer, by model: LinearModel, using room: WindowRoom = WindowRoom()
    ) -> StrongestWindow? {
        strongest(in: text, by: model, room) { $0.read() }
    }

    /// The same with the runs of bytes left out, as if each weighed nothing, which takes a third of the time.
    static func strongestOfWords(
        in text: ReadText, by model: LinearModel, using room: WindowRoom = WindowRoom()
    ) -> StrongestWindow? {
        strongest(in: text.bytes, by: model, room) { $0.readWords(text) }
    }

    private static func strongest(
        in text: UnsafeRawBufferPointer, by model: LinearModel, _ room: WindowRoom, _ read: (inout WindowPass) -> Void
    ) -> StrongestWindow? {
        model.words.withUnsafeBufferPointer { words in
            model.grams.withUnsafeBufferPointer { grams in
                ByteKind.table.withUnsafeBufferPointer { kinds in
                    var pass = WindowPass(
                        text: text, grams: grams, kinds: kinds, sums: WindowSums(model, words, room.known))
                    read(&pass)
                    return pass.sums.strongest
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

    /// Reads words alone: most are tokens, and what stands between these is read by its bytes.
    private mutating func readWords(_ read: ReadText) {
        var at = 0
        read.eachRunOfTokens { tokens in
            for token in tokens { readWord(token, from: &at) }
        }
        readWords(from: &at, upTo: text.count)
    }

    /// Reads what stands before a token, and the token.
    @inline(__always)
    private mutating func readWord(_ token: TextToken, from at: inout Int) {
        readWords(from: &at, upTo: token.start)
        let end = token.start &+ token.length
        guard at == token.start, token.length <= Self.longestWord, end == text.count || text[end] < 0x80 else { return }
        sums.add(RunningHash.of(token, text), (0, 0), at, end)
        at = end
    }

    /// Reads the words that begin before `limit`, without their runs of bytes.
    @inline(__always)
    private mutating func readWords(from at: inout Int, upTo limit: Int) {
        // One sign of ASCII between two tokens is no word.
        if at &+ 1 == limit, text[at] < 0x80 { return at = limit }
        if at < limit { readBytes(from: &at, upTo: limit) }
    }

    @inline(never)
    private mutating func readBytes(from at: inout Int, upTo limit: Int) {
        while at < limit {
            guard let kind = kind(at: &at) else { continue }
            let start = at
            var hash = RunningHash()
            let end = min(text.count, start + Self.longestWord)
            while at < end, goesOn(at, kind) {
                hash.add(UInt64(text[at] | 0x20))
                at += 1
            }
            sums.add(hash.ended, (0, 0), start, at)
        }
    }

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
        var hash = RunningHash()
        var sum: Int32 = 0
        while at < end, goesOn(at, kind) {
            let folded = UInt64(text[at] | 0x20)
            hash.add(folded)
            run = run << 8 | folded
            sum &+= Int32(grams[WindowSums.index(run << 24 &* WindowSums.k1)])
            at += 1
        }
        run = run << 8 | 0x20
        sum &+= Int32(grams[WindowSums.index(run << 24 &* WindowSums.k1)])
        self.run = run
        sums.add(hash.ended, (sum, Int32(truncatingIfNeeded: at &- start &+ 1)), start, at)
        return at
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

/// The hash of a word whose bytes come one by one: eight of them make a step, the first in the lowest place.
private struct RunningHash {
    private var hash = WindowSums.seed
    private var bytes: UInt64 = 0
    private var shift: UInt64 = 0

    /// Takes in a byte, folded.
    @inline(__always)
    mutating func add(_ byte: UInt64) {
        bytes |= byte &<< shift
        shift &+= 8
        guard shift == 64 else { return }
        hash = Self.step(hash, bytes)
        (bytes, shift) = (0, 0)
    }

    /// The hash of the word that is over.
    var ended: UInt64 { shift == 0 ? hash : Self.step(hash, bytes) }

    /// The hash of a word that is a token.
    @inline(__always)
    static func of(_ token: TextToken, _ text: UnsafeRawBufferPointer) -> UInt64 {
        let first = step(WindowSums.seed, token.key)
        guard token.length > 8 else { return first }
        var rest = Self()
        rest.hash = first
        for place in token.start &+ 8..<token.start &+ token.length { rest.add(UInt64(text[place] | 0x20)) }
        return rest.ended
    }

    @inline(__always)
    private static func step(_ hash: UInt64, _ bytes: UInt64) -> UInt64 {
        let product = (hash ^ bytes) &* WindowSums.k1
        return product ^ product &>> 32
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
