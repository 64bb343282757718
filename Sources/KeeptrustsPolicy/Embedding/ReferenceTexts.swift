/// Texts that others are compared with, as vectors of ``Features``.
///
/// A reference is compared with every run of about as many words as it has itself, so that it is found in a long text, too.
/// References that have about as many words are compared together.
struct ReferenceTexts: Sendable {
    private var groups: [Group] = []

    /// A place in a text that is near a reference.
    struct Nearness: Equatable {
        /// Which of the references.
        var reference: Int

        /// The cosine of the angle between the two, 0...1.
        var score: Double

        /// Where in the text (bytes): from the first word that the two share to the last.
        var span: Range<Int>
    }

    /// References that are compared with runs of the same number of words.
    fileprivate struct Group: Sendable {
        var words: Int

        /// Which references, in the order of their numbers here.
        var numbers: [Int] = []

        /// Of each, the sum of the squares of its vector.
        var squares: [Int] = []

        /// Of each place of a vector, where its entries begin: those of references that have something there.
        var starts = [Int32](repeating: 0, count: Features.dimensions + 1)
        var entries: [(number: Int32, value: Int32)] = []
    }

    /// Numbers of words of runs, the least first: a run has a sixth to a third more than what it is compared with.
    private static let sizes = [
        8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512,
        1_280,
    ]

    /// - Parameter texts: The references; those without a word are near nothing.
    init(_ texts: [[UInt8]]) {
        var vectors: [(number: Int, words: Int, counts: [Int: Int])] = []
        for (number, text) in texts.enumerated() {
            var (words, counts) = (0, [Int: Int]())
            text.withUnsafeBytes { bytes in
                var reader = FeatureReader(bytes)
                while reader.next({ counts[$0, default: 0] += 1 }) != nil { words += 1 }
            }
            guard words > 0 else { continue }
            vectors.append((number, Self.sizes.first { 6 * $0 >= 7 * words } ?? 7 * words / 6, counts))
        }
        for size in Set(vectors.map(\.words)).sorted() {
            groups.append(Group(size, vectors.filter { $0.words == size }.map { ($0.number, $0.counts) }))
        }
    }

    /// Finds the places of a text that are near a reference.
    ///
    /// Takes time in proportion to the text, times at most the number of references, and memory of some ten times the text.
    /// - Parameters:
    ///   - text: UTF-8; anything else reads as letters.
    ///   - threshold: The least cosine, above 0.
    ///   - found: Takes each place; those of references of about the same length in order and, as a rule, apart.
    func eachNear(in text: UnsafeRawBufferPointer, atLeast threshold: Double, _ found: (Nearness) -> Void) {
        guard !groups.isEmpty else { return }
        let words = FeaturedWords(text)
        guard !words.spans.isEmpty else { return }
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: Features.dimensions) { counts in
            for group in groups {
                counts.initialize(repeating: 0)
                group.scan(words, counts, threshold, found)
            }
        }
    }
}

/// The words of a text, and the features of each.
private struct FeaturedWords {
    /// Where each word stands (bytes).
    private(set) var spans: [Range<Int32>] = []

    /// Of each word, where its features begin in `places`; the last is where they end.
    private(set) var starts: [Int32] = [0]
    private(set) var places: [UInt16] = []

    init(_ text: UnsafeRawBufferPointer) {
        spans.reserveCapacity(text.count / 6 + 8)
        starts.reserveCapacity(text.count / 6 + 8)
        places.reserveCapacity(text.count + 8)
        var reader = FeatureReader(text)
        while let word = reader.next({ places.append(UInt16(truncatingIfNeeded: $0)) }) {
            spans.append(Int32(word.lowerBound)..<Int32(word.upperBound))
            starts.append(Int32(places.count))
        }
    }

    func features(of word: Int) -> Range<Int> { Int(starts[word])..<Int(starts[word + 1]) }

    /// Where words stand in the text.
    func span(of words: Range<Int>) -> Range<Int> {
        Int(spans[words.lowerBound].lowerBound)..<Int(spans[words.upperBound - 1].upperBound)
    }
}

extension ReferenceTexts.Group {
    init(_ words: Int, _ references: [(number: Int, counts: [Int: Int])]) {
        self.words = words
        var postings: [(place: Int, entry: (number: Int32, value: Int32))] = []
        for (own, reference) in references.enumerated() {
            numbers.append(reference.number)
            var sum = 0
            for (place, count) in reference.counts {
                let value = Features.values(of: place)[min(count, Features.mostCounted)]
                sum += value * value
                postings.append((place, (Int32(own), Int32(value))))
            }
            squares.append(sum)
        }
        postings.sort { ($0.place, $0.entry.number) < ($1.place, $1.entry.number) }
        for posting in postings { starts[posting.place + 1] += 1 }
        for place in 0..<Features.dimensions { starts[place + 1] += starts[place] }
        entries = postings.map(\.entry)
    }

    /// Slides over a text by one word at a time, and compares.
    fileprivate func scan(
        _ text: FeaturedWords, _ counts: UnsafeMutableBufferPointer<UInt16>, _ threshold: Double,
        _ found: (ReferenceTexts.Nearness) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: numbers.count) { products in
            products.initialize(repeating: 0)
            var window = RunningVector(counts: counts, products: products)
            var place = NearPlace(text: text)
            let count = text.spans.count
            for word in 0..<count {
                window.change(text, word, by: 1, self)
                let first = word + 1 - words
                if first > 0 { window.change(text, first - 1, by: -1, self) }
                // A text that is shorter than a run is compared once, whole.
                guard first >= 0 || word + 1 == count else { continue }
                place.take(nearest(window, threshold), max(0, first)..<word + 1, self, found)
            }
            place.end(self, found)
        }
    }

    /// The reference that a run is nearest to, of those that it is near; nil where there is none.
    private func nearest(_ window: RunningVector, _ threshold: Double) -> (own: Int, score: Double)? {
        var nearest: (own: Int, score: Double)?
        for own in numbers.indices where window.products[own] > 0 {
            let product = Double(window.products[own])
            let lengths = Double(window.squares) * Double(squares[own])
            guard product * product >= threshold * threshold * lengths else { continue }
            let score = min(1, product / lengths.squareRoot())
            if score > nearest?.score ?? 0 { nearest = (own, score) }
        }
        return nearest
    }

    /// What of a run a reference has, too: from the first word that they share in more than name to the last.
    fileprivate func shared(_ run: Range<Int>, of text: FeaturedWords, with own: Int) -> Range<Int> {
        let isShared = { (word: Int) in
            text.places[text.features(of: word)].contains { Features.saysSomething(Int($0)) && has(Int($0), own) }
        }
        guard let first = run.first(where: isShared), let last = run.last(where: isShared) else { return run }
        return first..<last + 1
    }

    private func has(_ place: Int, _ own: Int) -> Bool {
        entries[Int(starts[place])..<Int(starts[place + 1])].contains { $0.number == own }
    }
}

/// A place in a text whose runs are near a reference, one after the other.
private struct NearPlace {
    let text: FeaturedWords

    /// The nearest of its runs so far, and the words from the first that counts on.
    private var best: (own: Int, score: Double)?
    private var start = 0

    /// The last of its runs, and the reference that this is nearest to.
    private var last: (run: Range<Int>, own: Int)?

    /// Of so many places of a text it is said exactly where they begin and end; of more, where their runs do.
    private var exactPlaces = 128

    init(text: FeaturedWords) { self.text = text }

    /// Takes the next run of words: where it is near a reference, the place goes on; else it is over.
    mutating func take(
        _ nearest: (own: Int, score: Double)?, _ run: Range<Int>, _ group: ReferenceTexts.Group,
        _ found: (ReferenceTexts.Nearness) -> Void
    ) {
        guard let nearest else { return end(group, found) }
        if best == nil {
            start = exactPlaces > 0 ? group.shared(run, of: text, with: nearest.own).lowerBound : run.lowerBound
        }
        last = (run, nearest.own)
        if nearest.score > best?.score ?? 0 { best = nearest }
    }

    mutating func end(_ group: ReferenceTexts.Group, _ found: (ReferenceTexts.Nearness) -> Void) {
        guard let best, let last else { return }
        let end = exactPlaces > 0 ? group.shared(last.run, of: text, with: last.own).upperBound : last.run.upperBound
        let span = text.span(of: start..<max(start + 1, end))
        (self.best, self.last, exactPlaces) = (nil, nil, exactPlaces - 1)
        found(ReferenceTexts.Nearness(reference: group.numbers[best.own], score: best.score, span: span))
    }
}

/// The vector of a run of words that changes word by word, and its products with those of references.
private struct RunningVector {
    /// How often each feature occurs in the run.
    let counts: UnsafeMutableBufferPointer<UInt16>
    let products: UnsafeMutableBufferPointer<Int>
    var squares = 0

    /// Adds the features of a word, or takes them away.
    @inline(__always)
    mutating func change(_ text: FeaturedWords, _ word: Int, by one: Int, _ group: ReferenceTexts.Group) {
        let values = Features.values
        for feature in text.features(of: word) {
            let place = Int(text.places[feature])
            let before = Int(counts[place])
            counts[place] = UInt16(truncatingIfNeeded: before + one)
            let row = Features.row(of: place)
            let old = Int(values[row + min(before, Features.mostCounted)])
            let new = Int(values[row + min(before + one, Features.mostCounted)])
            squares += new * new - old * old
            for index in Int(group.starts[place])..<Int(group.starts[place + 1]) {
                let entry = group.entries[index]
                products[Int(entry.number)] += Int(entry.value) * (new - old)
            }
        }
    }
}
