import KeeptrustsCore

/// What a detector does with a text in which it found something.
enum DetectorAction: String, Sendable, CaseIterable {
    case redact, block

    /// Reads the key `action`; `redact` where there is none.
    init(_ node: ConfigNode?) throws(ConfigError) { self = try node?.choice(of: Self.self) ?? .redact }

    /// What a kind does with a text in which it finds something.
    ///
    /// - Parameters:
    ///   - kind: The kind, by which the reason is named.
    ///   - what: What it finds, as the caller reads it, such as `personal data`.
    /// - Returns: The response.
    func response(of kind: PolicyKind, what: String) -> MatchResponse {
        switch self {
        case .redact:
            let message = "\(what.prefix(1).uppercased())\(what.dropFirst()) was replaced by markers."
            return MatchResponse(.redact, by: kind, message)
        case .block: return MatchResponse(.block, by: kind, "The text holds \(what).")
        }
    }
}
