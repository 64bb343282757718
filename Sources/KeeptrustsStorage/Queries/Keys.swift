public import KeeptrustsAPI
public import KeeptrustsCore

/// The keys that gateways accept, or what changed among them.
public struct KeyChanges: Sendable, Equatable {
    /// The organisation's generation that these changes lead to.
    public var generation: Int

    /// Whether `keys` is the whole set.
    public var isFull: Bool
    public var keys: [KeySet.Key]
}

extension Transaction {
    /// Counts the changes of keys that gateways accept; a long poll waits for it to change.
    public func keyGeneration(in org: Identifier<Organisation>) throws -> Int {
        try rows("SELECT key_generation FROM organisation WHERE id = \(org)").first.map { try $0[0] } ?? 0
    }

    /// The keys that changed after a generation, the ended ones included.
    ///
    /// The whole set of good keys comes for 0, and for a generation that is not yet reached: the gateway then knows a
    /// database that is not this one, such as the one before a restore.
    public func keys(
        since generation: Int, in org: Identifier<Organisation>, at now: Timestamp
    ) throws -> KeyChanges {
        let current = try keyGeneration(in: org)
        let isFull = generation <= 0 || generation > current
        let condition: SQL =
            isFull
            ? """
            secret.generation > 0 AND secret.status = 'active' AND token.status = 'active'
                AND (token.user_id IS NULL OR holder.state = 'active')
                AND (secret.valid_until IS NULL OR secret.valid_until > \(now))
                AND (token.expires_at IS NULL OR token.expires_at > \(now))
            """
            : "secret.generation > \(generation)"
        let found = try rows(
            """
            SELECT token.id, secret.hash, secret.valid_until, token.expires_at, token.allowed_models,
                token.consumer_group, token.team_id, token.user_id, token.may_assert_identity,
                CASE WHEN secret.status = 'active' AND token.status = 'active'
                    AND (token.user_id IS NULL OR holder.state = 'active') THEN 'active' ELSE 'revoked' END AS status
            FROM token_secret AS secret
            JOIN token ON token.org_id = secret.org_id AND token.id = secret.token_id
            LEFT JOIN user_account AS holder ON holder.org_id = token.org_id AND holder.id = token.user_id
            WHERE secret.org_id = \(org) AND token.purpose IN ('general', 'chat') AND \(condition)
            ORDER BY secret.generation, secret.hash
            """
        )
        return KeyChanges(generation: current, isFull: isFull, keys: try found.map(KeySet.Key.init))
    }

    /// Makes gateways look again at the keys of a person whose state changed.
    func announceKeys(of user: Identifier<User>, in org: Identifier<Organisation>) throws {
        let generation = try nextKeyGeneration(in: org)
        try execute(
            """
            UPDATE token_secret SET generation = \(generation)
            WHERE org_id = \(org) AND generation > 0 AND status = 'active' AND token_id IN
                (SELECT id FROM token WHERE org_id = \(org) AND user_id = \(user))
            """
        )
    }

    /// Removes tokens of the chat that ended before a moment; gateways drop them by themselves.
    @discardableResult
    public func removeChatTokens(endedBefore time: Timestamp, in org: Identifier<Organisation>) throws -> Int {
        try execute("DELETE FROM token WHERE org_id = \(org) AND purpose = 'chat' AND expires_at < \(time)")
    }

    /// The organisation's row stays locked until the commit, so generations become visible in their order.
    func nextKeyGeneration(in org: Identifier<Organisation>) throws -> Int {
        let found = try rows(
            """
            UPDATE organisation SET key_generation = key_generation + 1 WHERE id = \(org) RETURNING key_generation
            """
        )
        guard let row = found.first else { throw StorageError.missingReference("no such organisation") }
        return try row[0]
    }
}

extension KeySet.Key {
    fileprivate init(_ row: SQLRow) throws {
        let models: String? = try row["allowed_models"]
        let ends: [Timestamp] = [try row["valid_until"], try row["expires_at"]].compactMap { $0 }
        self.init(
            id: try row["id"], hash: try row["hash"], status: try row["status"], expiresAt: ends.min(),
            allowedModels: try models.map { try StoredJSON.value($0) }, consumerGroup: try row["consumer_group"],
            teamID: try row["team_id"], userID: try row["user_id"],
            mayAssertIdentity: try row["may_assert_identity"]
        )
    }
}
