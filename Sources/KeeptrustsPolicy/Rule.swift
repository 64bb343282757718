import KeeptrustsCore
import KeeptrustsMatching

/// Something to look for, and what it is when it is found.
struct Rule: Sendable {
    /// What it is, such as `email` or `secret.aws`.
    var category: String
    var pattern: Pattern

    /// Decides on a match; a match that it refuses is none.
    var validator: Validator?

    /// The national scheme whose check digits a match must satisfy.
    var number: NationalNumber?

    /// Words before a match that speak for it or against it; the nearest counts.
    var context: ContextWords?

    /// A match without a word that speaks for it is none.
    var needsContext = false

    /// Terms of which what was found must be near to one.
    var terms: FuzzyTermSet?

    /// How sure a match is, 0...1.
    var confidence = 1.0

    /// How much a match counts, where a policy adds up.
    var weight = 1

    /// Where the user wrote the pattern; nil for one of a pack.
    var source: ConfigNode?
}
