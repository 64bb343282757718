public import KeeptrustsAPI
public import KeeptrustsCore

/// Whom a session's secret stands for.
public struct SessionHolder: Sendable, Equatable {
    public var organisationID: Identifier<Organisation>
    public var session: Session
}

extension Transaction {
    /// Adds a session; `hash` is the keyed hash of its secret, in hexadecimal digits.
    public func insert(_ session: Session, hash: String, in org: Identifier<Organisation>) throws {
        try execute(
            """
            INSERT INTO session (org_id, id, hash, user_id, client, created, expires_at, last_seen, remote_address,
                user_agent)
            VALUES (\(org), \(session.id), \(hash), \(session.userID), \(session.client), \(session.created),
                \(session.expiresAt), \(session.lastSeen), \(session.remoteAddress), \(session.userAgent))
            """
        )
    }

    /// The session of a secret, if it has not ended and its person is active.
    ///
    /// Finds the organisation rather than taking it: the secret is all that a request brings.
    public func sessionHolder(hash: String, at now: Timestamp) throws -> SessionHolder? {
        try rows(
            """
            SELECT session.org_id, session.id, session.user_id, session.client, session.created, session.expires_at,
                session.last_seen, session.remote_address, session.user_agent
            FROM session JOIN user_account AS holder ON holder.org_id = session.org_id AND holder.id = session.user_id
            WHERE session.hash = \(hash) AND session.expires_at > \(now) AND holder.state = 'active'
            """
        ).first.map { row in
            SessionHolder(organisationID: try row["org_id"], session: try Session(row))
        }
    }

    /// The sessions of a person that have not ended, newest first.
    public func sessions(
        of user: Identifier<User>, in org: Identifier<Organisation>, at now: Timestamp
    ) throws -> [Session] {
        try rows(
            """
            SELECT id, user_id, client, created, expires_at, last_seen, remote_address, user_agent FROM session
            WHERE org_id = \(org) AND user_id = \(user) AND expires_at > \(now) ORDER BY id DESC LIMIT 500
            """
        ).map(Session.init)
    }

    /// Notes that a session is in use, at most once a minute.
    public func touch(_ session: Identifier<Session>, in org: Identifier<Organisation>, at now: Timestamp) throws {
        try execute(
            """
            UPDATE session SET last_seen = \(now) WHERE org_id = \(org) AND id = \(session)
                AND (last_seen IS NULL OR last_seen < \(now.advanced(by: .seconds(-60))))
            """
        )
    }

    @discardableResult
    public func endSession(_ id: Identifier<Session>, in org: Identifier<Organisation>) throws -> Bool {
        try execute("DELETE FROM session WHERE org_id = \(org) AND id = \(id)") > 0
    }

    @discardableResult
    public func endSessions(of user: Identifier<User>, in org: Identifier<Organisation>) throws -> Int {
        try execute("DELETE FROM session WHERE org_id = \(org) AND user_id = \(user)")
    }

    /// Removes what has ended: sessions, sign-in links and handoffs.
    @discardableResult
    public func removeEnded(in org: Identifier<Organisation>, before now: Timestamp) throws -> Int {
        let handoffs = try execute("DELETE FROM handoff WHERE org_id = \(org) AND expires_at <= \(now)")
        let links = try execute("DELETE FROM sign_in_link WHERE org_id = \(org) AND expires_at <= \(now)")
        return try execute("DELETE FROM session WHERE org_id = \(org) AND expires_at <= \(now)") + handoffs + links
    }
}

extension Session {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: try row["id"], userID: try row["user_id"], client: try row["client"], created: try row["created"],
            expiresAt: try row["expires_at"], lastSeen: try row["last_seen"],
            remoteAddress: try row["remote_address"], userAgent: try row["user_agent"]
        )
    }
}
