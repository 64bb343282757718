/// Patterns behind one gate, scanned for together.
struct PatternGroup: Sendable {
    let gate: Gate
    let database: HyperscanDatabase

    /// The patterns, a bit for each.
    let patterns: [UInt64]

    /// The patterns whose words are looked for, too, and whose places must be known.
    private let patternsOfWords: [Int]

    /// - Parameters:
    ///   - gate: The gate.
    ///   - database: What Hyperscan looks for.
    ///   - ids: The numbers of what it looks for: those behind the patterns' stand for words.
    ///   - count: How many patterns the set has.
    ///   - vocabulary: The words.
    init(_ gate: Gate, _ database: HyperscanDatabase, _ ids: [UInt32], patterns count: Int, _ vocabulary: Vocabulary) {
        var patterns = [UInt64](repeating: 0, count: max(1, (count + 63) / 64))
        for id in ids where Int(id) < count { patterns[Int(id) / 64] |= 1 << UInt64(id % 64) }
        self.gate = gate
        self.database = database
        self.patterns = patterns
        let words = ids.map { Int($0) - patterns.count * 64 }.filter(vocabulary.literals.indices.contains)
        patternsOfWords = Set(words.flatMap { vocabulary.literals[$0].entries.map { Int($0.pattern) } }).sorted()
    }

    /// Bytes that a match has at most, of any pattern of a scope of which nothing is known.
    ///
    /// - Returns: 0 where all are known; nil where there is no bound.
    func reach(beyond known: KnownScan, in scope: PatternScope, _ confirmers: [Confirmer]) -> Int? {
        var reach = 0
        for pattern in patternsOfWords where scope.holds(Int32(pattern)) {
            guard let longest = confirmers[pattern].longest else { return nil }
            // What words say of a match may be another than in the other text, though the match is the same.
            reach = max(reach, longest + SearchPart.surroundings)
        }
        for word in patterns.indices {
            var bits = patterns[word] & scope.patterns[word] & ~known.hits[word]
            while bits != 0 {
                guard let longest = confirmers[word * 64 + bits.trailingZeroBitCount].longest else { return nil }
                reach = max(reach, longest)
                bits &= bits - 1
            }
        }
        return reach
    }
}
