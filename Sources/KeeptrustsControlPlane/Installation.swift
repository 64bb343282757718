import Crypto
public import KeeptrustsAPI
public import KeeptrustsCore
public import KeeptrustsStorage
public import KeeptrustsWeb

/// What the operator of an installation does next to the database: the first start, and what is needed when nobody can
/// sign in.
public struct Installation: Sendable {
    private let database: any Database
    private let key: ServerKey
    private let now: @Sendable () -> Timestamp

    public init(
        database: any Database, key: ServerKey, now: @escaping @Sendable () -> Timestamp = { .systemClock() }
    ) {
        self.database = database
        self.key = key
        self.now = now
    }

    /// Refuses a server key other than the one that the database's tokens were made with.
    ///
    /// None of them would be good any more. The first start writes down which key that is.
    ///
    /// - Throws: ``BadServerKey``.
    public func checkKey() async throws {
        let (name, value) = ("server_key_check", key.checkValue)
        guard try await database.read({ try $0.serverState(name) }) != value else { return }
        let fits = try await database.write { transaction in
            try transaction.lock("installation")
            if let known = try transaction.serverState(name), known != value, try transaction.hasTokens() {
                return false
            }
            try transaction.setServerState(name, to: value)
            return true
        }
        guard fits else {
            throw BadServerKey(
                message: "The server key in the data directory is not the one of the tokens in the database.",
                hint: "Start with the data directory that has it (--data-dir), or put that server.key in its place: "
                    + "with another one, no token, key or session would be good any more.")
        }
    }

    /// The secrets of the first start; they are nowhere else.
    public struct FirstStart: Sendable {
        public var organisation: Organisation
        public var administrator: User

        /// For the console's sign-in page; good once, for 24 hours.
        public var signInCode: Secret

        /// A token of purpose `gateway_runtime`.
        public var runtimeToken: Secret

        /// A key that callers of the gateway may use.
        public var gatewayKey: Secret
    }

    /// Makes organisation, owner, link, runtime token and gateway key in a database that has none.
    ///
    /// - Returns: What was made; nil when there is an organisation, which nothing is done to.
    public func begin(
        organisation name: String = "Default", administrator email: String = "admin@localhost"
    ) async throws -> FirstStart? {
        let now = now()
        let organisation = Organisation(id: Identifier(prefix: "org", at: now), name: name, created: now)
        let user = User(
            id: Identifier(prefix: "usr", at: now), email: email, name: "Administrator",
            roles: [SeededRole.owner.rawValue], created: now)
        let (code, runtime, gateway) = (
            TokenSecret.mint(.signInCode), TokenSecret.mint(.gatewayRuntime), TokenSecret.mint(.gatewayKey)
        )
        let (link, tokens) = (
            link(for: user.id), [token("Gateway", .gatewayRuntime, runtime), token("First key", .general, gateway)]
        )
        let hashes = [key.hash(runtime), key.gatewayKeyHash(gateway, in: organisation.id)]
        let codeHash = key.hash(code)
        let record = record("organisation.begin", organisation.id.rawValue)
        let isFirst = try await database.write { transaction in
            try transaction.lock("installation")
            guard try transaction.organisations(limit: 1).isEmpty else { return false }
            try transaction.insert(organisation)
            try transaction.insert(user, passwordHash: nil, in: organisation.id)
            try transaction.insert(link, hash: codeHash, in: organisation.id)
            for (token, hash) in zip(tokens, hashes) { try transaction.insert(token, hash: hash, in: organisation.id) }
            try transaction.append(record, in: organisation.id, hash: SHA256.hexDigest)
            return true
        }
        guard isFirst else { return nil }
        return FirstStart(
            organisation: organisation, administrator: user, signInCode: code, runtimeToken: runtime,
            gatewayKey: gateway)
    }

    /// Makes a new sign-in link for a person, by default for the first active owner.
    ///
    /// - Returns: The code, good once, for 24 hours; nil when there is no such person.
    public func makeSignInCode(email: String? = nil) async throws -> Secret? {
        let code = TokenSecret.mint(.signInCode)
        let (hash, now) = (key.hash(code), now())
        let record = record("user.sign_in_link", nil)
        let isMade = try await database.write { transaction in
            guard let (org, user) = try transaction.person(email: email) else { return false }
            let link = SignInLink(
                id: Identifier(prefix: "sil", at: now), userID: user, created: now,
                expiresAt: now.advanced(by: Self.linkLifetime))
            try transaction.insert(link, hash: hash, in: org)
            var record = record
            record.resource = user.rawValue
            try transaction.append(record, in: org, hash: SHA256.hexDigest)
            return true
        }
        return isMade ? code : nil
    }

    /// Whether nobody can sign in but by a link.
    public func needsSignInCode() async throws -> Bool {
        try await database.read { try !$0.hasPasswords() }
    }

    /// Makes a token in the first organisation.
    ///
    /// - Parameters:
    ///   - purpose: `general` or `gateway_runtime`.
    ///   - name: What lists show.
    ///   - secret: The token's text, to bring one along; nil makes one.
    /// - Returns: The token's text.
    /// - Throws: ``StorageError`` when the text is in use, or when there is no organisation.
    public func makeToken(_ purpose: Token.Purpose, name: String, secret: Secret? = nil) async throws -> Secret {
        let secret = secret ?? TokenSecret.mint(purpose.secretKind)
        let (token, key) = (token(name, purpose, secret), key)
        let record = record("token.create", token.id.rawValue)
        try await database.write { transaction in
            guard let org = try transaction.organisations(limit: 1).first?.id else {
                throw StorageError(.missingReference, "There is no organisation.", hint: "Start the API once.")
            }
            let hash = purpose.isGatewayKey ? key.gatewayKeyHash(secret, in: org) : key.hash(secret)
            try transaction.insert(token, hash: hash, in: org)
            try transaction.append(record, in: org, hash: SHA256.hexDigest)
        }
        return secret
    }

    private static let linkLifetime = Duration.seconds(24 * 3_600)

    private func link(for user: Identifier<User>) -> SignInLink {
        let now = now()
        return SignInLink(
            id: Identifier(prefix: "sil", at: now), userID: user, created: now,
            expiresAt: now.advanced(by: Self.linkLifetime))
    }

    private func token(_ name: String, _ purpose: Token.Purpose, _ secret: Secret) -> Token {
        let now = now()
        return Token(
            id: Identifier(prefix: "tok", at: now), name: name, purpose: purpose, prefix: TokenSecret.preview(secret),
            created: now, createdBy: "kt")
    }

    private func record(_ action: String, _ resource: String?) -> AuditRecord {
        let now = now()
        return AuditRecord(
            id: Identifier(prefix: "aud", at: now), time: now, actor: .init(.system, "kt"), action: action,
            resource: resource)
    }
}

extension Transaction {
    /// The active person with an address, or the first active owner.
    fileprivate func person(email: String?) throws -> (Identifier<Organisation>, Identifier<User>)? {
        if let email { return try signInCandidates(email: email).first.map { ($0.organisationID, $0.user.id) } }
        for organisation in try organisations() {
            let owners = try assignments(of: SeededRole.owner.rawValue, in: organisation.id)
            for owner in owners where owner.principal == .user {
                let user = try user(Identifier(rawValue: owner.principalID), in: organisation.id)
                if let user, user.state == .active { return (organisation.id, user.id) }
            }
        }
        return nil
    }
}
