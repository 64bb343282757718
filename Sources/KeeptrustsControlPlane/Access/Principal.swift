import KeeptrustsAPI
import KeeptrustsCore

/// Who asks, as the credential says and nothing else.
struct Principal: Sendable {
    enum Credential: Sendable {
        case session(Session)
        case token(Token)
    }

    var organisation: Identifier<Organisation>
    var credential: Credential

    /// The person of a session.
    var user: User?

    /// The names of the roles that count, sorted.
    var roles: [String]
    var access: Access

    /// Who audit records name.
    var actor: AuditRecord.Actor {
        switch credential {
        case .session(let session): .init(.user, session.userID.rawValue)
        case .token(let token): .init(.token, token.id.rawValue)
        }
    }
}
