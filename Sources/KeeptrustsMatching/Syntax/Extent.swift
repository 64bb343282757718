/// How much of a text something takes at most; nil without a bound.
struct Extent: Equatable {
    var bytes: Int? = 0

    /// Letters and digits that stand right behind a space, as words of prose begin.
    ///
    /// The first byte counts as if it did, so that extents may be added.
    var words: Int? = 0

    static let none = Extent()

    static func + (a: Self, b: Self) -> Self {
        Extent(
            bytes: a.bytes.flatMap { bytes in b.bytes.map { bytes + $0 } },
            words: a.words.flatMap { words in b.words.map { words + $0 } })
    }

    static func += (a: inout Self, b: Self) { a = a + b }

    /// The larger of each.
    func union(_ other: Self) -> Self {
        Extent(
            bytes: bytes.flatMap { bytes in other.bytes.map { max(bytes, $0) } },
            words: words.flatMap { words in other.words.map { max(words, $0) } })
    }

    /// So often as much; nil for any number of times.
    func times(_ count: Int?) -> Self { Extent(bytes: Self.product(bytes, count), words: Self.product(words, count)) }

    private static func product(_ length: Int?, _ count: Int?) -> Int? {
        guard let length, length > 0 else { return length }
        guard let (product, overflow) = count?.multipliedReportingOverflow(by: length), !overflow else { return nil }
        return product
    }
}

extension Extent {
    /// That of a text.
    init(of text: String) {
        self.init(bytes: text.utf8.count, words: text.utf8.count(where: ByteSet.space.contains) + 1)
    }
}

extension Syntax {
    /// The extent of the longest match.
    var extent: Extent { Extent(bytes: longest, words: mostWords) }

    private var mostWords: Int? {
        let (bytes, _) = alphabet
        guard !bytes.isDisjoint(with: .alphanumeric) else { return 0 }
        // Only the first byte can have a space before it.
        guard !bytes.isDisjoint(with: .space) else { return 1 }
        switch self {
        case .assertion: return 0
        case .one: return 1
        case .sequence(let parts): return parts.reduce(Extent.none) { $0 + Extent(words: $1.mostWords) }.words
        case .choice(let parts): return parts.reduce(Extent.none) { $0.union(Extent(words: $1.mostWords)) }.words
        case .repeated(.one, _, let most): return most.map { ($0 + 1) / 2 }
        case .repeated(let part, _, let most): return Extent(words: part.mostWords).times(most).words
        case .ignoringCase(let part): return part.mostWords
        }
    }
}
