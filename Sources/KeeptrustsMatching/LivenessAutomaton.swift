/// Tells, byte by byte, which patterns of a group the text may be in the middle of.
///
/// A group has few patterns, for each of them multiplies the states that texts lead to. The automaton takes repeats as unbounded and assertions as true, so it says "may be" more often than it must and never
/// misses a match. Patterns whose syntax is unknown count as alive always. Immutable; the states that texts lead to are
/// worked out as they come, in ``LivenessStates``.
struct LivenessAutomaton: Sendable {
    /// A place in a pattern that one byte can bring a match to.
    struct Position: Sendable {
        var bytes: ByteSet
        var pattern: Int

        /// A match may end here.
        var isLast = false
        var next: [Int32] = []
    }

    private(set) var positions: [Position] = []

    /// The positions at which a match can begin anywhere, and those at which it can begin only where a word does.
    private(set) var anywhere: [Int32] = []
    private(set) var atWords: [Int32] = []

    /// Patterns of a group; a divisor of 64, so that all of them have their bits in one word.
    static let mostPatterns = 16

    /// Which word of 64 bits holds the group's patterns.
    let word: Int

    /// The patterns that count as alive always, as bits.
    private(set) var unknown: UInt64 = 0

    /// Bytes that all positions treat alike share a class.
    private(set) var classOfByte = [UInt8](repeating: 0, count: 256)

    /// One byte of each class.
    private(set) var byteOfClass: [UInt8] = []

    /// The automata of patterns, by their numbers.
    static func all(of syntaxes: [Syntax?]) -> [LivenessAutomaton] {
        stride(from: 0, to: syntaxes.count, by: mostPatterns).map { first in
            LivenessAutomaton(syntaxes[first..<min(first + mostPatterns, syntaxes.count)])
        }
    }

    private init(_ syntaxes: ArraySlice<Syntax?>) {
        word = syntaxes.startIndex / 64
        for (pattern, syntax) in zip(syntaxes.indices, syntaxes) {
            guard let syntax, !syntax.isNullable else {
                unknown |= 1 << UInt64(pattern % 64)
                continue
            }
            let part = add(syntax, of: pattern)
            for last in part.last { positions[Int(last)].isLast = true }
            if syntax.beginsWord { atWords += part.first } else { anywhere += part.first }
        }
        classify()
    }

    /// A part of a pattern: where a match of it can begin and end.
    private struct Part {
        var first: [Int32] = []
        var last: [Int32] = []
        var isNullable = true
    }

    private mutating func add(_ syntax: Syntax, of pattern: Int) -> Part {
        switch syntax {
        case .assertion: return Part()
        case .one(let bytes, let isWide, _): return isWide ? addWide(bytes, of: pattern) : addByte(bytes, of: pattern)
        case .sequence(let parts): return parts.reduce(into: Part()) { append(add($1, of: pattern), to: &$0) }
        case .choice(let parts):
            return parts.map { add($0, of: pattern) }.reduce(into: Part(isNullable: false)) { whole, part in
                whole.first += part.first
                whole.last += part.last
                whole.isNullable = whole.isNullable || part.isNullable
            }
        case .repeated(let inner, let least, let most):
            guard most != 0 else { return Part() }
            var part = add(inner, of: pattern)
            if most != 1 { connect(part.last, to: part.first) }
            part.isNullable = part.isNullable || least == 0
            return part
        case .ignoringCase(let inner): return add(inner, of: pattern)
        }
    }

    private mutating func addByte(_ bytes: ByteSet, of pattern: Int) -> Part {
        let index = Int32(positions.count)
        positions.append(Position(bytes: bytes, pattern: pattern))
        return Part(first: [index], last: [index], isNullable: false)
    }

    /// An ASCII byte, or a run of the bytes that characters beyond ASCII are made of.
    private mutating func addWide(_ bytes: ByteSet, of pattern: Int) -> Part {
        let high = addByte(.high, of: pattern)
        connect(high.last, to: high.first)
        let ascii = bytes.subtracting(.high)
        guard !ascii.isEmpty else { return high }
        let low = addByte(ascii, of: pattern)
        return Part(first: high.first + low.first, last: high.last + low.last, isNullable: false)
    }

    private mutating func append(_ part: Part, to whole: inout Part) {
        connect(whole.last, to: part.first)
        if whole.isNullable { whole.first += part.first }
        whole.last = part.isNullable ? whole.last + part.last : part.last
        whole.isNullable = whole.isNullable && part.isNullable
    }

    private mutating func connect(_ ends: [Int32], to begins: [Int32]) {
        for end in ends {
            for begin in begins where !positions[Int(end)].next.contains(begin) {
                positions[Int(end)].next.append(begin)
            }
        }
    }

    private mutating func classify() {
        let sets = Set(positions.map(\.bytes)).union([.word])
        var classes: [[Bool]: UInt8] = [:]
        for byte in UInt8.min...UInt8.max {
            let membership = sets.map { $0.contains(byte) }
            if let known = classes[membership] {
                classOfByte[Int(byte)] = known
            } else {
                let new = UInt8(byteOfClass.count)
                classes[membership] = new
                classOfByte[Int(byte)] = new
                byteOfClass.append(byte)
            }
        }
    }
}
