import KeeptrustsCore

/// What a kind does with a text in which any of its rules matches.
struct MatchResponse: Sendable, Equatable {
    var verdict: Verdict
    var reason: Reason

    /// A response with a reason of its kind.
    ///
    /// - Parameters:
    ///   - verdict: What becomes of the text.
    ///   - kind: The kind, with whose name the reason's code begins.
    ///   - cause: The rest of the code; `redacted` for a redaction, else `detected`, unless it is given.
    ///   - message: What was found, as a sentence for the caller.
    init(_ verdict: Verdict, by kind: PolicyKind, cause: String? = nil, _ message: String) {
        self.verdict = verdict
        let usual = verdict == .redact ? "redacted" : "detected"
        reason = Reason(code: "\(kind.codeName).\(cause ?? usual)", message: message)
    }

    func decision(on matches: [RuleMatch]) -> Decision {
        matches.isEmpty ? .allow : Decision(verdict: verdict, reason: reason)
    }
}
