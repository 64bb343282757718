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

    /// More literals were found than are noted.
    private(set) var isFull = false

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

    private static let mostPlaces = 4_096
    private static let mostRegions = 8_192

    init(patterns: Int, _ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        trails = WordTrails(steps: vocabulary.steps)
        bitWords = max(1, (patterns + 63) / 64)
        bits = .allocate(capacity: bitWords)
        bits.initialize(repeating: 0, count: bitWords)
        places = .allocate(capacity: Self.mostPlaces)
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
        regions.deallocate()
        lastRegion.deallocate()
    }

    /// Notes a pattern or a literal that Hyperscan found.
    @inline(__always)
    mutating func note(_ id: UInt32, endingAt end: UInt64) {
        guard id >= firstLiteral else { return bits[Int(id >> 6)] |= 1 &<< UInt64(id & 63) }
        guard count < Self.mostPlaces else {
            isFull = true
            return
        }
        (places + count).initialize(to: Place(literal: id - firstLiteral, end: UInt32(truncatingIfNeeded: end)))
        count += 1
    }

    /// Notes that a word of a chain stands at `start` ..< `end`; words come in the order in which they begin.
    @inline(__always)
    mutating func note(
        _ entry: UnsafePointer<Vocabulary.Entry>, _ start: Int, _ end: Int, _ text: UnsafeRawBufferPointer
    ) {
        var begin = max(0, start &- Int(entry.pointee.before))
        if entry.pointee.previous >= 0 {
            let first = trails.begin(behind: Int(entry.pointee.previous), at: start, gap: Int(entry.pointee.before))
            guard let first else { return }
            begin = first
        }
        // No match is longer.
        begin = max(begin, start &- Int(entry.pointee.longest))
        let end = min(text.count, end &+ Int(entry.pointee.after))
        guard !entry.pointee.isLast else { return hit(entry, begin, end, text) }
        trails.add(WordTrails.Spot(start, end, begin: begin), to: Int(entry.pointee.step), Int(entry.pointee.width))
    }

    private mutating func hit(
        _ entry: UnsafePointer<Vocabulary.Entry>, _ begin: Int, _ end: Int, _ text: UnsafeRawBufferPointer
    ) {
        if entry.pointee.needed >= 0 {
            let needed = vocabulary.needed[Int(entry.pointee.needed)]
            guard needed.stands(in: UnsafeRawBufferPointer(rebasing: text[begin..<end])) else { return }
        }
        hit(Int(entry.pointee.pattern), begin, end)
    }

    private mutating func hit(_ pattern: Int, _ begin: Int, _ end: Int) {
        bits[pattern >> 6] |= 1 &<< UInt64(pattern & 63)
        let last = Int(lastRegion[pattern])
        if last >= 0, begin <= regions[last].span.upperBound || regionCount == Self.mostRegions {
            let open = regions[last].span
            regions[last].span = min(open.lowerBound, begin)..<max(open.upperBound, end)
        } else if regionCount < Self.mostRegions {
            (regions + regionCount).initialize(to: PatternRegion(pattern: pattern, span: begin..<end))
            lastRegion[pattern] = Int32(regionCount)
            regionCount += 1
        }
        // Without a region, the whole text is searched.
    }

    /// The pattern may match anywhere in the text.
    mutating func hitAnywhere(_ pattern: Int, textCount: Int) { hit(pattern, 0, textCount) }

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
        isFull = false
        regionCount = 0
    }

    /// The parts of the text that can hold a match.
    var foundRegions: UnsafeBufferPointer<PatternRegion> { UnsafeBufferPointer(start: regions, count: regionCount) }

    /// The literals that were found, in the order in which they were reported.
    var found: UnsafeBufferPointer<Place> { UnsafeBufferPointer(start: places, count: count) }

    /// The literals that were found, in the order in which they end.
    func ordered() -> UnsafeMutableBufferPointer<Place> {
        var all = UnsafeMutableBufferPointer(start: places, count: count)
        all.sort { $0.end < $1.end }
        return all
    }
}
