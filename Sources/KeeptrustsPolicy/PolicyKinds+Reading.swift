public import KeeptrustsCore

extension PolicyKinds {
    /// Reads the settings of a kind, without a chain around it.
    ///
    /// - Throws: ``ConfigError`` for the first mistake.
    public static func read(_ settings: ConfigNode, of kind: PolicyKind) throws(ConfigError) {
        guard let type = types.first(where: { $0.kind == kind }) else { return }
        _ = try type.init(settings)
    }
}

extension PolicyChain.Instance {
    /// Reads an entry of `policies.chain`, without a chain around it.
    ///
    /// - Throws: ``ConfigError`` for the first mistake.
    public static func read(_ entry: ConfigNode) throws(ConfigError) {
        _ = try read(entry, settings: nil, failMode: .block)
    }
}
