public import KeeptrustsAPI
public import KeeptrustsCore

/// Whom a token's secret stands for.
public struct TokenHolder: Sendable, Equatable {
    public var organisationID: Identifier<Organisation>
    public var token: Token
}

extension Transaction {
    /// Adds a token; `hash` is the keyed hash of its secret, in hexadecimal digits.
    public func insert(_ token: Token, hash: String, in org: Identifier<Organisation>) throws {
        let models = try token.allowedModels.map { try StoredJSON.text($0) }
        try execute(
            """
            INSERT INTO token (org_id, id, name, purpose, prefix, status, created, created_by, expires_at,
                allowed_models, consumer_group, team_id, user_id, gateway_id, may_assert_identity)
            VALUES (\(org), \(token.id), \(token.name), \(token.purpose), \(token.prefix), 'active', \(token.created),
                \(token.createdBy), \(token.expiresAt), \(models), \(token.consumerGroup), \(token.teamID),
                \(token.userID), \(token.gatewayID), \(token.mayAssertIdentity))
            """
        )
        try insertSecret(hash, of: token.id, token.purpose, in: org)
    }

    public func token(
        _ id: Identifier<Token>, in org: Identifier<Organisation>, at now: Timestamp
    ) throws -> Token? {
        try rows("SELECT \(Token.columns) FROM token WHERE org_id = \(org) AND id = \(id)").first
            .map { try Token($0, at: now) }
    }

    /// One page of tokens, the newest first.
    public func tokens(
        _ purposes: [Token.Purpose], _ page: PageRequest,
        in org: Identifier<Organisation>, at now: Timestamp
    ) throws -> Page<Token> {
        let found = try rows(
            """
            SELECT \(Token.columns) FROM token
            WHERE org_id = \(org) AND purpose IN \(list: purposes) AND \(page.condition())
            ORDER BY id DESC LIMIT \(page.limitAndOne)
            """
        )
        return Page(try found.map { try Token($0, at: now) }, page) { $0.id.rawValue }
    }

    /// The token of a secret, if token and secret are good and the person that it is bound to is active.
    ///
    /// Finds the organisation rather than taking it: the secret is all that a request brings.
    public func tokenHolder(hash: String, at now: Timestamp) throws -> TokenHolder? {
        try rows(
            """
            SELECT token.org_id, \(Token.qualifiedColumns) FROM token_secret AS secret
            JOIN token ON token.org_id = secret.org_id AND token.id = secret.token_id
            LEFT JOIN user_account AS holder ON holder.org_id = token.org_id AND holder.id = token.user_id
            WHERE secret.hash = \(hash) AND secret.status = 'active' AND token.status = 'active'
                AND (secret.valid_until IS NULL OR secret.valid_until > \(now))
                AND (token.expires_at IS NULL OR token.expires_at > \(now))
                AND (token.user_id IS NULL OR holder.state = 'active')
            """
        ).first.map { row in
            TokenHolder(organisationID: try row["org_id"], token: try Token(row, at: now))
        }
    }

    /// Gives a token a new secret; the old one stays good until `overlapEnd`, one from before that ends now.
    ///
    /// - Returns: The token, or nil when there is none that is active.
    public func rotate(
        _ id: Identifier<Token>, to hash: String, prefix: String, overlapEnd: Timestamp,
        in org: Identifier<Organisation>, at now: Timestamp
    ) throws -> Token? {
        // The row's lock makes a second rotation wait.
        let found = try rows(
            """
            UPDATE token SET prefix = \(prefix), rotated_at = \(now), previous_secret_until = \(overlapEnd)
            WHERE org_id = \(org) AND id = \(id) AND status = 'active'
                AND (expires_at IS NULL OR expires_at > \(now))
            RETURNING \(Token.columns)
            """
        )
        guard let token = try found.first.map({ try Token($0, at: now) }) else { return nil }
        let generation = try token.purpose.isGatewayKey ? nextKeyGeneration(in: org) : 0
        try execute(
            """
            UPDATE token_secret SET status = 'revoked', generation = \(generation)
            WHERE org_id = \(org) AND token_id = \(id) AND status = 'active'
                AND (valid_until IS NOT NULL OR \(overlapEnd) <= \(now))
            """
        )
        try execute(
            """
            UPDATE token_secret SET valid_until = \(overlapEnd), generation = \(generation)
            WHERE org_id = \(org) AND token_id = \(id) AND status = 'active'
            """
        )
        try insertSecret(hash, of: id, generation: generation, in: org)
        return token
    }

    /// Revokes the chat's keys of a person.
    public func revokeChatTokens(
        of user: Identifier<User>, in org: Identifier<Organisation>, at now: Timestamp
    ) throws {
        let found = try rows(
            """
            SELECT id FROM token
            WHERE org_id = \(org) AND user_id = \(user) AND purpose = 'chat' AND status = 'active'
            """
        )
        for row in found { _ = try revoke(try row["id"], in: org, at: now) }
    }

    /// Ends a token and all its secrets at once; false when there is none that is active.
    public func revoke(
        _ id: Identifier<Token>, in org: Identifier<Organisation>, at now: Timestamp
    ) throws -> Bool {
        let found = try rows(
            """
            UPDATE token SET status = 'revoked', revoked_at = \(now)
            WHERE org_id = \(org) AND id = \(id) AND status = 'active' RETURNING purpose
            """
        )
        guard let purpose: Token.Purpose = try found.first.map({ try $0["purpose"] }) else { return false }
        let generation = try purpose.isGatewayKey ? nextKeyGeneration(in: org) : 0
        try execute(
            """
            UPDATE token_secret SET status = 'revoked', generation = \(generation)
            WHERE org_id = \(org) AND token_id = \(id) AND status = 'active'
            """
        )
        return true
    }

    /// Says which gateway a token of purpose `gateway_runtime` speaks for; false when it speaks for another already.
    public func bind(
        _ id: Identifier<Token>, to gateway: Identifier<Gateway>, in org: Identifier<Organisation>
    ) throws -> Bool {
        try execute(
            """
            UPDATE token SET gateway_id = \(gateway)
            WHERE org_id = \(org) AND id = \(id) AND (gateway_id IS NULL OR gateway_id = \(gateway))
            """
        ) > 0
    }

    /// Notes that tokens are in use, each at most once a minute.
    public func touch(_ ids: [Identifier<Token>], in org: Identifier<Organisation>, at now: Timestamp) throws {
        guard !ids.isEmpty else { return }
        try execute(
            """
            UPDATE token SET last_used = \(now) WHERE org_id = \(org) AND id IN \(list: ids)
                AND (last_used IS NULL OR last_used < \(now.advanced(by: .seconds(-60))))
            """
        )
    }

    private func insertSecret(
        _ hash: String, of id: Identifier<Token>, _ purpose: Token.Purpose, in org: Identifier<Organisation>
    ) throws {
        let generation = try purpose.isGatewayKey ? nextKeyGeneration(in: org) : 0
        try insertSecret(hash, of: id, generation: generation, in: org)
    }

    private func insertSecret(
        _ hash: String, of id: Identifier<Token>, generation: Int, in org: Identifier<Organisation>
    ) throws {
        try execute(
            """
            INSERT INTO token_secret (org_id, hash, token_id, status, generation)
            VALUES (\(org), \(hash), \(id), 'active', \(generation))
            """
        )
    }
}

extension Token {
    fileprivate static let columns: SQL = """
        id, name, purpose, prefix, status, created, created_by, expires_at, revoked_at, rotated_at,
        previous_secret_until, last_used, allowed_models, consumer_group, team_id, user_id, gateway_id,
        may_assert_identity
        """

    fileprivate static let qualifiedColumns: SQL = """
        token.id, token.name, token.purpose, token.prefix, token.status, token.created, token.created_by,
        token.expires_at, token.revoked_at, token.rotated_at, token.previous_secret_until, token.last_used,
        token.allowed_models, token.consumer_group, token.team_id, token.user_id, token.gateway_id,
        token.may_assert_identity
        """

    fileprivate init(_ row: SQLRow, at now: Timestamp) throws {
        let models: String? = try row["allowed_models"]
        self.init(
            id: try row["id"], name: try row["name"], purpose: try row["purpose"], prefix: try row["prefix"],
            status: try row["status"], created: try row["created"], createdBy: try row["created_by"],
            expiresAt: try row["expires_at"], revokedAt: try row["revoked_at"], rotatedAt: try row["rotated_at"],
            previousSecretUntil: try row["previous_secret_until"], lastUsed: try row["last_used"],
            allowedModels: try models.map { try StoredJSON.value($0) }, consumerGroup: try row["consumer_group"],
            teamID: try row["team_id"], userID: try row["user_id"], gatewayID: try row["gateway_id"],
            mayAssertIdentity: try row["may_assert_identity"]
        )
        if status == .active, let expiresAt, expiresAt <= now { status = .expired }
    }
}
