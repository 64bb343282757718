extension Syntax {
    /// The sets that the first bytes of every match are of, one behind the other, as far as all matches have as many; case
    /// counts for nothing.
    var firstSets: [ByteSet] { firstSets(Self.mostFirst, isWide: isWide).sets }

    /// Sets of which no more are asked for.
    private static let mostFirst = 12

    /// - Parameters:
    ///   - most: How many sets are wanted.
    ///   - isWide: A letter beyond ASCII may stand for `k` or `s`, as happens where case is ignored.
    /// - Returns: The sets, and whether every match of this part ends with the last of them.
    private func firstSets(_ most: Int, isWide: Bool) -> (sets: [ByteSet], isAll: Bool) {
        guard most > 0 else { return ([], false) }
        switch self {
        case .assertion: return ([], true)
        case .one(let bytes, let isAnyWide, _):
            let isOneByte =
                !isAnyWide && bytes.isSubset(of: .ascii) && !(isWide && !bytes.isDisjoint(with: Self.wideLetters))
            return ([isOneByte ? bytes.ignoringCase : bytes.ignoringCase.union(.high)], isOneByte)
        case .sequence(let parts): return Self.firstSets(of: parts, most, isWide: isWide)
        case .choice(let parts):
            let all = parts.map { $0.firstSets(most, isWide: isWide) }
            guard let first = all.first else { return ([], false) }
            let count = all.map(\.sets.count).min() ?? 0
            let sets = (0..<count).map { index in all.reduce(ByteSet()) { $0.union($1.sets[index]) } }
            return (sets, all.allSatisfy { $0.isAll && $0.sets.count == first.sets.count })
        case .repeated(let part, let least, let limit):
            let found = Self.firstSets(of: Array(repeating: part, count: min(least, most)), most, isWide: isWide)
            return (found.sets, found.isAll && least == limit && least <= most)
        case .ignoringCase(let part): return part.firstSets(most, isWide: isWide)
        }
    }

    private static let wideLetters = ByteSet("kKsS".utf8)

    private static func firstSets(of parts: [Syntax], _ most: Int, isWide: Bool) -> (sets: [ByteSet], isAll: Bool) {
        var sets: [ByteSet] = []
        for part in parts {
            let found = part.firstSets(most - sets.count, isWide: isWide)
            sets += found.sets
            guard found.isAll else { return (sets, false) }
        }
        return (sets, true)
    }
}
