public import KeeptrustsAPI
public import KeeptrustsCore

extension Transaction {
    /// Says what a gateway should run; or every gateway, which ends the assignments of single ones.
    public func assign(_ assignment: ConfigurationAssignment, in org: Identifier<Organisation>) throws {
        if assignment.gatewayID == nil {
            try execute("DELETE FROM configuration_assignment WHERE org_id = \(org)")
        }
        try execute(
            """
            INSERT INTO configuration_assignment (org_id, target, configuration_id, version, created, created_by)
            VALUES (\(org), \(assignment.gatewayID?.rawValue ?? "*"), \(assignment.configurationID),
                \(assignment.version), \(assignment.created), \(assignment.createdBy))
            ON CONFLICT (org_id, target) DO UPDATE SET configuration_id = excluded.configuration_id,
                version = excluded.version, created = excluded.created, created_by = excluded.created_by
            """
        )
    }

    public func assignments(in org: Identifier<Organisation>) throws -> [ConfigurationAssignment] {
        try rows(
            """
            SELECT target, configuration_id, version, created, created_by FROM configuration_assignment
            WHERE org_id = \(org) ORDER BY target
            """
        ).map { row in
            let target: String = try row["target"]
            return ConfigurationAssignment(
                gatewayID: target == "*" ? nil : Identifier(rawValue: target),
                configurationID: try row["configuration_id"], version: try row["version"],
                created: try row["created"], createdBy: try row["created_by"]
            )
        }
    }

    /// What a gateway should run: its own assignment, or the one for all.
    public func assignedConfig(
        for gateway: Identifier<Gateway>, in org: Identifier<Organisation>
    ) throws -> AssignedConfig? {
        try rows(
            """
            SELECT configuration.name, version.version, version.digest, version.yaml \(assigned(gateway, org))
            """
        ).first.map { row in
            let number: Int = try row["version"]
            return AssignedConfig(
                name: try row["name"], version: String(number), digest: try row["digest"], yaml: try row["yaml"])
        }
    }

    /// The digest of what a gateway should run; a long poll waits for it to change.
    public func assignedDigest(
        for gateway: Identifier<Gateway>, in org: Identifier<Organisation>
    ) throws -> String? {
        try rows("SELECT version.digest \(assigned(gateway, org))").first.map { try $0[0] }
    }

    /// `*` sorts before every id, so a gateway's own assignment comes first.
    private func assigned(_ gateway: Identifier<Gateway>, _ org: Identifier<Organisation>) -> SQL {
        """
        FROM configuration_assignment AS assignment
        JOIN configuration ON configuration.org_id = assignment.org_id
            AND configuration.id = assignment.configuration_id
        JOIN configuration_version AS version ON version.org_id = assignment.org_id
            AND version.configuration_id = assignment.configuration_id AND version.version = assignment.version
        WHERE assignment.org_id = \(org) AND assignment.target IN (\(gateway), '*')
        ORDER BY CASE WHEN assignment.target = '*' THEN 1 ELSE 0 END LIMIT 1
        """
    }
}
