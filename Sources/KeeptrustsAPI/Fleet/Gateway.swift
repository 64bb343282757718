public import KeeptrustsCore

/// A gateway as the control plane last heard of it.
public struct Gateway: Listed, Equatable, Identifiable {
    public static let plural = "gateways"

    public var id: Identifier<Gateway>
    public var name: String

    /// Where callers reach it, such as `gateway.example.com:41002`; with `https://` before it when it serves HTTPS.
    public var advertiseAddr: String
    public var listenAddr: String
    public var version: String
    public var mode: Mode

    /// The process that registered last; a restart changes it.
    public var instanceID: String

    /// What it runs.
    public var config: ConfigReference

    /// Why it does not run a newer one, when it was to load one and could not.
    public var configFailure: ConfigFailure?
    public var created: Timestamp
    public var lastSeen: Timestamp

    /// As of the moment when it was read; see ``Status/init(lastSeen:counters:configFailure:at:)``.
    public var status: Status
    public var counters: Counters

    public enum Mode: String, Sendable, Codable, CaseIterable { case local, managed }

    private enum CodingKeys: String, CodingKey {
        case id, name, version, mode, config, created, status, counters
        case configFailure = "config_failure"
        case advertiseAddr = "advertise_addr"
        case listenAddr = "listen_addr"
        case instanceID = "instance_id"
        case lastSeen = "last_seen"
    }

    public init(
        id: Identifier<Gateway>, name: String, advertiseAddr: String, listenAddr: String, version: String, mode: Mode,
        instanceID: String, config: ConfigReference, configFailure: ConfigFailure? = nil, created: Timestamp,
        lastSeen: Timestamp, status: Status = .healthy, counters: Counters = Counters()
    ) {
        self.id = id
        self.name = name
        self.advertiseAddr = advertiseAddr
        self.listenAddr = listenAddr
        self.version = version
        self.mode = mode
        self.instanceID = instanceID
        self.config = config
        self.configFailure = configFailure
        self.created = created
        self.lastSeen = lastSeen
        self.status = status
        self.counters = counters
    }

    /// The body of `PATCH /v1/gateways/{id}`.
    public struct Patch: Sendable, Codable, Equatable {
        public var name: String?

        public init(name: String? = nil) { self.name = name }
    }
}

extension Gateway {
    /// What a gateway says about itself with each heartbeat.
    public struct Counters: Sendable, Codable, Equatable {
        public var uptimeSeconds: Int
        public var inFlight: Int

        /// Exchanges since it started.
        public var requests: Int

        /// Decision events that it has yet to deliver.
        public var spoolRecords: Int
        public var spoolBytes: Int

        /// The generation of the keys that it knows.
        public var keysGeneration: Int

        private enum CodingKeys: String, CodingKey {
            case requests
            case uptimeSeconds = "uptime_seconds"
            case inFlight = "in_flight"
            case spoolRecords = "spool_records"
            case spoolBytes = "spool_bytes"
            case keysGeneration = "keys_generation"
        }

        public init(
            uptimeSeconds: Int = 0, inFlight: Int = 0, requests: Int = 0, spoolRecords: Int = 0, spoolBytes: Int = 0,
            keysGeneration: Int = 0
        ) {
            self.uptimeSeconds = uptimeSeconds
            self.inFlight = inFlight
            self.requests = requests
            self.spoolRecords = spoolRecords
            self.spoolBytes = spoolBytes
            self.keysGeneration = keysGeneration
        }
    }

    public enum Status: String, Sendable, Codable, CaseIterable {
        case healthy, degraded, offline

        /// Silence after which a gateway is degraded: three heartbeats missed.
        static let degradedAfter = Duration.seconds(30)

        /// Silence after which a gateway is offline.
        static let offlineAfter = Duration.seconds(90)

        /// Derives the status of a gateway that sends a heartbeat every ``MachineProtocol/heartbeatSeconds``.
        ///
        /// Silent for 30 seconds, with 10,000 events that wait for delivery, or on an older config than it was to load:
        /// degraded. Silent for 90 seconds: offline.
        public init(lastSeen: Timestamp, counters: Counters, configFailure: ConfigFailure?, at now: Timestamp) {
            self =
                if now >= lastSeen.advanced(by: Self.offlineAfter) {
                    .offline
                } else if now >= lastSeen.advanced(by: Self.degradedAfter) {
                    .degraded
                } else {
                    counters.spoolRecords >= 10_000 || configFailure != nil ? .degraded : .healthy
                }
        }
    }
}

/// Which configuration something ran on.
public struct ConfigReference: Sendable, Codable, Equatable, Hashable {
    public var name: String
    public var version: String

    /// The hex SHA-256 of the effective document.
    public var digest: String

    public init(name: String, version: String, digest: String) {
        self.name = name
        self.version = version
        self.digest = digest
    }
}

/// A config that a gateway was to load and could not; the one before it stays in force.
public struct ConfigFailure: Sendable, Codable, Equatable {
    /// At most this many characters of ``message`` are kept.
    public static let maximumLength = 2_000

    public var time: Timestamp

    /// What is wrong, as the gateway's log says it; it may have several lines.
    public var message: String

    private enum CodingKeys: String, CodingKey { case time, message }

    /// - Parameters:
    ///   - time: When it was tried.
    ///   - message: What is wrong; cut to ``maximumLength``, other control characters than line feeds become spaces.
    public init(time: Timestamp, message: String) {
        self.time = time
        let clean = message.unicodeScalars.prefix(Self.maximumLength).map { scalar in
            scalar.value < 0x20 && scalar != "\n" || scalar.value == 0x7F ? " " : scalar
        }
        self.message = String(String.UnicodeScalarView(clean))
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            time: try container.decode(Timestamp.self, forKey: .time),
            message: try container.decode(String.self, forKey: .message))
    }
}
