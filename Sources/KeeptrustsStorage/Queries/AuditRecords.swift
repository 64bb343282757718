public import KeeptrustsAPI
public import KeeptrustsCore

extension Transaction {
    /// Puts a record at the end of the organisation's chain.
    ///
    /// - Parameters:
    ///   - record: What happened; its place in the chain is filled in here.
    ///   - org: Whose chain.
    ///   - hash: Makes the hex SHA-256 of a text.
    /// - Returns: The record as it stands in the chain.
    /// - Throws: ``StorageError``, and the record is not in the chain then.
    @discardableResult
    public func append(
        _ record: AuditRecord, in org: Identifier<Organisation>, hash: (String) -> String
    ) throws -> AuditRecord {
        try lock("audit:\(org.rawValue)")
        let last = try rows(
            "SELECT sequence, hash FROM audit_record WHERE org_id = \(org) ORDER BY sequence DESC LIMIT 1"
        ).first
        var record = record
        record.sequence = try last.map { try $0["sequence"] } ?? 0
        record.sequence += 1
        record.previousHash = try last.map { try $0["hash"] } ?? ""
        record.hash = hash(record.previousHash + "\n" + record.canonicalText)
        try execute(
            """
            INSERT INTO audit_record (org_id, sequence, id, time, actor_kind, actor_id, action, resource, outcome,
                request_id, remote_address, details, previous_hash, hash)
            VALUES (\(org), \(record.sequence), \(record.id), \(record.time), \(record.actor.kind), \(record.actor.id),
                \(record.action), \(record.resource), \(record.outcome), \(record.requestID), \(record.remoteAddress),
                \(StoredJSON.text(record.details)), \(record.previousHash), \(record.hash))
            """
        )
        return record
    }

    /// One page of records, the newest first; the cursor is a record's number.
    public func auditRecords(
        action: String? = nil, _ page: PageRequest, in org: Identifier<Organisation>
    ) throws -> Page<AuditRecord> {
        var conditions: [SQL] = ["org_id = \(org)"]
        if let cursor = page.cursor { conditions.append("sequence < \(try Cursor.number(cursor))") }
        if let action { conditions.append("action = \(action)") }
        let found = try rows(
            """
            SELECT \(AuditRecord.columns) FROM audit_record WHERE \(conditions.allOf)
            ORDER BY sequence DESC LIMIT \(page.limitAndOne)
            """
        )
        return Page(try found.map(AuditRecord.init), page) { String($0.sequence) }
    }

    /// Looks through a stretch of the chain, oldest first.
    ///
    /// - Returns: The number of the first record that is missing, out of place or not as it was written; nil when the
    ///   stretch is whole.
    public func firstBreak(
        inAuditAfter sequence: Int = 0, limit: Int = 10_000, in org: Identifier<Organisation>,
        hash: (String) -> String
    ) throws -> Int? {
        var previous = ""
        if sequence > 0 {
            let row = try rows(
                "SELECT hash FROM audit_record WHERE org_id = \(org) AND sequence = \(sequence)"
            ).first
            guard let row else { return sequence }
            previous = try row["hash"]
        }
        var expected = sequence + 1
        for row in try rows(
            """
            SELECT \(AuditRecord.columns) FROM audit_record WHERE org_id = \(org) AND sequence > \(sequence)
            ORDER BY sequence LIMIT \(limit)
            """
        ) {
            let record = try AuditRecord(row)
            guard record.sequence == expected, record.previousHash == previous,
                record.hash == hash(previous + "\n" + record.canonicalText)
            else { return expected }
            (previous, expected) = (record.hash, expected + 1)
        }
        return nil
    }
}

extension AuditRecord {
    fileprivate static let columns: SQL = """
        id, sequence, time, actor_kind, actor_id, action, resource, outcome, request_id, remote_address, details,
        previous_hash, hash
        """

    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: try row["id"], time: try row["time"], actor: Actor(try row["actor_kind"], try row["actor_id"]),
            action: try row["action"], resource: try row["resource"], outcome: try row["outcome"],
            requestID: try row["request_id"], remoteAddress: try row["remote_address"],
            details: try StoredJSON.value(try row["details"]), sequence: try row["sequence"],
            previousHash: try row["previous_hash"], hash: try row["hash"]
        )
    }
}
