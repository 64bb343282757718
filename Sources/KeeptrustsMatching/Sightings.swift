/// What a scan has found in a text: which patterns may match, and where.
struct Sightings {
    /// A bit for each pattern.
    let bits: UnsafeMutablePointer<UInt64>
    private let bitWords: Int

    /// Of each step of a chain, the words that were found in its place.
    private var trails: WordTrails
    private let vocabulary: Vocabulary

    /// Literals that Hyperscan found, with the offset behind each, in the order in which they were reported.
    private let places: UnsafeMutablePointer<Place>
    private(set) var count = 0
    private let firstLiteral: UInt32

    /// More literals were found than are noted; a bit for each of which a place is missing.
    private(set) var isFull = false
    private let lost: UnsafeMutablePointer<UInt64>

    /// The parts of the text that can hold a match, in the order in which they were found.
    private let regions: UnsafeMutablePointer<PatternRegion>
    private(set) var regionCount = 0

    /// Of each pattern, the region that was found last.
    private let lastRegion: UnsafeMutablePointer<Int32>
    private let patterns: Int

    struct Place {
        var literal: UInt32
        var end: UInt32
    }

    /// Where a word of a chain stands; of one that Hyperscan found, only its end is known well.
    struct FoundWord {
        /// Where it begins: at the earliest, and at the latest.
        var start: Int
        var latestStart: Int
        var end: Int

        /// How many words of the text, as ``Extent`` counts them, stand before it, the one that its token begins included: at
        /// least, and at most.
        var rank: Int
        var mostRank: Int

        /// The sentence that its end is of.
        var sentence: Int
    }

    private static let mostPlaces = 4_096
    private static let mostRegions = 8_192

    init(patterns: Int, _ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        trails = WordTrails(steps: vocabulary.steps)
        bitWords = max(1, (patterns + 63) / 64)
        bits = .allocate(capacity: bitWords)
        bits.initialize(repeating: 0, count: bitWords)
        places = .allocate(capacity: Self.mostPlaces)
        lost = .allocate(capacity: vocabulary.literals.count / 64 + 1)
        lost.initialize(repeating: 0, count: vocabulary.literals.count / 64 + 1)
        regions = .allocate(capacity: Self.mostRegions)
        lastRegion = .allocate(capacity: max(1, patterns))
        lastRegion.initialize(repeating: -1, count: max(1, patterns))
        firstLiteral = UInt32(bitWords * 64)
        self.patterns = patterns
    }

    func deallocate() {
        bits.deallocate()
        trails.deallocate()
        places.deallocate()
        lost.deallocate()
        regions.deallocate()
        lastRegion.deallocate()
    }

    /// Notes a pattern or a literal that Hyperscan found.
    @inline(__always)
    mutating func note(_ id: UInt32, endingAt end: UInt64) {
        guard id >= firstLiteral else { return bits[Int(id >> 6)] |= 1 &<< UInt64(id & 63) }
        guard count < Self.mostPlaces else { return lose(Int(id &- firstLiteral)) }
        (places + count).initialize(to: Place(literal: id - firstLiteral, end: UInt32(truncatingIfNeeded: end)))
        count += 1
    }

    private mutating func lose(_ literal: Int) {
        isFull = true
        lost[literal >> 6] |= 1 &<< UInt64(literal & 63)
    }

    /// Takes it that the patterns may match anywhere in the text that have a literal of which a place is missing.
    mutating func hitLost(textCount: Int) {
        guard isFull else { return }
        for (number, literal) in vocabulary.literals.enumerated()
        where lost[number >> 6] >> UInt64(number & 63) & 1 != 0 {
            for entry in literal.entries { hitAnywhere(Int(entry.pattern), textCount: textCount) }
        }
    }

    /// Notes that a word of a chain stands in the text; words come in the order in which they begin.
    ///
    /// - Parameters:
    ///   - entry: What the word means.
    ///   - word: Where it stands.
    ///   - text: The text.
    @inline(__always)
    mutating func note(_ entry: UnsafePointer<Vocabulary.Entry>, _ word: FoundWord, _ text: ReadText) {
        let sentence = entry.pointee.isOfOneSentence ? word.sentence : 0
        var begins = WordTrails.Begins(
            earliest: max(0, word.start &- Int(entry.pointee.before)), latest: word.latestStart)
        if entry.pointee.previous >= 0 {
            let known = trails.begins(
                behind: Int(entry.pointee.previous), at: word.start, rank: word.rank, gap: Int(entry.pointee.before),
                words: Int(entry.pointee.wordsBefore), sentence: sentence)
            guard let known else { return }
            begins = known
        }
        // No match is longer.
        begins.earliest = max(begins.earliest, word.start &- Int(entry.pointee.longest))
        guard begins.earliest <= begins.latest else { return }
        let end = min(text.bytes.count, word.end &+ Int(entry.pointee.after))
        if entry.pointee.isLast {
            if entry.pointee.isOfOneSentence {
                begins.earliest = max(begins.earliest, text.sentences.start(at: word.end &- 1))
            }
            return hit(entry, begins, end, text.bytes)
        }
        let rank = word.mostRank &+ Int(entry.pointee.wordsAfter)
        trails.add(
            WordTrails.Spot(word.start, end, rank: rank, sentence: sentence, begins: begins),
            to: Int(entry.pointee.step), Int(entry.pointee.width))
    }

    private mutating func hit(
        _ entry: UnsafePointer<Vocabulary.Entry>, _ begins: WordTrails.Begins, _ end: Int,
        _ text: UnsafeRawBufferPointer
    ) {
        if entry.pointee.needed >= 0 {
            let needed = vocabulary.needed[Int(entry.pointee.needed)]
            guard needed.stands(in: UnsafeRawBufferPointer(rebasing: text[begins.earliest..<end])) else { return }
        }
        hit(Int(entry.pointee.pattern), begins, end)
    }

    private mutating func hit(_ pattern: Int, _ begins: WordTrails.Begins, _ end: Int) {
        bits[pattern >> 6] |= 1 &<< UInt64(pattern & 63)
        let last = Int(lastRegion[pattern])
        let region = PatternRegion(pattern: pattern, span: begins.earliest..<end, latest: begins.latest)
        if last >= 0, begins.earliest <= regions[last].span.upperBound || regionCount == Self.mostRegions {
            regions[last].widen(by: region)
        } else if regionCount < Self.mostRegions {
            (regions + regionCount).initialize(to: region)
            lastRegion[pattern] = Int32(regionCount)
            regionCount += 1
        }
        // Without a region, the whole text is searched.
    }

    /// The pattern may match anywhere in the text.
    private mutating func hitAnywhere(_ pattern: Int, textCount: Int) {
        hit(pattern, WordTrails.Begins(earliest: 0, latest: textCount), textCount)
    }

    /// Some patterns may match as they do in a text that is mostly the same; a bit for each, as in `patterns`.
    mutating func hit(_ known: [UInt64], of patterns: [UInt64]) {
        for word in patterns.indices { bits[word] |= known[word] & patterns[word] }
    }

    /// The pattern does not match after all.
    mutating func dismiss(_ pattern: Int) { bits[pattern >> 6] &= ~(1 &<< UInt64(pattern & 63)) }

    func isHit(_ pattern: Int) -> Bool { bits[pattern >> 6] >> UInt64(pattern & 63) & 1 != 0 }

    mutating func clear() {
        for word in 0..<bitWords { bits[word] = 0 }
        trails.clear()
        if regionCount > 0 {
            for pattern in 0..<patterns { lastRegion[pattern] = -1 }
        }
        count = 0
        if isFull { lost.update(repeating: 0, count: vocabulary.literals.count / 64 + 1) }
        isFull = false
        regionCount = 0
    }

    /// The parts of the text that can hold a match.
    var foundRegions: UnsafeBufferPointer<PatternRegion> { UnsafeBufferPointer(start: regions, count: regionCount) }

    /// The literals that were found, in the order in which they were reported.
    var found: UnsafeBufferPointer<Place> { UnsafeBufferPointer(start: places, count: count) }

    /// Says of the literals from `first` on where they end in the text; they were found in parts of it.
    func move(from first: Int, _ original: (Int) -> Int) {
        for index in first..<count { places[index].end = UInt32(original(Int(places[index].end))) }
    }

    /// The literals that were found, in the order in which they end.
    func ordered() -> UnsafeMutableBufferPointer<Place> {
        var all = UnsafeMutableBufferPointer(start: places, count: count)
        all.sort { $0.end < $1.end }
        return all
    }
}
