/// What a regular expression says, as far as it decides where a match can be.
///
/// Every reading of it errs to one side: a text that the expression matches, this matches too. Assertions are taken to
/// hold always, and case is ignored where the expression ignores it.
indirect enum Syntax: Sendable {
    /// Matches nothing at a place; `source` is kept for Hyperscan, empty where Hyperscan does not know it. None of the bytes
    /// `notBehind` stands right before the place.
    case assertion(source: String, notBehind: ByteSet = ByteSet())

    /// One byte of `bytes` or, when `isWide`, any one character beyond ASCII.
    case one(ByteSet, isWide: Bool, source: String)
    case sequence([Syntax])
    case choice([Syntax])

    /// `most` is nil without an upper bound.
    case repeated(Syntax, least: Int, most: Int?)

    /// Case is ignored inside, although it counts outside.
    case ignoringCase(Syntax)

    /// Whether it can match the empty text.
    var isNullable: Bool {
        switch self {
        case .assertion: true
        case .one: false
        case .sequence(let parts): parts.allSatisfy(\.isNullable)
        case .choice(let parts): parts.contains(where: \.isNullable)
        case .repeated(let part, let least, _): least == 0 || part.isNullable
        case .ignoringCase(let part): part.isNullable
        }
    }

    /// The longest match in bytes; nil without a bound.
    var longest: Int? {
        switch self {
        case .assertion: return 0
        case .one(_, let isWide, _): return isWide ? 4 : 1
        case .sequence(let parts): return parts.reduce(0) { sum, part in add(sum, part.longest) }
        case .choice(let parts):
            return parts.reduce(0) { most, part in part.longest.flatMap { length in most.map { max($0, length) } } }
        case .repeated(let part, _, let most):
            guard let most, let length = part.longest else { return nil }
            let (product, overflow) = length.multipliedReportingOverflow(by: most)
            return overflow ? nil : product
        case .ignoringCase(let part): return part.longest
        }
    }

    private func add(_ a: Int?, _ b: Int?) -> Int? { a.flatMap { a in b.map { a + $0 } } }

    /// Whether every match holds at least one byte of `set`.
    func needs(_ set: ByteSet) -> Bool {
        switch self {
        case .assertion: false
        case .one(let bytes, let isWide, _):
            bytes.isSubset(of: set) && (!isWide || ByteSet.high.isSubset(of: set)) && (isWide || !bytes.isEmpty)
        case .sequence(let parts): parts.contains { $0.needs(set) }
        case .choice(let parts): !parts.isEmpty && parts.allSatisfy { $0.needs(set) }
        case .repeated(let part, let least, _): least > 0 && part.needs(set)
        case .ignoringCase(let part): part.needs(set)
        }
    }

    /// Whether it repeats more than single characters, as a gap of several words does.
    var repeatsGroups: Bool {
        switch self {
        case .assertion, .one: false
        case .sequence(let parts), .choice(let parts): parts.contains(where: \.repeatsGroups)
        case .repeated(.one, _, _): false
        case .repeated(let part, _, let most): most != 1 || part.repeatsGroups
        case .ignoringCase(let part): part.repeatsGroups
        }
    }

    /// Whether it has look-around, which Hyperscan does not know.
    var looksAround: Bool {
        switch self {
        case .assertion(let source, _): source.isEmpty
        case .one: false
        case .sequence(let parts), .choice(let parts): parts.contains(where: \.looksAround)
        case .repeated(let part, _, _), .ignoringCase(let part): part.looksAround
        }
    }

    /// Whether it reads bytes beyond ASCII as characters, so that matchers must know UTF-8.
    var isWide: Bool {
        switch self {
        case .assertion: false
        case .one(let bytes, let isWide, _): isWide || !bytes.isSubset(of: .ascii)
        case .sequence(let parts), .choice(let parts): parts.contains(where: \.isWide)
        case .repeated(let part, _, _), .ignoringCase(let part): part.isWide
        }
    }

    /// The farthest that the byte `anchor`, which every match must hold, can stand behind a match's first byte, and the
    /// bytes that can stand between.
    ///
    /// - Returns: nil when the expression does not say, or has no bound.
    func reach(to anchor: UInt8) -> (longest: Int, bytes: ByteSet)? {
        guard case .sequence(let parts) = self else { return nil }
        var reach = 0
        var before = ByteSet()
        for part in parts {
            if case .one(let bytes, false, _) = part, bytes == ByteSet([anchor]) { return (reach, before) }
            guard let length = part.longest else { return nil }
            reach += length
            let (bytes, isWide) = part.alphabet
            before = before.union(isWide ? bytes.union(.high) : bytes)
        }
        return nil
    }

    /// Whether a match can begin only at the beginning of a word.
    var beginsWord: Bool {
        guard case .sequence(let parts) = self, case .assertion(let source, let notBehind)? = parts.first else {
            return false
        }
        if ByteSet.word.isSubset(of: notBehind) { return true }
        guard source == "\\b" else { return false }
        return Syntax.sequence(Array(parts.dropFirst())).firstBytes?.isSubset(of: .word) ?? false
    }

    /// The bytes that a match can begin with; nil when it can be empty.
    var firstBytes: ByteSet? {
        switch self {
        case .assertion: return nil
        case .one(let bytes, let isWide, _): return isWide ? bytes.union(.high) : bytes
        case .sequence(let parts):
            var set = ByteSet()
            for part in parts {
                set = set.union(part.possibleFirstBytes)
                if !part.isNullable { return set }
            }
            return nil
        case .choice, .repeated, .ignoringCase:
            return isNullable ? nil : possibleFirstBytes
        }
    }

    private var possibleFirstBytes: ByteSet {
        switch self {
        case .assertion: return ByteSet()
        case .one(let bytes, let isWide, _): return isWide ? bytes.union(.high) : bytes
        case .sequence(let parts):
            var set = ByteSet()
            for part in parts {
                set = set.union(part.possibleFirstBytes)
                if !part.isNullable { break }
            }
            return set
        case .choice(let parts): return parts.reduce(ByteSet()) { $0.union($1.possibleFirstBytes) }
        case .repeated(let part, _, _): return part.possibleFirstBytes
        case .ignoringCase(let part): return part.possibleFirstBytes
        }
    }

    /// The bytes that a match can end with; nil when it can be empty.
    private var lastBytes: ByteSet? {
        switch self {
        case .assertion: return nil
        case .one(let bytes, let isWide, _): return isWide ? bytes.union(.high) : bytes
        case .sequence(let parts):
            guard let last = parts.last(where: { if case .assertion = $0 { false } else { true } }) else { return nil }
            return last.lastBytes
        case .choice(let parts):
            let own = parts.compactMap(\.lastBytes)
            return own.count == parts.count ? own.reduce(ByteSet()) { $0.union($1) } : nil
        case .repeated(let part, let least, _): return least > 0 ? part.lastBytes : nil
        case .ignoringCase(let part): return part.lastBytes
        }
    }

    /// Whether every match holds a byte of `first` with one of `second` right behind it.
    func hasNeighbours(_ first: ByteSet, _ second: ByteSet) -> Bool {
        switch self {
        case .assertion, .one: return false
        case .sequence(let parts):
            if parts.contains(where: { $0.hasNeighbours(first, second) }) { return true }
            return zip(parts, parts.dropFirst()).contains { left, right in
                guard let end = left.lastBytes, let begin = right.firstBytes else { return false }
                return end.isSubset(of: first) && begin.isSubset(of: second)
            }
        case .choice(let parts): return parts.allSatisfy { $0.hasNeighbours(first, second) }
        case .repeated(let part, let least, _): return least > 0 && part.hasNeighbours(first, second)
        case .ignoringCase(let part): return part.hasNeighbours(first, second)
        }
    }
}
