/// A regular expression to look for.
///
/// The syntax is that of PCRE2. `(?i)` at the beginning says that case is ignored. Where there is a group `(?<value>…)`, a
/// match is what the group matches, and the rest is context.
public struct Pattern: Sendable, Hashable {
    public var expression: String
    public var ignoresCase: Bool

    /// The expression must be one that Hyperscan matches as it stands, in time that grows with the text only.
    ///
    /// Set for expressions that a user wrote.
    public var mustBeLinear: Bool

    /// How many digits a match must hold to count, where the expression does not say so itself.
    public var fewestDigits: Int

    public init(
        _ expression: String, ignoresCase: Bool = false, mustBeLinear: Bool = false, fewestDigits: Int = 0
    ) {
        let isPrefixed = expression.hasPrefix("(?i)")
        self.expression = isPrefixed ? String(expression.dropFirst(4)) : expression
        self.ignoresCase = ignoresCase || isPrefixed
        self.mustBeLinear = mustBeLinear
        self.fewestDigits = fewestDigits
    }

    /// A pattern that finds `text` literally.
    public static func literal(_ text: String, wholeWords: Bool, ignoresCase: Bool) -> Self {
        var expression = ""
        for scalar in text.unicodeScalars {
            let isPlain = scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || !scalar.isASCII
            switch scalar {
            case " ": expression += #"\s+"#
            case "_": expression += "_"
            default: expression += isPlain ? String(scalar) : "\\x{\(String(scalar.value, radix: 16))}"
            }
        }
        if wholeWords, isWord(text.unicodeScalars.first) { expression = #"\b"# + expression }
        if wholeWords, isWord(text.unicodeScalars.last) { expression += #"\b"# }
        return Self(expression, ignoresCase: ignoresCase)
    }

    private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar, scalar.isASCII else { return false }
        return ByteSet.word.contains(UInt8(scalar.value))
    }
}

/// A place in a text where a pattern matched.
public struct Match: Sendable, Equatable {
    public var pattern: Int

    /// Offsets in bytes.
    public var span: Range<Int>

    public init(pattern: Int, span: Range<Int>) {
        self.pattern = pattern
        self.span = span
    }
}

/// A pattern that cannot be compiled.
public struct PatternError: Error, Equatable {
    /// Why it cannot be compiled.
    public enum Reason: Sendable { case unusable, tooHeavy, tooMany }

    /// Which of the patterns.
    public var pattern: Int
    public var message: String
    public var reason: Reason

    public init(pattern: Int, message: String, reason: Reason = .unusable) {
        self.pattern = pattern
        self.message = message
        self.reason = reason
    }
}

/// A search that was given up: a limit on its work was reached, or its memory ran out.
///
/// It says nothing about whether there is a match.
public struct MatchFailure: Error, Equatable {
    /// The matcher's code.
    public var code: Int32

    public init(code: Int32) { self.code = code }

    /// There are more matches than whoever searches can use.
    public static let tooMany = Self(code: .max)
}
