/// What a text must hold so that the patterns of a group can match.
enum Gate: Int, CaseIterable, Sendable {
    case none, at, highByte

    /// Thirteen digits, with no more than ``DigitRun/spreadGap`` bytes between two of them, as cards have.
    case cardDigits

    /// Seven digits in a run, or six; or four in a run with three joins, as dotted addresses have.
    case sevenDigits, sixDigits, joinedDigits

    /// Two colons within ``TextFacts/colonWindow`` bytes.
    case colons

    /// A row of ``TextFacts/longWord`` bytes without a space and an `@`, as tokens and keys are; or of more than any word has.
    case longWord, longerWord

    /// A letter with a digit right behind it.
    case letterDigit

    /// Four digits in a run, or any.
    case fourDigits, digit

    /// The narrowest gate that every match of a pattern passes; of an unknown syntax nothing is taken for granted.
    init(_ pattern: Pattern, _ syntax: Syntax?) {
        self = .none
        guard let syntax else { return }
        var run = syntax.digitRun()
        if syntax.isDigitRun { run.digits = max(run.digits, pattern.fewestDigits) }
        if syntax.needs(ByteSet("@".utf8)) {
            self = .at
        } else if syntax.needs(.high) {
            self = .highByte
        } else if syntax.digitRun(widestGap: DigitRun.spreadGap).digits >= TextFacts.cardDigits {
            self = .cardDigits
        } else if run.digits >= 7 {
            self = .sevenDigits
        } else if run.digits >= 4, run.joins >= 3 {
            self = .joinedDigits
        } else if run.digits == 6 {
            self = .sixDigits
        } else if syntax.fewest(of: ByteSet(":".utf8), within: TextFacts.colonWindow) >= 2 {
            self = .colons
        } else if syntax.longestWord >= TextFacts.longerWord {
            self = .longerWord
        } else if syntax.longestWord >= TextFacts.longWord {
            self = .longWord
        } else if syntax.hasNeighbours(.letters, .digits) {
            self = .letterDigit
        } else if run.digits >= 4 {
            self = .fourDigits
        } else if run.digits > 0 || syntax.needs(.digits) {
            self = .digit
        }
    }

    /// Few texts pass it, so that patterns behind it need no other short cut.
    var isNarrow: Bool {
        switch self {
        case .none, .highByte, .fourDigits, .digit: false
        case .at, .cardDigits, .sevenDigits, .sixDigits, .joinedDigits, .colons, .longWord, .longerWord, .letterDigit:
            true
        }
    }

    @inline(__always)
    func opens(for facts: TextFacts) -> Bool {
        switch self {
        case .none: true
        case .at: facts.hasAt
        case .highByte: facts.hasHighByte
        case .cardDigits: facts.mostSpreadDigits >= TextFacts.cardDigits
        case .sevenDigits: facts.mostDigits >= 7
        case .sixDigits: facts.mostDigits >= 6
        case .joinedDigits: facts.mostDigits >= 4 && facts.mostJoins >= 3
        case .colons: facts.hasColons
        case .longWord: facts.hasLongPart
        case .longerWord: facts.hasLongerPart
        case .letterDigit: facts.hasLetterDigit
        case .fourDigits: facts.mostDigits >= 4
        case .digit: facts.mostDigits > 0
        }
    }
}
