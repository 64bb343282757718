import KeeptrustsMatching

/// Where the words of a text stand that may speak for a match: read once, and only when enough ask.
struct TextContexts {
    private var places: ContextIndex.Places?

    /// Patterns that ask for words at least: for fewer of them, it costs less to search the whole text.
    static let fewest = 8

    /// Bytes of a text in which it is worth it to read all words at once.
    static let shortest = 8_192

    /// Matches of a pattern that were refused, before its words are asked for.
    static let patience = 64

    /// The places near to which a match of a pattern must stand.
    mutating func places(of pattern: Int, _ uses: PatternUses, in text: UnsafeRawBufferPointer) -> [Range<Int>] {
        let places = places ?? uses.contexts.places(in: text)
        self.places = places
        return places.places(of: pattern)
    }
}

extension MatchScratch.Suspect {
    /// The places near to which a match must stand that is not found in the text as it was sent; nil where it may stand
    /// anywhere.
    func placesThatDiffer(for pattern: Int, _ uses: PatternUses) -> [Range<Int>]? {
        guard let changes, uses.readings.contain(.plain) else { return nil }
        return changes.known[pattern >> 6] >> UInt64(pattern & 63) & 1 != 0 ? changes.places : nil
    }
}

/// What the rules of a pattern refused last, whatever stood around it: a text may say the same thousands of times.
struct RefusedValue {
    private var last: Range<Int>?
    private let isForNothingElse: Bool

    init(_ rules: [Int], of policy: any Policy) {
        isForNothingElse = rules.allSatisfy { policy.rules[$0].judgesByValue }
    }

    mutating func note(_ span: Range<Int>) { if isForNothingElse { last = span } }

    /// Whether the same bytes stand at `span`.
    func `is`(_ span: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
        last.map { text.isSame(at: $0, and: span) } ?? false
    }
}
