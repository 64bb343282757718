/// A reference to a secret: `{env: NAME}`, read from the gateway's environment at start.
///
/// Only ``ConfigEnvironment`` turns it into a value.
public struct EnvironmentReference: Sendable, Hashable {
    /// The variable's name.
    public let name: String

    /// Where the file names it, or what it belongs to.
    public let location: SourceLocation

    private enum Key: String, ConfigKey { case env }

    /// Two references are one where they name the same variable, wherever they stand.
    public static func == (a: Self, b: Self) -> Bool { a.name == b.name }

    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    public init(_ name: String, at location: SourceLocation) {
        (self.name, self.location) = (name, location)
    }

    /// Reads the variable's name.
    public init(_ config: ConfigNode) throws(ConfigError) {
        if case .string = config.value {
            throw ConfigError(
                .wrongType, at: config.location, "\(config.name) must be a mapping, not a text.",
                hint: "write '{env: NAME}', where NAME is an environment variable of the gateway")
        }
        let mapping = try config.mapping(
            Key.self, hints: ["store": "write '{env: NAME}'; 'store' is not in this version"])
        let node = try mapping.required(.env)
        self.init(try node.variable(), at: node.location)
    }
}
