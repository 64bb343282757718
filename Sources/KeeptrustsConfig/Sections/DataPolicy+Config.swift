import KeeptrustsCore

/// The keys `data_policy` and `zdr` of a target: what its vendor promises.
extension DataPolicy {
    private enum Key: String, ConfigKey {
        case keepsNothing = "zero_data_retention"
        case trainsNothing = "training_opt_out"
        case retentionDays = "retention_days"
    }

    /// Reads what a target declares.
    ///
    /// - Parameters:
    ///   - config: The value of `data_policy`.
    ///   - short: The value of `zdr`, which is short for `data_policy: {zero_data_retention: …}`.
    /// - Returns: What is declared; nil when nothing is.
    /// - Throws: ``ConfigError`` for the first mistake.
    static func read(_ config: ConfigNode?, short: ConfigNode?) throws(ConfigError) -> DataPolicy? {
        var policy = DataPolicy()
        let mapping = try config?.mapping(Key.self)
        if let node = mapping?[.keepsNothing] { policy.keepsNothing = try node.boolean() }
        if let node = mapping?[.trainsNothing] { policy.trainsNothing = try node.boolean() }
        if let node = mapping?[.retentionDays] { policy.retentionDays = try node.integer(in: 0...36_500) }
        if let short {
            guard mapping?[.keepsNothing] == nil else {
                throw ConfigError(
                    .conflict, at: short.location, "'\(short.path)' says what 'data_policy' says already.",
                    hint: "keep 'zero_data_retention'")
            }
            policy.keepsNothing = try short.boolean()
        }
        if policy.keepsNothing, let node = mapping?[.retentionDays], policy.retentionDays ?? 0 > 0 {
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' keeps what 'zero_data_retention' says is not kept.",
                hint: "remove one of the two")
        }
        return config == nil && short == nil ? nil : policy
    }
}
