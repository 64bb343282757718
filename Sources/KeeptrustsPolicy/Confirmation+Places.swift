import KeeptrustsMatching

/// Where the words of a text stand that may speak for a match: read once, and only when enough ask.
struct TextContexts {
    private var places: ContextIndex.Places?

    /// The same of those words only that stand near to some places.
    private var nearer: (words: ContextIndex.Places, places: [Range<Int>])?

    /// Patterns that ask for words at least: for fewer of them, it costs less to search the whole text.
    static let fewest = 8

    /// Bytes of a text in which it is worth it to read all words at once.
    static let shortest = 8_192

    /// Matches of a pattern that were refused, before its words are asked for.
    static let patience = 64

    /// Bytes of matches that are short enough for words near to other places to be all that matter.
    private static let short = 128

    /// Where a match of a pattern must begin so that a word may speak for it.
    ///
    /// - Parameters:
    ///   - pattern: The pattern.
    ///   - longest: Bytes that its matches have at most.
    ///   - uses: The rules.
    ///   - text: The text.
    ///   - others: Lists of places in order, near to one of each of which it must stand, too.
    /// - Returns: The parts, in order; those that are far from all places of a list may be missing.
    mutating func starts(
        of pattern: Int, longest: Int, _ uses: PatternUses, in text: UnsafeRawBufferPointer, near others: [[Range<Int>]]
    ) -> [Range<Int>] {
        guard longest <= Self.short, places == nil, let fewest = others.min(by: { $0.count < $1.count }) else {
            let places = places ?? uses.contexts.places(in: text)
            self.places = places
            return places.starts(of: pattern, longest: longest)
        }
        if let nearer, nearer.places == fewest { return nearer.words.starts(of: pattern, longest: longest) }
        let words = uses.contexts.places(in: text, near: fewest, longest: Self.short)
        nearer = (words, fewest)
        return words.starts(of: pattern, longest: longest)
    }
}

extension MatchScratch {
    /// Lists of places of a reading, near to one of each of which a match must stand that no other reading has; none where
    /// it may stand anywhere.
    func placesThatDiffer(_ suspect: Suspect, for pattern: Int, _ uses: PatternUses) -> [[Range<Int>]] {
        guard let differences = suspect.differences else { return [] }
        return differences.compactMap { difference in
            let isSearched = uses.readings.contain(suspects[difference.other].reading)
            let isKnown = suspects[difference.other].hits[pattern >> 6] >> UInt64(pattern & 63) & 1 != 0
            return isSearched && isKnown ? difference.places : nil
        }
    }
}

/// What the rules of a pattern refused last, whatever stood around it: a text may say the same thousands of times.
struct RefusedValue {
    private var last: Range<Int>?
    private let isForNothingElse: Bool

    init(_ rules: [Int], of all: [Rule]) {
        isForNothingElse = rules.allSatisfy { all[$0].judgesByValue }
    }

    mutating func note(_ span: Range<Int>) { if isForNothingElse { last = span } }

    /// Whether the same bytes stand at `span`.
    func `is`(_ span: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
        last.map { text.isSame(at: $0, and: span) } ?? false
    }
}
