import Crypto
import Foundation
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
public import KeeptrustsWeb

/// What the routes share.
struct Plane: Sendable {
    let database: any Database
    let key: ServerKey
    let settings: ControlPlaneSettings

    let check: ConfigurationCheck
    let now: @Sendable () -> Timestamp
    let hasher: PasswordHasher
    let throttle = SignInThrottle()
    let notifier = ChangeNotifier()
    let polls = LongPolls()
    let health: HealthProbe

    init(
        database: any Database, key: ServerKey, settings: ControlPlaneSettings, check: ConfigurationCheck,
        now: @escaping @Sendable () -> Timestamp, hasher: PasswordHasher
    ) {
        (self.database, self.key, self.settings, self.check) = (database, key, settings, check)
        (self.now, self.hasher) = (now, hasher)
        health = HealthProbe(limit: settings.healthPatience)
    }

    func makeID<Resource>(_ prefix: String) -> Identifier<Resource> {
        Identifier(prefix: prefix, at: now())
    }

    /// Runs a change and its audit record in one transaction; neither happens without the other.
    ///
    /// The body makes the change and says what was done to what.
    func change<Value: Sendable>(
        by principal: Principal, _ context: APIContext,
        _ body: @escaping @Sendable (any Transaction) throws -> (Value, AuditNote)
    ) async throws -> Value {
        let organisation = principal.organisation
        let draft = auditDraft(by: principal, context)
        return try await database.write { transaction in
            let (value, note) = try body(transaction)
            try transaction.append(note.record(draft), in: organisation, hash: SHA256.hexDigest)
            return value
        }
    }
}

extension Plane {
    /// An audit record of what someone does now, which a note completes.
    func auditDraft(by principal: Principal, _ context: APIContext) -> AuditRecord {
        AuditRecord(
            id: makeID("aud"), time: now(), actor: principal.actor, action: "", requestID: context.id,
            remoteAddress: context.remoteAddress)
    }
}

/// What an audit record says of a change.
struct AuditNote: Sendable {
    /// `<resource>.<verb>`.
    var action: String
    var resource: String?
    var outcome = AuditRecord.Outcome.success

    /// What changed, by name; never a secret.
    var details: [String: String] = [:]

    init(
        _ action: String, _ resource: String? = nil, outcome: AuditRecord.Outcome = .success,
        details: [String: String] = [:]
    ) {
        self.action = action
        self.resource = resource
        self.outcome = outcome
        self.details = details
    }

    func record(_ draft: AuditRecord) -> AuditRecord {
        var record = draft
        record.action = action
        record.resource = resource
        record.outcome = outcome
        record.details = details
        return record
    }
}

/// What can be set about the control plane.
public struct ControlPlaneSettings: Sendable {
    /// The program's version, as `/health` and the API's description give it.
    public var version: String

    /// How much the listener takes in.
    public var limits = WebLimits()

    /// How long a sign-in lasts.
    public var sessionLifetime = Duration.seconds(12 * 3_600)

    /// How long a sign-in link is good.
    public var signInLinkLifetime = Duration.seconds(24 * 3_600)

    /// How long a code for the chat is good.
    public var handoffLifetime = Duration.seconds(60)

    /// How long the old secret of a rotated token stays good, when the call names no overlap.
    public var rotationOverlap = Duration.seconds(24 * 3_600)

    /// Peers whose `X-Forwarded-For` and `X-Keeptrusts-Client` are believed: the console and the chat.
    public var trustedPeers = TrustedPeers.loopback

    /// How long the database may take for the write by which `/health` and `/readyz` try it.
    public var healthPatience = Duration.seconds(2)

    public init(version: String) { self.version = version }
}

extension SHA256 {
    /// The hash of a text's UTF-8, in hexadecimal digits.
    static func hexDigest(_ text: String) -> String {
        hash(data: Data(text.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0\(digits)" : digits
        }.joined()
    }
}
