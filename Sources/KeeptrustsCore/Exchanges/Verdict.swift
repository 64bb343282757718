/// What becomes of a text; the strongest of a chain wins.
public enum Verdict: String, Sendable, Codable, CaseIterable, Comparable {
    case allow, redact, escalate, block

    public static func < (a: Self, b: Self) -> Bool { a.strength < b.strength }

    private var strength: Int {
        switch self {
        case .allow: 0
        case .redact: 1
        case .escalate: 2
        case .block: 3
        }
    }
}

/// What one policy saw in one text; never the matched text itself.
public struct Finding: Sendable, Equatable {
    /// What it is, such as `email` or `api_key.aws`.
    public var category: String

    /// Where it stands in the segment's text (byte offsets).
    public var span: Range<Int>

    /// How sure the policy is, 0...1.
    public var confidence: Double

    public init(_ category: String, at span: Range<Int>, confidence: Double = 1) {
        self.category = category
        self.span = span
        self.confidence = confidence
    }
}

/// Why a policy acted: a stable code, and a sentence that may be shown to the caller.
public struct Reason: Sendable, Equatable {
    /// `<kind>.<outcome>`, such as `prompt_injection.detected`.
    public var code: String
    public var message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}
