public import KeeptrustsCore

/// A policy configuration that the control plane keeps for gateways.
public struct Configuration: Listed, Equatable, Identifiable {
    public static let plural = "configurations"

    public var id: Identifier<Configuration>

    /// Unique in its organisation.
    public var name: String
    public var latestVersion: Int
    public var created: Timestamp
    public var updated: Timestamp

    /// The id of the user or token that made it.
    public var createdBy: String

    private enum CodingKeys: String, CodingKey {
        case id, name, created, updated
        case latestVersion = "latest_version"
        case createdBy = "created_by"
    }

    public init(
        id: Identifier<Configuration>, name: String, latestVersion: Int, created: Timestamp, updated: Timestamp,
        createdBy: String
    ) {
        self.id = id
        self.name = name
        self.latestVersion = latestVersion
        self.created = created
        self.updated = updated
        self.createdBy = createdBy
    }

    /// The body of `POST /v1/configurations`; makes version 1 too.
    public struct Draft: Sendable, Codable, Equatable {
        public var name: String
        public var yaml: String
        public var note: String?

        public init(name: String, yaml: String, note: String? = nil) {
            self.name = name
            self.yaml = yaml
            self.note = note
        }
    }

    /// The body of `PATCH /v1/configurations/{id}`.
    public struct Patch: Sendable, Codable, Equatable {
        public var name: String?

        public init(name: String? = nil) { self.name = name }
    }
}

/// A configuration's text at one point of its history; never changed.
public struct ConfigurationVersion: Listed, Equatable {
    public static let plural = "versions"

    public var configurationID: Identifier<Configuration>

    /// Counts from 1.
    public var version: Int
    public var yaml: String

    /// The hex SHA-256 of the text.
    public var digest: String

    /// Why it was made.
    public var note: String
    public var created: Timestamp
    public var createdBy: String

    private enum CodingKeys: String, CodingKey {
        case version, yaml, digest, note, created
        case configurationID = "configuration_id"
        case createdBy = "created_by"
    }

    public init(
        configurationID: Identifier<Configuration>, version: Int, yaml: String, digest: String, note: String,
        created: Timestamp, createdBy: String
    ) {
        self.configurationID = configurationID
        self.version = version
        self.yaml = yaml
        self.digest = digest
        self.note = note
        self.created = created
        self.createdBy = createdBy
    }

    /// The body of `POST /v1/configurations/{id}/versions`.
    public struct Draft: Sendable, Codable, Equatable {
        public var yaml: String
        public var note: String?

        /// The version that the text was made from; when it is no longer the latest, the answer is 409.
        public var baseVersion: Int?

        private enum CodingKeys: String, CodingKey {
            case yaml, note
            case baseVersion = "base_version"
        }

        public init(yaml: String, note: String? = nil, baseVersion: Int? = nil) {
            self.yaml = yaml
            self.note = note
            self.baseVersion = baseVersion
        }
    }
}
