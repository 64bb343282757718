public import KeeptrustsAPI
public import KeeptrustsCore

extension Transaction {
    /// Adds a configuration with its first version.
    public func insert(
        _ configuration: Configuration, first version: ConfigurationVersion, in org: Identifier<Organisation>
    ) throws {
        try execute(
            """
            INSERT INTO configuration (org_id, id, name, latest_version, created, updated, created_by)
            VALUES (\(org), \(configuration.id), \(configuration.name), \(version.version), \(configuration.created),
                \(configuration.updated), \(configuration.createdBy))
            """
        )
        try insertVersion(version, in: org)
    }

    /// Adds a version that follows `base`.
    ///
    /// - Returns: The version with its number, or nil when there is no such configuration or `base` is not its latest.
    public func append(
        _ version: ConfigurationVersion, after base: Int, in org: Identifier<Organisation>
    ) throws -> ConfigurationVersion? {
        var version = version
        version.version = base + 1
        // The row's lock makes a second writer wait, who then finds another latest version.
        let changed = try execute(
            """
            UPDATE configuration SET latest_version = \(version.version), updated = \(version.created)
            WHERE org_id = \(org) AND id = \(version.configurationID) AND latest_version = \(base)
            """
        )
        guard changed > 0 else { return nil }
        try insertVersion(version, in: org)
        return version
    }

    public func configuration(
        _ id: Identifier<Configuration>, in org: Identifier<Organisation>
    ) throws -> Configuration? {
        try rows("SELECT \(Configuration.columns) FROM configuration WHERE org_id = \(org) AND id = \(id)").first
            .map(Configuration.init)
    }

    /// One page of configurations, the newest first.
    public func configurations(
        _ page: PageRequest, in org: Identifier<Organisation>
    ) throws -> Page<Configuration> {
        let found = try rows(
            """
            SELECT \(Configuration.columns) FROM configuration WHERE org_id = \(org) AND \(page.condition())
            ORDER BY id DESC LIMIT \(page.limitAndOne)
            """
        )
        return Page(try found.map(Configuration.init), page) { $0.id.rawValue }
    }

    @discardableResult
    public func update(
        _ patch: Configuration.Patch, of id: Identifier<Configuration>, in org: Identifier<Organisation>
    ) throws -> Bool {
        try execute(
            "UPDATE configuration SET name = COALESCE(\(patch.name), name) WHERE org_id = \(org) AND id = \(id)"
        ) > 0
    }

    /// Removes a configuration and its versions, unless a gateway should run one of them.
    @discardableResult
    public func removeConfiguration(
        _ id: Identifier<Configuration>, in org: Identifier<Organisation>
    ) throws -> Bool {
        try execute("DELETE FROM configuration WHERE org_id = \(org) AND id = \(id)") > 0
    }

    public func version(
        _ number: Int, of id: Identifier<Configuration>, in org: Identifier<Organisation>
    ) throws -> ConfigurationVersion? {
        try rows(
            """
            SELECT \(ConfigurationVersion.columns) FROM configuration_version
            WHERE org_id = \(org) AND configuration_id = \(id) AND version = \(number)
            """
        ).first.map(ConfigurationVersion.init)
    }

    /// One page of a configuration's versions, the newest first; the cursor is a version's number.
    public func versions(
        of id: Identifier<Configuration>, _ page: PageRequest, in org: Identifier<Organisation>
    ) throws -> Page<ConfigurationVersion> {
        let end = try page.cursor.map { try Cursor.number($0) } ?? Int(Int32.max)
        let found = try rows(
            """
            SELECT \(ConfigurationVersion.columns) FROM configuration_version
            WHERE org_id = \(org) AND configuration_id = \(id) AND version < \(end)
            ORDER BY version DESC LIMIT \(page.limitAndOne)
            """
        )
        return Page(try found.map(ConfigurationVersion.init), page) { String($0.version) }
    }

    private func insertVersion(_ version: ConfigurationVersion, in org: Identifier<Organisation>) throws {
        try execute(
            """
            INSERT INTO configuration_version (org_id, configuration_id, version, yaml, digest, note, created,
                created_by)
            VALUES (\(org), \(version.configurationID), \(version.version), \(version.yaml), \(version.digest),
                \(version.note), \(version.created), \(version.createdBy))
            """
        )
    }
}

extension Configuration {
    fileprivate static let columns: SQL = "id, name, latest_version, created, updated, created_by"

    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: try row["id"], name: try row["name"], latestVersion: try row["latest_version"],
            created: try row["created"], updated: try row["updated"], createdBy: try row["created_by"]
        )
    }
}

extension ConfigurationVersion {
    fileprivate static let columns: SQL = "configuration_id, version, yaml, digest, note, created, created_by"

    fileprivate init(_ row: SQLRow) throws {
        self.init(
            configurationID: try row["configuration_id"], version: try row["version"], yaml: try row["yaml"],
            digest: try row["digest"], note: try row["note"], created: try row["created"],
            createdBy: try row["created_by"]
        )
    }
}
