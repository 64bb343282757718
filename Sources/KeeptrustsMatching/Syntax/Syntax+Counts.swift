extension Syntax {
    /// How many bytes of `set` every match holds within `window` bytes, as far as that is known.
    func fewest(of set: ByteSet, within window: Int) -> Int {
        if let longest, longest <= window { return fewest(of: set) }
        switch self {
        case .assertion, .one: return 0
        case .sequence(let parts): return parts.map { $0.fewest(of: set, within: window) }.max() ?? 0
        case .choice(let parts): return parts.map { $0.fewest(of: set, within: window) }.min() ?? 0
        case .repeated(let part, let least, _): return least == 0 ? 0 : part.fewest(of: set, within: window)
        case .ignoringCase(let part): return part.fewest(of: set, within: window)
        }
    }

    private func fewest(of set: ByteSet) -> Int {
        switch self {
        case .assertion: 0
        case .one(let bytes, let isWide, _): !isWide && bytes.isSubset(of: set) ? 1 : 0
        case .sequence(let parts): parts.reduce(0) { $0 + $1.fewest(of: set) }
        case .choice(let parts): parts.map { $0.fewest(of: set) }.min() ?? 0
        case .repeated(let part, let least, _): part.fewest(of: set) * least
        case .ignoringCase(let part): part.fewest(of: set)
        }
    }

    /// The shortest match in bytes.
    var shortest: Int {
        switch self {
        case .assertion: 0
        case .one: 1
        case .sequence(let parts): parts.reduce(0) { $0 + $1.shortest }
        case .choice(let parts): parts.map(\.shortest).min() ?? 0
        case .repeated(let part, let least, _): part.shortest * least
        case .ignoringCase(let part): part.shortest
        }
    }
}
