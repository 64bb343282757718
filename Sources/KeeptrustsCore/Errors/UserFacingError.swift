/// An error whose text may be shown to the person who caused it.
///
/// `message` and `hint` carry no prompt, secret or upstream body. Such detail goes to the log, through
/// `String(reflecting:)`, and nowhere else.
public protocol UserFacingError: Error, CustomStringConvertible {
    /// What went wrong, in kind. Servers map it to an HTTP status once, `kt` to an exit code once.
    var category: ErrorCategory { get }

    /// A stable name that clients match on and metrics count by, such as `config.unknown_key`.
    var code: String { get }

    /// What is wrong, in one sentence.
    var message: String { get }

    /// What to do about it, in one sentence, if we know.
    var hint: String? { get }
}

extension UserFacingError {
    public var hint: String? { nil }
    public var description: String { hint.map { "\(message) \($0)" } ?? message }
}

/// The kinds of failure that a caller can tell apart.
public enum ErrorCategory: String, Sendable, CaseIterable {
    /// The bytes are not valid HTTP, JSON or UTF-8, or a field has the wrong type.
    case invalidInput = "invalid_input"

    /// Well formed, but it asks for something impossible.
    case unprocessable
    case unauthenticated, forbidden
    case notFound = "not_found"
    case conflict
    case policyViolation = "policy_violation"
    case escalationRequired = "escalation_required"
    case budgetExceeded = "budget_exceeded"
    case tooLarge = "too_large"
    case limited
    case upstreamFailed = "upstream_failed"
    case upstreamTimedOut = "upstream_timed_out"
    case unavailable
    case internalFailure = "internal"

    /// The status code of an answer over HTTP (RFC 9110 §15).
    public var status: Int {
        switch self {
        case .invalidInput: 400
        case .unauthenticated: 401
        case .budgetExceeded: 402
        case .forbidden: 403
        case .notFound: 404
        case .conflict, .policyViolation, .escalationRequired: 409
        case .tooLarge: 413
        case .unprocessable: 422
        case .limited: 429
        case .internalFailure: 500
        case .upstreamFailed: 502
        case .unavailable: 503
        case .upstreamTimedOut: 504
        }
    }
}
