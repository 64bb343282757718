import KeeptrustsCore

/// The section `size_limits`.
public struct SizeLimits: Sendable, Equatable {
    /// The largest request body (`max_body_bytes`, 1 KiB to 1 GiB); a larger one is answered 413.
    public var maxBodyBytes = 32 << 20

    /// The largest answer that is held in memory as a whole (`max_response_bytes`, 1 KiB to 1 GiB).
    public var maxResponseBytes = 64 << 20

    private enum Key: String, ConfigKey {
        case maxBodyBytes = "max_body_bytes"
        case maxResponseBytes = "max_response_bytes"
    }

    public init() {}

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        if let count = try mapping[.maxBodyBytes]?.integer(in: 1_024...1 << 30) { maxBodyBytes = count }
        if let count = try mapping[.maxResponseBytes]?.integer(in: 1_024...1 << 30) { maxResponseBytes = count }
    }
}

/// The section `record`: how decision events are kept.
public struct RecordSettings: Sendable, Equatable {
    public enum Mode: String, Sendable, CaseIterable {
        /// With the kernel before the answer's last byte goes out; on disk within 5 ms.
        case async

        /// On disk before the answer's first byte goes out.
        case strict
    }

    public var mode = Mode.async

    /// The bound of the spool (`max_bytes`, 1 MiB to 16 TiB); when it is full, new exchanges get 503, and without a
    /// control plane the oldest records go.
    public var maxBytes = 8 << 30

    private enum Key: String, ConfigKey {
        case mode
        case maxBytes = "max_bytes"
    }

    public init() {}

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        if let node = mapping[.mode] { mode = try node.choice(of: Mode.self) }
        if let count = try mapping[.maxBytes]?.integer(in: 1 << 20...16 << 40) { maxBytes = count }
    }
}

/// The section `keys`.
public struct KeySettings: Sendable, Equatable {
    /// How long a gateway that is cut off from the control plane trusts the keys it knows
    /// (`max_staleness_seconds`, 2...86400: the control plane is asked anew within half of it).
    public var maxStaleness = Duration.seconds(300)

    private enum Key: String, ConfigKey { case maxStaleness = "max_staleness_seconds" }

    public init() {}

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self, hints: ["max_staleness": "say 'max_staleness_seconds'"])
        if let seconds = try mapping[.maxStaleness]?.integer(in: 2...86_400) { maxStaleness = .seconds(seconds) }
    }
}
