import KeeptrustsCore

/// Which tools may be called, by patterns of their names.
struct ToolNames: Sendable {
    var allowed: [NamePattern]
    var denied: [NamePattern]

    init(allowed: ConfigNode?, denied: ConfigNode?) throws(ConfigError) {
        self.allowed = try allowed?.strings().map { NamePattern($0) } ?? []
        self.denied = try denied?.strings().map { NamePattern($0) } ?? []
    }

    /// Denied beats allowed; an empty list of allowed tools allows all.
    func permits(_ tool: String) -> Bool {
        guard !denied.contains(where: { $0.matches(tool) }) else { return false }
        return allowed.isEmpty || allowed.contains { $0.matches(tool) }
    }
}
