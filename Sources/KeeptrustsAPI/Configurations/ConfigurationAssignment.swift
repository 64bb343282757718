public import KeeptrustsCore

/// Which version of which configuration a gateway, or every gateway, should run.
public struct ConfigurationAssignment: Listed, Equatable {
    public static let plural = "assignments"

    /// Nil means every gateway that has no assignment of its own.
    public var gatewayID: Identifier<Gateway>?
    public var configurationID: Identifier<Configuration>
    public var version: Int
    public var created: Timestamp
    public var createdBy: String

    private enum CodingKeys: String, CodingKey {
        case version, created
        case gatewayID = "gateway_id"
        case configurationID = "configuration_id"
        case createdBy = "created_by"
    }

    public init(
        gatewayID: Identifier<Gateway>?, configurationID: Identifier<Configuration>, version: Int, created: Timestamp,
        createdBy: String
    ) {
        self.gatewayID = gatewayID
        self.configurationID = configurationID
        self.version = version
        self.created = created
        self.createdBy = createdBy
    }
}

/// The body of `POST /v1/configurations/{id}/deploy`: named gateways, or all.
public struct Deployment: Sendable, Codable, Equatable {
    /// Nil deploys the latest version.
    public var version: Int?
    public var gatewayIDs: [Identifier<Gateway>]?
    public var all: Bool?

    private enum CodingKeys: String, CodingKey {
        case version, all
        case gatewayIDs = "gateway_ids"
    }

    public init(version: Int? = nil, gatewayIDs: [Identifier<Gateway>]? = nil, all: Bool? = nil) {
        self.version = version
        self.gatewayIDs = gatewayIDs
        self.all = all
    }
}

/// The body of `POST /v1/configurations/validate`.
public struct ValidationRequest: Sendable, Codable, Equatable {
    public var yaml: String

    public init(yaml: String) { self.yaml = yaml }
}

/// The answer of `POST /v1/configurations/validate`.
public struct Validation: Sendable, Codable, Equatable {
    public var valid: Bool
    public var diagnostics: [Diagnostic]

    public init(valid: Bool, diagnostics: [Diagnostic]) {
        self.valid = valid
        self.diagnostics = diagnostics
    }

    /// A mistake, or a doubt, at a place in the text.
    public struct Diagnostic: Sendable, Codable, Equatable {
        public var severity: Severity
        public var code: String
        public var message: String
        public var hint: String?

        /// Counted from 1.
        public var line: Int
        public var column: Int

        public enum Severity: String, Sendable, Codable, CaseIterable { case error, warning }

        public init(severity: Severity, code: String, message: String, hint: String?, line: Int, column: Int) {
            self.severity = severity
            self.code = code
            self.message = message
            self.hint = hint
            self.line = line
            self.column = column
        }
    }
}
