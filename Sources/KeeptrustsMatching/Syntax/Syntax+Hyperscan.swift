extension Syntax {
    /// An expression for Hyperscan that matches at least what this matches.
    ///
    /// Hyperscan knows no look-around, and takes long over bounded repeats. Here look-around is left out, large bounds are
    /// too, and a repeated group becomes a run of the characters that it is made of; the confirming matcher knows better.
    var forHyperscan: String {
        switch self {
        case .assertion(let source, _): return source
        case .one(_, _, let source): return source
        case .sequence(let parts): return parts.map(\.forHyperscan).joined()
        case .choice(let parts): return "(?:" + parts.map(\.forHyperscan).joined(separator: "|") + ")"
        case .ignoringCase(let part): return "(?i:" + part.forHyperscan + ")"
        case .repeated(let part, let least, let most):
            if case .one = part { return part.forHyperscan + Self.bounds(least, most) }
            if most == 1 { return "(?:" + part.forHyperscan + ")" + (least == 0 ? "?" : "") }
            let (bytes, isWide) = part.alphabet
            return Self.characterClass(bytes, isWide: isWide) + Self.bounds(part.shortest * least, nil)
        }
    }

    /// The same with more letters and digits to begin with, where a match begins with one of some, and goes on with one of
    /// these or of others.
    ///
    /// Hyperscan looks for each of the first by itself, and tries at each of them what follows: in `[23]\d{13}` that takes ten
    /// times as long as a run of any digits does, and where such runs are rare, few texts hold another one.
    var withWiderBeginning: Syntax {
        switch self {
        case .sequence(var parts):
            guard let first = parts.firstIndex(where: { if case .assertion = $0 { false } else { true } }),
                case .one(let bytes, false, _) = parts[first], bytes.count > 1,
                let next = parts[(first + 1)...].first(where: { !$0.isNullable })?.firstBytes,
                bytes != next, bytes.isSubset(of: next), next.isSubset(of: .alphanumeric)
            else { return self }
            parts[first] = .one(next, isWide: false, source: Self.characterClass(next, isWide: false))
            return .sequence(parts)
        case .ignoringCase(let part): return .ignoringCase(part.withWiderBeginning)
        case .assertion, .one, .choice, .repeated: return self
        }
    }

    /// Every byte that a match can hold, and whether it can hold characters beyond ASCII.
    var alphabet: (bytes: ByteSet, isWide: Bool) {
        switch self {
        case .assertion: (ByteSet(), false)
        case .one(let bytes, let isWide, _): (bytes, isWide)
        case .sequence(let parts), .choice(let parts):
            parts.map(\.alphabet).reduce((ByteSet(), false)) { ($0.0.union($1.bytes), $0.1 || $1.isWide) }
        case .repeated(let part, _, _), .ignoringCase(let part): part.alphabet
        }
    }

    private static func characterClass(_ bytes: ByteSet, isWide: Bool) -> String {
        let members = (UInt8.min...0x7F).filter(bytes.contains).map {
            "\\x\($0 < 16 ? "0" : "")\(String($0, radix: 16))"
        }
        return "[" + members.joined() + (isWide ? "\\x{80}-\\x{10FFFF}" : "") + "]"
    }

    /// The bounds of a repeat of one character, widened where they are large.
    private static func bounds(_ least: Int, _ most: Int?) -> String {
        let (least, most) = relaxedBounds(least, most)
        if least == most { return "{\(least)}" }
        guard let most else { return least < 2 ? (least == 0 ? "*" : "+") : "{\(least),}" }
        return "{\(least),\(most)}"
    }

    static func relaxedBounds(_ least: Int, _ most: Int?) -> (least: Int, most: Int?) {
        if least == most, least <= 64 { return (least, most) }
        guard let most, most <= 8 else { return (min(least, 64), nil) }
        return (least, most)
    }
}
