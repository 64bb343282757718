/// What a text must hold so that the patterns of a group can match.
enum Gate: Int, CaseIterable, Sendable {
    case none, at, highByte

    /// Four digits within ``TextFacts/near`` bytes, seven within ``TextFacts/around``.
    case fourDigits, sevenDigits

    /// Seven colons within 64 bytes.
    case colons

    /// The narrowest gate that every match of a pattern passes; of an unknown syntax nothing is taken for granted.
    init(_ pattern: Pattern, _ syntax: Syntax?) {
        self = .none
        guard let syntax else { return }
        if syntax.needs(ByteSet("@".utf8)) {
            self = .at
        } else if syntax.needs(.high) {
            self = .highByte
        } else if syntax.fewest(of: ByteSet(":".utf8), within: 64) >= 7 {
            self = .colons
        } else if max(syntax.fewest(of: .digits, within: TextFacts.around), pattern.digits(syntax)) >= 7 {
            self = .sevenDigits
        } else if syntax.fewest(of: .digits, within: TextFacts.near) >= 4 {
            self = .fourDigits
        }
    }

    @inline(__always)
    func opens(for facts: TextFacts) -> Bool {
        switch self {
        case .none: true
        case .at: facts.hasAt
        case .highByte: facts.hasHighByte
        case .fourDigits: facts.digitsNearby >= 4
        case .sevenDigits: facts.digitsAround >= 7
        case .colons: facts.hasColons
        }
    }
}

extension Pattern {
    /// The digits that a match must hold to count, where it is short enough to count them.
    fileprivate func digits(_ syntax: Syntax) -> Int {
        syntax.longest.map { $0 <= TextFacts.around } ?? false ? fewestDigits : 0
    }
}
