import KeeptrustsCore

extension UpstreamFailure {
    /// Judges an error of a provider.
    ///
    /// - Parameters:
    ///   - status: The answer's status; nil when the error came inside a stream, or in an answer with status 200.
    ///   - fields: What the body says.
    init(status: Int?, _ fields: ErrorFields) {
        let status = status ?? fields.code.flatMap(Int.init).flatMap { (400...599).contains($0) ? $0 : nil }
        let kind = Self.kind(ofWords: fields, status: status) ?? Self.kind(ofStatus: status)
        self.init(kind, message: Self.message(kind, status: status, fields), param: Self.param(kind, fields))
    }

    private static func kind(ofStatus status: Int?) -> Kind {
        switch status {
        case 401?, 403?: .auth
        case 402?: .quota
        case 404?: .modelNotFound
        case 408?, 504?: .timeout
        case 429?: .rateLimit
        case 400?, 405?, 411?, 413?, 415?, 422?: .invalidRequest
        default: .serverError
        }
    }

    /// What the error's own words say more exactly than its status.
    private static func kind(ofWords fields: ErrorFields, status: Int?) -> Kind? {
        if status == 401 || status == 403 { return .auth }
        for word in [fields.code, fields.type].compactMap(\.self) {
            if let kind = kinds[word.lowercased()], status != 429 || kind == .quota { return kind }
        }
        guard status == 400 || status == 413 || status == 422 || status == nil, let message = fields.message else {
            return fields.type?.lowercased() == "invalid_request_error" && status == nil ? .invalidRequest : nil
        }
        let text = message.prefix(1_024).lowercased()
        if overlong.contains(where: text.contains) { return .contextWindow }
        return fields.type?.lowercased() == "invalid_request_error" ? .invalidRequest : nil
    }

    /// The words of OpenAI, Anthropic, Google and Azure.
    private static let kinds: [String: Kind] = [
        "context_length_exceeded": .contextWindow, "string_above_max_length": .contextWindow,
        "insufficient_quota": .quota, "billing_error": .quota, "billing_hard_limit_reached": .quota,
        "rate_limit_exceeded": .rateLimit, "rate_limit_error": .rateLimit, "resource_exhausted": .rateLimit,
        "tokens": .rateLimit, "requests": .rateLimit,
        "model_not_found": .modelNotFound, "not_found_error": .modelNotFound, "deploymentnotfound": .modelNotFound,
        "content_filter": .contentFilter, "content_policy_violation": .contentFilter,
        "authentication_error": .auth, "permission_error": .auth, "invalid_api_key": .auth,
        "timeout": .timeout, "timeout_error": .timeout, "deadline_exceeded": .timeout,
        "overloaded_error": .serverError, "api_error": .serverError, "server_error": .serverError,
        "internal_error": .serverError, "service_unavailable": .serverError,
    ]

    private static let overlong = [
        "context length", "context window", "maximum context", "prompt is too long", "too many tokens",
        "input is too long", "exceeds the maximum number of tokens",
    ]

    private static func message(_ kind: Kind, status: Int?, _ fields: ErrorFields) -> String {
        let own =
            switch kind {
            case .auth: "The provider refused the gateway's credential."
            case .quota: "The account at the provider has no quota left."
            case .rateLimit: "The provider limits the rate of requests."
            case .timeout: "The provider took too long."
            case .serverError: status.map { "The provider failed (status \($0))." } ?? "The provider failed."
            case .invalidRequest: "The provider does not accept the request."
            case .contextWindow: "The request is too long for the model."
            case .contentFilter: "The provider's content filter refused the request."
            case .modelNotFound: "The provider does not know the model."
            }
        guard kind != .auth, kind != .quota, let said = fields.message else { return own }
        let text = PublicText.cleaned(said)
        return text.isEmpty ? own : text
    }

    private static func param(_ kind: Kind, _ fields: ErrorFields) -> String? {
        guard kind == .invalidRequest, let param = fields.param else { return nil }
        let isPath = param.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                || [0x2E, 0x5B, 0x5D, 0x5F].contains(byte)
        }
        return isPath && !param.isEmpty ? param : nil
    }
}
