public import KeeptrustsAPI
public import KeeptrustsCore

extension Transaction {
    /// Adds a link; `hash` is the keyed hash of its code, in hexadecimal digits.
    public func insert(_ link: SignInLink, hash: String, in org: Identifier<Organisation>) throws {
        try execute(
            """
            INSERT INTO sign_in_link (org_id, id, hash, user_id, created, expires_at, used_at)
            VALUES (\(org), \(link.id), \(hash), \(link.userID), \(link.created), \(link.expiresAt), \(link.usedAt))
            """
        )
    }

    /// Uses up a link, once: whoever comes second gets nil, as with one that has ended or never was.
    public func redeemSignInLink(
        hash: String, at now: Timestamp
    ) throws -> (org: Identifier<Organisation>, link: SignInLink)? {
        try rows(
            """
            UPDATE sign_in_link SET used_at = \(now)
            WHERE hash = \(hash) AND used_at IS NULL AND expires_at > \(now)
            RETURNING org_id, id, user_id, created, expires_at, used_at
            """
        ).first.map { row in
            (
                try row["org_id"],
                SignInLink(
                    id: try row["id"], userID: try row["user_id"], created: try row["created"],
                    expiresAt: try row["expires_at"], usedAt: try row["used_at"]
                )
            )
        }
    }

    /// Adds a handoff; `hash` is the keyed hash of its code, in hexadecimal digits.
    public func insert(_ handoff: Handoff, hash: String, in org: Identifier<Organisation>) throws {
        try execute(
            """
            INSERT INTO handoff (org_id, id, hash, user_id, session_id, code_challenge, created, expires_at)
            VALUES (\(org), \(handoff.id), \(hash), \(handoff.userID), \(handoff.sessionID),
                \(handoff.codeChallenge), \(handoff.created), \(handoff.expiresAt))
            """
        )
    }

    /// Uses up a handoff, once, whether or not the verifier that came with the code turns out to be right.
    public func redeemHandoff(
        hash: String, at now: Timestamp
    ) throws -> (org: Identifier<Organisation>, handoff: Handoff)? {
        try rows(
            """
            UPDATE handoff SET used_at = \(now) WHERE hash = \(hash) AND used_at IS NULL AND expires_at > \(now)
            RETURNING org_id, id, user_id, session_id, code_challenge, created, expires_at
            """
        ).first.map { row in
            (
                try row["org_id"],
                Handoff(
                    id: try row["id"], userID: try row["user_id"], sessionID: try row["session_id"],
                    codeChallenge: try row["code_challenge"], created: try row["created"],
                    expiresAt: try row["expires_at"]
                )
            )
        }
    }
}
