/// Tells by three bytes, and by the next ones where all matches agree on them, that no match of a pattern begins at a place.
///
/// A matcher tries each branch of a pattern at each place, and packs have patterns of hundreds of branches; this asks once.
/// Immutable after `init`; the memory is written there only.
struct StartFilter {
    /// A bit for each hash of three bytes that a match may begin with, and then one for each of two that anything may follow.
    private let bits: UnsafeMutablePointer<UInt64>

    /// A bit for each byte that a match may begin with, whatever follows it: those below 64, below 128, and beyond ASCII.
    private let first: (UInt64, UInt64, UInt64)

    /// The sets that the first bytes of every match are of, as far as that is known.
    private let row: UnsafeMutablePointer<ByteSet>
    private let rowCount: Int

    /// A match begins where a word does.
    private let beginsWord: Bool

    private static let hashBits: UInt32 = 12
    private static let words = 1 << Int(hashBits - 6)

    /// The filter of a pattern; nil when its matches can begin with nearly anything.
    init?(_ syntax: Syntax) {
        guard !syntax.isNullable, let own = Head.all(of: syntax) else { return nil }
        let heads = syntax.isWide ? own.flatMap(\.withWideLetters) : Array(own)
        guard heads.reduce(0, { $0 + $1.size }) <= Head.mostTexts else { return nil }
        bits = .allocate(capacity: 2 * Self.words)
        bits.initialize(repeating: 0, count: 2 * Self.words)
        var first: (UInt64, UInt64, UInt64) = (0, 0, 0)
        for head in heads {
            switch head.known {
            case 1:
                head.each { text in
                    let bit: UInt64 = 1 << UInt64(text & 63)
                    switch text & 0xFF {
                    case ..<64: first.0 |= bit
                    case ..<128: first.1 |= bit
                    default: first.2 |= bit
                    }
                }
            case 2: head.each { [bits] in Self.set($0, in: bits + Self.words) }
            default: head.each { [bits] in Self.set($0, in: bits) }
            }
        }
        self.first = first
        let sets = syntax.firstSets
        rowCount = sets.count
        row = .allocate(capacity: max(1, rowCount))
        for (index, set) in sets.enumerated() { (row + index).initialize(to: set) }
        beginsWord = syntax.beginsWord
        guard Self.isWorthAsking(bits, letters: first.1.nonzeroBitCount) else {
            deallocate()
            return nil
        }
    }

    func deallocate() {
        bits.deallocate()
        row.deallocate()
    }

    /// Whether few enough places pass.
    private static func isWorthAsking(_ bits: UnsafeMutablePointer<UInt64>, letters: Int) -> Bool {
        let threes = (0..<words).reduce(0) { $0 + bits[$1].nonzeroBitCount }
        let twos = (0..<words).reduce(0) { $0 + bits[words + $1].nonzeroBitCount }
        return letters <= 8 && threes <= words * 32 && twos <= words * 16
    }

    /// The first place at which a match may begin.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - start: The first place to look at.
    ///   - last: The last one.
    ///   - isOpen: More text may follow: of what is not there yet, nothing is known.
    /// - Returns: The place, where a character begins; nil when there is none.
    func place(in text: UnsafeRawBufferPointer, from start: Int, upTo last: Int, isOpen: Bool) -> Int? {
        var place = start
        while place <= min(last, text.count &- 4) {
            let three = text.loadUnaligned(fromByteOffset: place, as: UInt32.self) & 0xFF_FFFF
            if mayBegin(Self.folded(three)), stands(text, place, isOpen) { return place }
            place &+= 1
        }
        while place <= min(last, text.count) {
            var three: UInt32 = 0
            for byte in stride(from: min(text.count, place &+ 3) &- 1, through: place, by: -1) {
                three = three &<< 8 | UInt32(text[byte])
            }
            let isKnown = !isOpen || place &+ 3 <= text.count
            if !isKnown || mayBegin(Self.folded(three)), stands(text, place, isOpen) { return place }
            place &+= 1
        }
        return nil
    }

    @inline(__always)
    private func mayBegin(_ three: UInt32) -> Bool {
        let hash = Self.hash(three)
        let hashOfTwo = Self.hash(three & 0xFFFF)
        // The hashes have no more bits than there are.
        let known =
            bits[Int(hash &>> 6)] &>> UInt64(hash & 63) | bits[Self.words &+ Int(hashOfTwo &>> 6)]
            &>> UInt64(hashOfTwo & 63)
        return (known | begins(with: three)) & 1 != 0
    }

    /// 1 in the lowest bit where a match may begin with the first byte of three, whatever follows it.
    @inline(__always)
    private func begins(with three: UInt32) -> UInt64 {
        // With bit 5 set, a byte is of the upper half of the first or the second 64, or stands for all beyond ASCII.
        let word = three & 0x80 != 0 ? first.2 : three & 0x40 != 0 ? first.1 : first.0
        return word &>> UInt64(three & 63)
    }

    /// The bytes with bit 5 set, so that case does not matter; all beyond ASCII as one.
    @inline(__always)
    static func folded(_ three: UInt32) -> UInt32 {
        let high = three & 0x80_8080
        return three & ~(high &- high &>> 7) | 0x20_2020
    }

    /// Whether a match may begin at a place by what stands before it, and by all bytes of it that are known.
    @inline(__always)
    private func stands(_ text: UnsafeRawBufferPointer, _ place: Int, _ isOpen: Bool) -> Bool {
        if place < text.count, text[place] & 0xC0 == 0x80 { return false }
        if beginsWord, place > 0, ByteSet.word.contains(text[place &- 1]) { return false }
        for offset in 0..<rowCount {
            guard place &+ offset < text.count else { return isOpen }
            guard row[offset].contains(text[place &+ offset]) else { return false }
        }
        return true
    }

    @inline(__always)
    private static func hash(_ three: UInt32) -> UInt32 { (three &* 0x9E37_79B1) &>> (32 - hashBits) }

    private static func set(_ three: UInt32, in bits: UnsafeMutablePointer<UInt64>) {
        let hash = hash(three)
        bits[Int(hash >> 6)] |= 1 << UInt64(hash & 63)
    }
}

extension Syntax {
    /// Whether matches begin with many letters: of others, PCRE2 itself knows by a byte where none begins.
    var beginsVariously: Bool {
        guard let first = firstBytes else { return false }
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).count { first.contains($0) || first.contains($0 - 32) } > 6
    }
}

/// The sets that the first three bytes of some matches are of.
private struct Head: Hashable {
    private var first = ByteSet.all
    private var second = ByteSet.all
    private var third = ByteSet.all
    private var count = 0

    /// More beginnings than these are not written out, nor more texts of three bytes.
    static let most = 2_048
    static let mostTexts = 20_000

    /// The beginnings of all matches; nil when there are too many.
    ///
    /// - Parameters:
    ///   - syntax: The pattern, or a part of it.
    ///   - length: How many bytes of a match count, 1...3.
    /// - Returns: The beginnings, each once; one that has fewer bytes is all of a match.
    static func all(of syntax: Syntax, upTo length: Int = 3) -> Set<Head>? {
        switch syntax {
        case .assertion: return [Head()]
        case .one(let bytes, let isWide, _):
            var heads: Set<Head> = []
            if !bytes.isEmpty { heads.insert(Head(bytes, count: 1)) }
            // What follows the first byte of a character is of no set that is known.
            if isWide { heads.insert(Head(.high, count: length)) }
            return heads
        case .sequence(let parts):
            var heads: Set<Head> = [Head()]
            for part in parts where heads.contains(where: { $0.count < length }) {
                guard let joined = join(heads, part, upTo: length) else { return nil }
                heads = joined
            }
            return heads
        case .choice(let parts):
            var heads: Set<Head> = []
            for part in parts {
                guard let own = all(of: part, upTo: length) else { return nil }
                heads.formUnion(own)
                guard heads.count <= most else { return nil }
            }
            return heads
        case .repeated(let part, let least, let most):
            let copies = min(most ?? length, length)
            var heads: Set<Head> = [Head()]
            var all = least == 0 ? heads : []
            for copy in stride(from: 1, through: copies, by: 1) {
                guard let joined = join(heads, part, upTo: length) else { return nil }
                heads = joined
                if copy >= min(least, copies) { all.formUnion(heads) }
            }
            return all
        case .ignoringCase(let part): return Self.all(of: part, upTo: length)
        }
    }

    private init() {}

    private init(_ first: ByteSet, count: Int) {
        self.first = first
        self.count = count
    }

    /// Each of some beginnings with each of a part's behind it.
    private static func join(_ heads: Set<Head>, _ part: Syntax, upTo length: Int) -> Set<Head>? {
        var all = heads.filter { $0.count >= length }
        for count in 0..<length {
            let short = heads.filter { $0.count == count }
            guard !short.isEmpty else { continue }
            guard let own = Self.all(of: part, upTo: length - count) else { return nil }
            for head in short {
                for next in own { all.insert(head.followed(by: next)) }
                guard all.count <= most else { return nil }
            }
        }
        return all
    }

    private func followed(by next: Head) -> Head {
        var head = self
        switch count {
        case 0: return next
        case 1: (head.second, head.third) = (next.first, next.second)
        default: head.third = next.first
        }
        head.count = count + next.count
        return head
    }

    /// How many of the bytes say anything.
    var known: Int { third != .all ? 3 : second != .all ? 2 : 1 }

    /// How many texts it stands for, up to the last byte that says anything, where case counts for nothing.
    var size: Int {
        first.folded.count * (known > 1 ? second.folded.count : 1) * (known > 2 ? third.folded.count : 1)
    }

    /// Itself, and what it is where a letter beyond ASCII stands for `k` or `s`, as happens where case is ignored.
    var withWideLetters: [Head] {
        // The bytes that the two begin with; they move what follows.
        let lead = ByteSet([0xC5, 0xE2])
        func isEither(_ set: ByteSet) -> Bool { ["kK", "sS"].contains { ByteSet($0.utf8).isSubset(of: set) } }
        var heads = [self]
        func add(_ first: ByteSet, _ second: ByteSet, _ third: ByteSet) {
            var head = self
            (head.first, head.second, head.third) = (first, second, third)
            heads.append(head)
        }
        if isEither(first) { add(lead, .all, .all) }
        if isEither(second) { add(first, lead, .all) }
        if isEither(third) { add(first, second, lead) }
        return heads
    }

    /// Hands each of the texts to `body`, the first byte in the lowest place, up to the last byte that says anything.
    func each(_ body: (UInt32) -> Void) {
        let others = (known > 1 ? second.folded : [0], known > 2 ? third.folded : [0])
        for a in first.folded {
            for b in others.0 {
                for c in others.1 { body(UInt32(a) | UInt32(b) << 8 | UInt32(c) << 16) }
            }
        }
    }
}

extension ByteSet {
    fileprivate static let all = ByteSet(0...0xFF)

    /// The bytes as ``StartFilter/folded(_:)`` has them, each once.
    fileprivate var folded: [UInt8] {
        let ascii = (UInt8.min...0x7F).filter { $0 & 0x20 != 0 && (contains($0) || contains($0 & ~0x20)) }
        return isDisjoint(with: .high) ? ascii : ascii + [0xA0]
    }
}
