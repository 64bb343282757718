/// Of each step of the chains, where its words stood last, and where a match that holds them can begin.
///
/// Words that stand close to each other are remembered as one spot, so that a step needs room for few of them.
struct WordTrails {
    /// Words of one step that stand close to each other.
    struct Spot {
        /// Where the first of them begins, where the last of them ends, and where a match with one of them can begin: at the
        /// earliest, and at the latest.
        var first: Int32
        var end: Int32
        var begin: Int32
        var latest: Int32

        /// How many words of the text stand before the end of the last of them.
        var rank: Int32

        /// Which sentence they stand in, where that matters.
        var sentence: Int32

        init(_ start: Int, _ end: Int, rank: Int, sentence: Int, begins: Begins) {
            first = Int32(truncatingIfNeeded: start)
            self.end = Int32(truncatingIfNeeded: end)
            self.rank = Int32(truncatingIfNeeded: rank)
            self.sentence = Int32(truncatingIfNeeded: sentence)
            begin = Int32(truncatingIfNeeded: begins.earliest)
            latest = Int32(truncatingIfNeeded: begins.latest)
        }

        static let none = Spot(0, 0, rank: 0, sentence: 0, begins: Begins(earliest: 0, latest: 0))
    }

    /// Where a match can begin.
    struct Begins {
        var earliest: Int
        var latest: Int
    }

    /// Spots that are remembered of a step.
    private static let most = 4

    /// How wide spots are, so that those that are forgotten are out of reach.
    ///
    /// - Parameter reach: The most bytes from where a word of the step begins to where one of the next step does.
    /// - Returns: The most bytes between where words of one spot begin.
    static func width(reach: Int32) -> Int32 { max(1, reach / Int32(most - 1)) }

    /// Of each step, its spots, how many it has had, and in which text.
    private let spots: UnsafeMutablePointer<Spot>
    private let counts: UnsafeMutablePointer<Int32>
    private let texts: UnsafeMutablePointer<UInt32>
    private let steps: Int
    private var text: UInt32 = 1

    init(steps: Int) {
        self.steps = max(1, steps)
        spots = .allocate(capacity: self.steps * Self.most)
        spots.initialize(repeating: .none, count: self.steps * Self.most)
        counts = .allocate(capacity: self.steps)
        counts.initialize(repeating: 0, count: self.steps)
        texts = .allocate(capacity: self.steps)
        texts.initialize(repeating: 0, count: self.steps)
    }

    func deallocate() {
        spots.deallocate()
        counts.deallocate()
        texts.deallocate()
    }

    /// Forgets all words.
    mutating func clear() {
        text &+= 1
        // After so many texts, a number comes again.
        if text == 0 {
            texts.update(repeating: 0, count: steps)
            text = 1
        }
    }

    /// Where a match can begin that goes on, at `place`, behind a word of a step.
    ///
    /// - Parameters:
    ///   - step: The step.
    ///   - place: Where the next step's word begins.
    ///   - rank: How many words of the text stand before it, itself included.
    ///   - gap: The most bytes between the two words.
    ///   - words: The most words from the one to the other, that included.
    ///   - sentence: The sentence of both.
    /// - Returns: The places; nil when no word of the step is near enough.
    @inline(__always)
    func begins(behind step: Int, at place: Int, rank: Int, gap: Int, words: Int, sentence: Int) -> Begins? {
        // Steps are numbered from 0 to `steps`.
        guard texts[step] == text else { return nil }
        var begins = Begins(earliest: .max, latest: 0)
        for index in 0..<min(Int(counts[step]), Self.most) {
            let spot = spots[step &* Self.most &+ index]
            guard place &- Int(spot.end) <= gap, rank &- Int(spot.rank) <= words, Int(spot.sentence) == sentence
            else { continue }
            begins.earliest = min(begins.earliest, Int(spot.begin))
            begins.latest = max(begins.latest, Int(spot.latest))
        }
        return begins.earliest == .max ? nil : begins
    }

    /// Remembers a word of a step; words come in the order in which they begin.
    @inline(__always)
    func add(_ spot: Spot, to step: Int, _ width: Int) {
        if texts[step] != text {
            texts[step] = text
            counts[step] = 0
        }
        let count = Int(counts[step])
        let row = spots + step &* Self.most
        if count > 0 {
            let last = row + (count &- 1) % Self.most
            if Int(spot.first) &- Int(last.pointee.first) <= width, spot.sentence == last.pointee.sentence {
                last.pointee.end = max(last.pointee.end, spot.end)
                last.pointee.begin = min(last.pointee.begin, spot.begin)
                last.pointee.latest = max(last.pointee.latest, spot.latest)
                last.pointee.rank = max(last.pointee.rank, spot.rank)
                return
            }
        }
        row[count % Self.most] = spot
        counts[step] = Int32(truncatingIfNeeded: count &+ 1)
    }
}
