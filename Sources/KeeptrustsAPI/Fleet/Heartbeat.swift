public import KeeptrustsCore

/// The body of `POST /v1/gateway/heartbeat`.
public struct Heartbeat: Sendable, Codable, Equatable {
    public var gatewayID: Identifier<Gateway>
    public var instanceID: String
    public var config: ConfigReference
    public var configFailure: ConfigFailure?

    /// On the wire, these stand beside the other keys.
    public var counters: Gateway.Counters

    /// One object with the counters' keys beside its own, so that a strict reader knows all of them.
    private enum CodingKeys: String, CodingKey {
        case config, requests
        case configFailure = "config_failure"
        case gatewayID = "gateway_id"
        case instanceID = "instance_id"
        case uptimeSeconds = "uptime_seconds"
        case inFlight = "in_flight"
        case spoolRecords = "spool_records"
        case spoolBytes = "spool_bytes"
        case keysGeneration = "keys_generation"
    }

    public init(
        gatewayID: Identifier<Gateway>, instanceID: String, config: ConfigReference,
        configFailure: ConfigFailure? = nil, counters: Gateway.Counters
    ) {
        self.gatewayID = gatewayID
        self.instanceID = instanceID
        self.config = config
        self.configFailure = configFailure
        self.counters = counters
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        gatewayID = try container.decode(Identifier<Gateway>.self, forKey: .gatewayID)
        instanceID = try container.decode(String.self, forKey: .instanceID)
        config = try container.decode(ConfigReference.self, forKey: .config)
        configFailure = try container.decodeIfPresent(ConfigFailure.self, forKey: .configFailure)
        counters = Gateway.Counters(
            uptimeSeconds: try container.decode(Int.self, forKey: .uptimeSeconds),
            inFlight: try container.decode(Int.self, forKey: .inFlight),
            requests: try container.decode(Int.self, forKey: .requests),
            spoolRecords: try container.decode(Int.self, forKey: .spoolRecords),
            spoolBytes: try container.decode(Int.self, forKey: .spoolBytes),
            keysGeneration: try container.decode(Int.self, forKey: .keysGeneration))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(gatewayID, forKey: .gatewayID)
        try container.encode(instanceID, forKey: .instanceID)
        try container.encode(config, forKey: .config)
        try container.encodeIfPresent(configFailure, forKey: .configFailure)
        try counters.encode(to: encoder)
    }

    /// The answer of `POST /v1/gateway/heartbeat`.
    public struct Response: Sendable, Codable, Equatable {
        /// The digest of the configuration that the gateway should run; nil when none is assigned.
        public var configDigest: String?

        private enum CodingKeys: String, CodingKey { case configDigest = "config_digest" }

        public init(configDigest: String?) { self.configDigest = configDigest }
    }
}
