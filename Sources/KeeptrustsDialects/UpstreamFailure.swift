public import KeeptrustsCore

/// Why a provider did not answer, as the gateway acts on it and as the caller may read it.
public struct UpstreamFailure: UserFacingError, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// Too much, too fast.
        case rateLimit = "rate_limit"

        /// The account has nothing left to spend; waiting does not help.
        case quota
        case timeout

        /// The provider's own trouble, overload included.
        case serverError = "server_error"

        /// The gateway's credential was refused. Nothing that the caller can mend.
        case auth
        case invalidRequest = "invalid_request"
        case contextWindow = "context_window"

        /// The provider's own filter refused.
        case contentFilter = "content_filter"
        case modelNotFound = "model_not_found"
    }

    public var kind: Kind

    /// For the caller: never a credential, at most 512 characters of what the provider said.
    public var message: String

    /// The field that the provider complains about.
    public var param: String?

    public init(_ kind: Kind, message: String, param: String? = nil) {
        self.kind = kind
        self.message = message
        self.param = param
    }

    public var category: ErrorCategory {
        switch kind {
        case .rateLimit: .limited
        case .timeout: .upstreamTimedOut
        case .quota, .serverError, .auth: .upstreamFailed
        case .invalidRequest, .contextWindow, .contentFilter: .invalidInput
        case .modelNotFound: .notFound
        }
    }

    public var code: String {
        switch kind {
        case .rateLimit: "upstream_rate_limit"
        case .quota: "upstream_quota"
        case .timeout: "upstream_timeout"
        case .serverError: "upstream_error"
        case .auth: "upstream_auth"
        case .invalidRequest: "invalid_request"
        case .contextWindow: "context_length_exceeded"
        case .contentFilter: "content_filter"
        case .modelNotFound: "model_not_found"
        }
    }

    /// Whether another target, or the same one later, may answer the same request.
    public var isWorthAnotherTry: Bool {
        switch kind {
        case .rateLimit, .quota, .timeout, .serverError, .auth: true
        case .invalidRequest, .contextWindow, .contentFilter, .modelNotFound: false
        }
    }
}
