/// What a text must hold so that the patterns of a group can match.
enum Gate: Int, CaseIterable, Sendable {
    case none, at, highByte

    /// So many digits within ``TextFacts/window`` bytes.
    case digit, fourDigits, sevenDigits

    /// The narrowest gate that every match of a pattern passes; of an unknown syntax nothing is taken for granted.
    init(_ pattern: Pattern, _ syntax: Syntax?) {
        self = .none
        guard let syntax else { return }
        if syntax.needs(ByteSet("@".utf8)) {
            self = .at
        } else if syntax.needs(.high) {
            self = .highByte
        } else {
            let declared = syntax.longest.map { $0 <= TextFacts.window ? pattern.fewestDigits : 0 } ?? 0
            switch max(syntax.digits(within: TextFacts.window), declared) {
            case 7...: self = .sevenDigits
            case 4...: self = .fourDigits
            case 1...: self = .digit
            default: if syntax.needs(.digits) { self = .digit }
            }
        }
    }

    @inline(__always)
    func opens(for facts: TextFacts) -> Bool {
        switch self {
        case .none: true
        case .at: facts.hasAt
        case .highByte: facts.hasHighByte
        case .digit: facts.densestDigits > 0
        case .fourDigits: facts.densestDigits >= 4
        case .sevenDigits: facts.densestDigits >= 7
        }
    }
}
