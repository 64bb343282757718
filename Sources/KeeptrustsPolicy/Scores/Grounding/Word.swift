/// One word or number of a text, as claims and sources are compared.
struct Word: Equatable {
    enum Kind: Equatable {
        /// Anything else.
        case plain

        /// Written as a name: with a capital in the middle of a sentence, in capitals, or with letters and digits.
        case name
        case number(Number)
    }

    var kind: Kind

    /// Where it stands (byte offsets).
    var span: Range<Int>

    /// Of its letters in lower case.
    var hash: UInt64

    /// Of the same without endings: `employs` and `employed` are one.
    var stem: UInt64

    /// Of its first four letters, for names and what is made of them; 0 for shorter ones.
    var beginning: UInt64 = 0
    var roles: Lexicon.Roles = []
    var senses: [Lexicon.Sense] = []
    var month: Int?

    /// Its first letter, when it has a capital; for names that are known by their initials.
    var initial: UInt8?

    /// It is written in capitals only, such as `NATO`.
    var isAcronym = false

    /// It ends as words do that are made of names, such as `Norwegian`.
    var isDerived = false

    /// What it means is more than grammar.
    var hasContent: Bool { !roles.contains(.stop) && !roles.contains(.negation) }
}

/// A number, with what it counts.
struct Number: Equatable {
    var value: Double

    /// Another way to read it: `1.043` may be a thousand and forty-three.
    var alternative: Double?

    /// The size of its last digit, such as 0.1 or, in `1.2 million`, 100000.
    var precision = 1.0

    /// It stands for more digits than it has: `1.2 million`, `3.1`.
    var isRounded = false

    /// A word beside it says that it is not exact.
    var isApproximate = false

    /// Ten years, as `1990s`.
    var isDecade = false
    var unit: Lexicon.Unit?

    /// Whether a source that has `other` says this number.
    func isSaid(by other: Number) -> Bool {
        if let unit, let theirs = other.unit {
            guard unit.dimension == theirs.dimension else { return false }
            guard unit.factor == theirs.factor else {
                return isNear(value * unit.factor, other.value * theirs.factor, 0.01)
            }
        }
        if equals(other.value) || other.alternative.map(equals) == true { return true }
        if let alternative, Self.same(alternative, other.value) { return true }
        return false
    }

    private func equals(_ theirs: Double) -> Bool {
        if Self.same(value, theirs) { return true }
        if isDecade, theirs >= value, theirs < value + 10 { return true }
        if isApproximate, isNear(value, theirs, 0.1) { return true }
        return isRounded && abs(value - theirs) <= precision * 0.5 * (1 + 1e-9)
    }

    private func isNear(_ a: Double, _ b: Double, _ share: Double) -> Bool { abs(a - b) <= share * max(abs(a), abs(b)) }

    private static func same(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-9 * max(abs(a), abs(b)) }
}
