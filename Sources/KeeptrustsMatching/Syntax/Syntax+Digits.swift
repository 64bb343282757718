extension Syntax {
    /// How many digits every match holds within so many bytes, as far as that is known for at most `window` bytes.
    func digits(within window: Int) -> Int {
        if let longest, longest <= window { return fewestDigits }
        switch self {
        case .assertion, .one: return 0
        case .sequence(let parts): return parts.map { $0.digits(within: window) }.max() ?? 0
        case .choice(let parts): return parts.map { $0.digits(within: window) }.min() ?? 0
        case .repeated(let part, let least, _): return least == 0 ? 0 : part.digits(within: window)
        case .ignoringCase(let part): return part.digits(within: window)
        }
    }

    private var fewestDigits: Int {
        switch self {
        case .assertion: 0
        case .one(let bytes, let isWide, _): !isWide && bytes.isSubset(of: .digits) ? 1 : 0
        case .sequence(let parts): parts.reduce(0) { $0 + $1.fewestDigits }
        case .choice(let parts): parts.map(\.fewestDigits).min() ?? 0
        case .repeated(let part, let least, _): part.fewestDigits * least
        case .ignoringCase(let part): part.fewestDigits
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
