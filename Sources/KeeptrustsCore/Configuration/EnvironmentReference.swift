/// A reference to a secret: `{env: NAME}`, read from the gateway's environment at start.
public enum EnvironmentReference {
    private enum Key: String, ConfigKey { case env, store }

    /// Reads the variable's name.
    public static func read(_ config: ConfigNode) throws(ConfigError) -> String {
        if case .string = config.value {
            throw ConfigError(
                .wrongType, at: config.location, "\(config.name) must be a mapping, not a text.",
                hint: "write '{env: NAME}', where NAME is an environment variable of the gateway")
        }
        let mapping = try config.mapping(Key.self)
        if let store = mapping[.store] {
            guard mapping[.env] == nil else {
                throw ConfigError(
                    .conflict, at: config.location, "\(config.name) has both 'env' and 'store'.", hint: "keep one")
            }
            throw ConfigError(
                .unsupported, at: store.location, "'\(store.path)' is not in this version.",
                hint: "write '{env: NAME}', where NAME is an environment variable of the gateway")
        }
        return try mapping.required(.env).variable()
    }
}
