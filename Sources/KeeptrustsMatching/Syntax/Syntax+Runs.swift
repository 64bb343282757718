/// Digits that stand close to each other.
struct DigitRun: Equatable {
    var digits = 0

    /// How often something stands between two of the digits.
    var joins = 0

    /// Bytes that may stand between two digits of a run.
    static let widestGap = 3

    /// The same of digits that are spread out, as by a run of spaces.
    static let spreadGap = 8
}

extension Syntax {
    /// A run of digits that every match holds: the most digits, and the most joins, that are certain.
    ///
    /// - Parameter widestGap: Bytes that may stand between two digits of it.
    /// - Returns: The run.
    func digitRun(widestGap: Int = DigitRun.widestGap) -> DigitRun {
        if let whole = DigitPart(self, widestGap: widestGap), whole.mostWithout == nil {
            return DigitRun(digits: whole.digits, joins: whole.joins)
        }
        switch self {
        case .assertion, .one: return DigitRun()
        case .ignoringCase(let part): return part.digitRun(widestGap: widestGap)
        case .repeated(let part, let least, _):
            return least == 0 ? DigitRun() : part.digitRun(widestGap: widestGap)
        case .choice(let parts):
            let runs = parts.map { $0.digitRun(widestGap: widestGap) }
            return DigitRun(digits: runs.map(\.digits).min() ?? 0, joins: runs.map(\.joins).min() ?? 0)
        case .sequence(let parts): return Self.digitRun(of: parts, widestGap)
        }
    }

    private static func digitRun(of parts: [Syntax], _ widestGap: Int) -> DigitRun {
        var best = DigitRun()
        var open = DigitPart(widestGap: widestGap)
        for part in parts {
            let own = part.digitRun(widestGap: widestGap)
            best = DigitRun(digits: max(best.digits, own.digits), joins: max(best.joins, own.joins))
            guard let next = DigitPart(part, widestGap: widestGap) else {
                open = DigitPart(widestGap: widestGap)
                continue
            }
            open = open.followed(by: next) ?? next
            best = DigitRun(digits: max(best.digits, open.digits), joins: max(best.joins, open.joins))
        }
        return best
    }

    /// Whether all digits of a match stand in one run.
    var isDigitRun: Bool { DigitPart(self, widestGap: DigitRun.widestGap) != nil }

    /// The fewest bytes that every match holds in a row of which none is a space, a control character or an `@`.
    var longestWord: Int {
        if isUnbroken { return shortest }
        switch self {
        case .assertion, .one: return 0
        case .ignoringCase(let part): return part.longestWord
        case .repeated(let part, let least, _): return least == 0 ? 0 : part.longestWord
        case .choice(let parts): return parts.map(\.longestWord).min() ?? 0
        case .sequence(let parts):
            var best = 0
            var open = 0
            for part in parts {
                open = part.isUnbroken ? open + part.shortest : 0
                best = max(best, open, part.longestWord)
            }
            return best
        }
    }

    private var isUnbroken: Bool {
        switch self {
        case .assertion: true
        case .one(let bytes, _, _): bytes.isSubset(of: .unparted)
        case .sequence(let parts), .choice(let parts): parts.allSatisfy(\.isUnbroken)
        case .repeated(let part, _, _), .ignoringCase(let part): part.isUnbroken
        }
    }

    /// The most bytes of `set` that every match is known to hold within so many bytes.
    func fewest(of set: ByteSet, within window: Int) -> Int {
        if let longest, longest <= window { return fewest(of: set) }
        switch self {
        case .assertion, .one: return 0
        case .ignoringCase(let part): return part.fewest(of: set, within: window)
        case .choice(let parts): return parts.map { $0.fewest(of: set, within: window) }.min() ?? 0
        case .repeated(let part, let least, _):
            guard least > 0 else { return 0 }
            let copies = part.longest.map { $0 > 0 ? min(least, window / $0) : 0 } ?? 0
            return max(part.fewest(of: set, within: window), copies * part.fewest(of: set))
        case .sequence(let parts):
            var best = parts.map { $0.fewest(of: set, within: window) }.max() ?? 0
            for first in parts.indices {
                var length = 0
                var count = 0
                for part in parts[first...] {
                    guard let longest = part.longest, length + longest <= window else { break }
                    length += longest
                    count += part.fewest(of: set)
                }
                best = max(best, count)
            }
            return best
        }
    }

    private func fewest(of set: ByteSet) -> Int {
        switch self {
        case .assertion: 0
        case .one(let bytes, let isWide, _): !isWide && bytes.isSubset(of: set) ? 1 : 0
        case .sequence(let parts): parts.reduce(0) { $0 + $1.fewest(of: set) }
        case .choice(let parts): parts.map { $0.fewest(of: set) }.min() ?? 0
        case .repeated(let part, let least, _): part.fewest(of: set) * least
        case .ignoringCase(let part): part.fewest(of: set)
        }
    }

    /// Bytes of which every match holds one, if they are such as few texts hold; nil when none are known.
    var rareBytes: ByteSet? {
        switch self {
        case .assertion: return nil
        case .one(let bytes, let isWide, _):
            let all = isWide ? bytes.union(.high) : bytes
            return all.isDisjoint(with: .everyday) ? all : nil
        case .sequence(let parts): return parts.lazy.compactMap(\.rareBytes).first
        case .choice(let parts):
            let sets = parts.compactMap(\.rareBytes)
            return sets.count == parts.count ? sets.reduce(ByteSet()) { $0.union($1) } : nil
        case .repeated(let part, let least, _): return least > 0 ? part.rareBytes : nil
        case .ignoringCase(let part): return part.rareBytes
        }
    }

    /// The shortest match in bytes.
    var shortest: Int {
        switch self {
        case .assertion: 0
        case .one: 1
        case .sequence(let parts): parts.reduce(0) { $0 + $1.shortest }
        case .choice(let parts): parts.map(\.shortest).min() ?? 0
        case .repeated(let part, let least, _): part.shortest * least
        case .ignoringCase(let part): part.shortest
        }
    }
}
