import KeeptrustsCore

/// The section `timeouts` of a target.
public struct Timeouts: Sendable, Equatable {
    /// Until a connection stands, TLS included (`connect_ms`, 1...60000).
    public var connect = Duration.milliseconds(5_000)

    /// From the request's last byte to the answer's first (`first_byte_ms`, 1...600000).
    public var firstByte = Duration.milliseconds(60_000)

    /// Between two pieces of an answer (`idle_ms`, 1...600000).
    public var idle = Duration.milliseconds(60_000)

    /// For the whole exchange, further attempts included (`total_ms`, 1...3600000).
    public var total = Duration.milliseconds(600_000)

    private enum Key: String, ConfigKey {
        case connect = "connect_ms"
        case firstByte = "first_byte_ms"
        case idle = "idle_ms"
        case total = "total_ms"
    }

    public init() {}

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        func read(_ key: Key, upTo limit: Int, _ value: inout Duration) throws(ConfigError) {
            if let wait = try mapping[key]?.integer(in: 1...limit) { value = .milliseconds(wait) }
        }
        try read(.connect, upTo: 60_000, &connect)
        try read(.firstByte, upTo: 600_000, &firstByte)
        try read(.idle, upTo: 600_000, &idle)
        try read(.total, upTo: 3_600_000, &total)
    }
}
