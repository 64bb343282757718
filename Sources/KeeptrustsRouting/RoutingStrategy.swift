public import KeeptrustsCore

/// The section `providers.routing`: the order in which the targets that could answer are asked.
public enum RoutingStrategy: String, Sendable, CaseIterable {
    /// As declared; the next only when one fails or must be left alone.
    case ordered

    private enum Key: String, ConfigKey { case strategy }

    public init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        self = try mapping.required(.strategy).choice(of: RoutingStrategy.self, hints: Self.hints)
    }

    private static let hints: [String: String] = {
        let later = [
            "single", "round_robin", "round-robin", "weighted", "random", "lowest_latency", "latency", "lowest_cost",
            "cost", "highest_throughput", "least_busy", "usage_based", "sticky",
        ]
        return Dictionary(uniqueKeysWithValues: later.map { ($0, "'\($0)' is not in this version") })
    }()
}
