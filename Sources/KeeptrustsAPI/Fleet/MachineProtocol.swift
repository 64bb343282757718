public import KeeptrustsCore

/// The protocol by which gateways talk to the control plane, under `/v1/gateway/`.
///
/// Organisation and gateway of what is sent come from the bearer token, never from the body.
public enum MachineProtocol {
    /// How often a gateway sends a heartbeat (seconds).
    public static let heartbeatSeconds = 10

    /// The most events in one batch.
    public static let maximumEvents = 500

    /// The most bytes in one batch's body: 8 MiB.
    public static let maximumBatchBytes = 8 << 20

    /// The longest that a long poll may ask to wait (seconds).
    public static let maximumWaitSeconds = 30
}

/// The body of `POST /v1/gateway/register`.
public struct RegisterRequest: Sendable, Codable, Equatable {
    /// Nil for a gateway that is new.
    public var gatewayID: Identifier<Gateway>?
    public var instanceID: String
    public var name: String?
    public var version: String
    public var advertiseAddr: String
    public var listenAddr: String
    public var mode: Gateway.Mode
    public var config: ConfigReference

    private enum CodingKeys: String, CodingKey {
        case name, version, mode, config
        case gatewayID = "gateway_id"
        case instanceID = "instance_id"
        case advertiseAddr = "advertise_addr"
        case listenAddr = "listen_addr"
    }

    public init(
        gatewayID: Identifier<Gateway>?, instanceID: String, name: String?, version: String, advertiseAddr: String,
        listenAddr: String, mode: Gateway.Mode, config: ConfigReference
    ) {
        self.gatewayID = gatewayID
        self.instanceID = instanceID
        self.name = name
        self.version = version
        self.advertiseAddr = advertiseAddr
        self.listenAddr = listenAddr
        self.mode = mode
        self.config = config
    }
}

/// The answer of `POST /v1/gateway/register`.
public struct RegisterResponse: Sendable, Codable, Equatable {
    public var gatewayID: Identifier<Gateway>
    public var organisationID: Identifier<Organisation>
    public var heartbeatSeconds: Int

    private enum CodingKeys: String, CodingKey {
        case gatewayID = "gateway_id"
        case organisationID = "org_id"
        case heartbeatSeconds = "heartbeat_seconds"
    }

    public init(
        gatewayID: Identifier<Gateway>, organisationID: Identifier<Organisation>,
        heartbeatSeconds: Int = MachineProtocol.heartbeatSeconds
    ) {
        self.gatewayID = gatewayID
        self.organisationID = organisationID
        self.heartbeatSeconds = heartbeatSeconds
    }
}

/// The answer of `GET /v1/gateway/config`.
public struct AssignedConfig: Sendable, Codable, Equatable {
    public var name: String
    public var version: String
    public var digest: String
    public var yaml: String

    public init(name: String, version: String, digest: String, yaml: String) {
        self.name = name
        self.version = version
        self.digest = digest
        self.yaml = yaml
    }
}
