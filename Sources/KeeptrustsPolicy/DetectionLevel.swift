/// How loudly the log tells of what a policy saw (`log_level`).
public enum DetectionLevel: String, Sendable, CaseIterable {
    case debug, info, warn, error
}
