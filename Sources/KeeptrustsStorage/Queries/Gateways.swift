public import KeeptrustsAPI
public import KeeptrustsCore

extension Transaction {
    /// Adds a gateway, or takes over what a known one says at its registration; its first day and its given name stay.
    public func register(_ gateway: Gateway, in org: Identifier<Organisation>) throws {
        try execute(
            """
            INSERT INTO gateway (org_id, id, name, advertise_addr, listen_addr, version, mode, instance_id,
                config_name, config_version, config_digest, created, last_seen)
            VALUES (\(org), \(gateway.id), \(gateway.name), \(gateway.advertiseAddr), \(gateway.listenAddr),
                \(gateway.version), \(gateway.mode), \(gateway.instanceID), \(gateway.config.name),
                \(gateway.config.version), \(gateway.config.digest), \(gateway.created), \(gateway.lastSeen))
            ON CONFLICT (org_id, id) DO UPDATE SET advertise_addr = excluded.advertise_addr,
                listen_addr = excluded.listen_addr, version = excluded.version, mode = excluded.mode,
                instance_id = excluded.instance_id, config_name = excluded.config_name,
                config_version = excluded.config_version, config_digest = excluded.config_digest,
                config_failure = NULL, config_failed_at = NULL, last_seen = excluded.last_seen
            """
        )
    }

    /// Takes in a heartbeat; false when there is no such gateway, which must register then.
    public func record(
        _ heartbeat: Heartbeat, of gateway: Identifier<Gateway>, in org: Identifier<Organisation>,
        at now: Timestamp
    ) throws -> Bool {
        let counters = heartbeat.counters
        return try execute(
            """
            UPDATE gateway SET instance_id = \(heartbeat.instanceID), config_name = \(heartbeat.config.name),
                config_version = \(heartbeat.config.version), config_digest = \(heartbeat.config.digest),
                config_failure = \(heartbeat.configFailure?.message),
                config_failed_at = \(heartbeat.configFailure?.time),
                last_seen = \(now), uptime_seconds = \(counters.uptimeSeconds), in_flight = \(counters.inFlight),
                requests = \(counters.requests), spool_records = \(counters.spoolRecords),
                spool_bytes = \(counters.spoolBytes), keys_generation = \(counters.keysGeneration)
            WHERE org_id = \(org) AND id = \(gateway)
            """
        ) > 0
    }

    public func gateway(
        _ id: Identifier<Gateway>, in org: Identifier<Organisation>, at now: Timestamp
    ) throws -> Gateway? {
        try rows("SELECT \(Gateway.columns) FROM gateway WHERE org_id = \(org) AND id = \(id)").first
            .map { try Gateway($0, at: now) }
    }

    /// One page of gateways, the newest first.
    public func gateways(
        _ page: PageRequest, in org: Identifier<Organisation>, at now: Timestamp
    ) throws -> Page<Gateway> {
        let found = try rows(
            """
            SELECT \(Gateway.columns) FROM gateway WHERE org_id = \(org) AND \(page.condition())
            ORDER BY id DESC LIMIT \(page.limitAndOne)
            """
        )
        return Page(try found.map { try Gateway($0, at: now) }, page) { $0.id.rawValue }
    }

    @discardableResult
    public func update(
        _ patch: Gateway.Patch, of id: Identifier<Gateway>, in org: Identifier<Organisation>
    ) throws -> Bool {
        try execute(
            "UPDATE gateway SET name = COALESCE(\(patch.name), name) WHERE org_id = \(org) AND id = \(id)") > 0
    }
}

extension Gateway {
    fileprivate static let columns: SQL = """
        id, name, advertise_addr, listen_addr, version, mode, instance_id, config_name, config_version, config_digest,
        config_failure, config_failed_at, created, last_seen, uptime_seconds, in_flight, requests, spool_records, spool_bytes, keys_generation
        """

    fileprivate init(_ row: SQLRow, at now: Timestamp) throws {
        let counters = Counters(
            uptimeSeconds: try row["uptime_seconds"], inFlight: try row["in_flight"], requests: try row["requests"],
            spoolRecords: try row["spool_records"], spoolBytes: try row["spool_bytes"],
            keysGeneration: try row["keys_generation"]
        )
        let config = ConfigReference(
            name: try row["config_name"], version: try row["config_version"], digest: try row["config_digest"])
        let (lastSeen, message): (Timestamp, String?) = (try row["last_seen"], try row["config_failure"])
        let failed: Timestamp? = try row["config_failed_at"]
        let failure = message.flatMap { message in failed.map { ConfigFailure(time: $0, message: message) } }
        self.init(
            id: try row["id"], name: try row["name"], advertiseAddr: try row["advertise_addr"],
            listenAddr: try row["listen_addr"], version: try row["version"], mode: try row["mode"],
            instanceID: try row["instance_id"], config: config, configFailure: failure, created: try row["created"],
            lastSeen: lastSeen,
            status: Status(lastSeen: lastSeen, counters: counters, configFailure: failure, at: now),
            counters: counters
        )
    }
}
