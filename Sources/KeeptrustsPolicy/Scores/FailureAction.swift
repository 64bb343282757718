import KeeptrustsCore

/// What becomes of an answer that is not good enough.
struct FailureAction {
    /// What becomes of it in the end.
    enum Ending: String, CaseIterable { case block, escalate, flag, fallback }

    let ending: Ending

    /// The text that takes its place, where it has one.
    let message: String

    /// How often it is asked for anew before that.
    let repeats: Int

    private enum Action: String, CaseIterable { case block, escalate, flag, fallback, retry }
    private enum Key: String, ConfigKey { case action, message, retries, then }

    /// Blocks unless the settings say something else.
    init(_ config: ConfigNode?) throws(ConfigError) {
        let mapping = try config?.mapping(Key.self)
        let action = try mapping?[.action]?.choice(of: Action.self) ?? .block
        if let node = mapping?[.retries] ?? mapping?[.then], action != .retry {
            throw ConfigError(.conflict, at: node.location, "'\(node.path)' is for 'action: retry'.")
        }
        repeats = action == .retry ? try mapping?[.retries]?.integer(in: 1...3) ?? 1 : 0
        let then = try mapping?[.then]?.choice(of: Ending.self) ?? .block
        ending = Ending(rawValue: action.rawValue) ?? then
        if let node = mapping?[.message], ending != .fallback {
            throw ConfigError(.conflict, at: node.location, "'\(node.path)' is for 'action: fallback'.")
        }
        message = try mapping?[.message]?.string() ?? "The answer did not meet the quality that is asked for here."
    }

    func decision(_ reason: Reason) -> Decision {
        var decision =
            switch ending {
            case .block: Decision(verdict: .block, reason: reason)
            case .escalate: Decision(verdict: .escalate, reason: reason)
            case .flag: Decision(flagged: true, reason: reason)
            case .fallback: Decision(verdict: .redact, reason: reason)
            }
        decision.repeats = repeats
        return decision
    }
}
