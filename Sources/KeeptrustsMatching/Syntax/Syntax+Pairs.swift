extension Syntax {
    /// Whether every match holds two neighbouring characters that are known, or of a few.
    var holdsPair: Bool { ends.holdsPair }

    /// Whether it has few kinds of characters at each place, such as digits, and an end also where it is relaxed for
    /// Hyperscan.
    var isNarrow: Bool {
        switch self {
        case .assertion: return true
        case .one(let bytes, let isWide, _): return !isWide && bytes.count <= 16
        case .sequence(let parts), .choice(let parts): return parts.allSatisfy(\.isNarrow)
        case .ignoringCase(let part): return part.isNarrow
        case .repeated(let part, let least, let most):
            guard part.isNarrow else { return false }
            guard case .one = part else { return most == 1 }
            return Self.relaxedBounds(least, most).most != nil
        }
    }

    private var ends: Ends {
        switch self {
        case .assertion: Ends()
        case .one(let bytes, let isWide, let source): Ends(one: bytes, isWide: isWide, source)
        case .sequence(let parts): parts.reduce(Ends()) { $0.followed(by: $1.ends) }
        case .choice(let parts): .any(of: parts.map(\.ends))
        case .repeated(.one(let bytes, let isWide, let source), let least, _):
            least == 0 ? .unknown : Ends(one: bytes, isWide: isWide, source).repeated(least)
        // Hyperscan gets a run of characters in the place of a group that is repeated.
        case .repeated(let part, let least, let most): least == 0 || most != 1 ? .unknown : part.ends
        case .ignoringCase(let part): part.ends
        }
    }
}

/// What the first and the last character of a part can be.
private struct Ends {
    /// How many bytes each can be; as many as one likes where that is not known.
    private var first = 0.0
    private var last = 0.0

    /// It is a place between characters.
    private var isEmpty = true
    private(set) var holdsPair = false

    /// How many pairs of characters are still looked for one by one: a letter, and another, in both cases.
    private static let mostPairs = 4.0

    static let unknown = Ends(.infinity)

    init() {}

    private init(_ count: Double) {
        (first, last, isEmpty) = (count, count, false)
    }

    /// A character beyond ASCII has several bytes.
    init(one bytes: ByteSet, isWide: Bool, _ source: String) {
        self.init(isWide ? .infinity : Double(bytes.count))
        holdsPair = isWide && source.unicodeScalars.count == 1 && !source.utf8.allSatisfy { $0 < 0x80 }
    }

    func followed(by next: Self) -> Self {
        guard !isEmpty else { return next }
        guard !next.isEmpty else { return self }
        var all = self
        all.last = next.last
        all.holdsPair = holdsPair || next.holdsPair || last * next.first <= Self.mostPairs
        return all
    }

    static func any(of parts: [Self]) -> Self {
        guard !parts.isEmpty, !parts.contains(where: \.isEmpty) else { return .unknown }
        var all = Ends(0)
        all.holdsPair = parts.allSatisfy(\.holdsPair)
        for part in parts {
            all.first += part.first
            all.last += part.last
        }
        return all
    }

    func repeated(_ least: Int) -> Self { least > 1 ? followed(by: self) : self }
}
