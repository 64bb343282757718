import KeeptrustsCore

/// What a detector does with a text in which it found something.
enum DetectorAction: String, Sendable, CaseIterable {
    case redact, block

    /// Reads the key `action`; `redact` where there is none.
    init(_ node: ConfigNode?) throws(ConfigError) { self = try node?.choice(of: Self.self) ?? .redact }

    /// What a kind decides.
    ///
    /// - Parameters:
    ///   - matches: What was found.
    ///   - kind: The kind, by which the reason is named.
    ///   - what: What was found, as the caller reads it, such as `personal data`.
    /// - Returns: The decision; to allow when nothing was found.
    func decision(on matches: [RuleMatch], of kind: PolicyKind, what: String) -> Decision {
        guard !matches.isEmpty else { return .allow }
        switch self {
        case .redact:
            let message = "\(what.prefix(1).uppercased())\(what.dropFirst()) was replaced by markers."
            return Decision(verdict: .redact, reason: Reason(code: "\(kind.codeName).redacted", message: message))
        case .block:
            let reason = Reason(code: "\(kind.codeName).detected", message: "The text holds \(what).")
            return Decision(verdict: .block, reason: reason)
        }
    }
}
