import KeeptrustsCore

/// What a detector does with a text in which it found something.
enum DetectorAction: String, Sendable, CaseIterable {
    case redact, block

    /// Reads the key `action`; `redact` where there is none.
    init(_ node: ConfigNode?) throws(ConfigError) { self = try node?.choice(of: Self.self) ?? .redact }
}
