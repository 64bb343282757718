import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb
import Logging
import NIOCore
import NIOFoundationCompat
import Synchronization
import Testing

@testable import KeeptrustsControlPlane

/// A control plane in memory with two organisations that hold the same kinds of things.
struct Fixture: Sendable {
    let plane: Plane
    let clock: Clock
    let log = LogBook()
    private let responder: RouterResponder<APIContext>
    let ours: Tenant
    let theirs: Tenant

    /// A clock that moves when it is told to.
    final class Clock: Sendable {
        private let time = Mutex(Timestamp(rawValue: 1_790_000_000_000_000))

        var now: Timestamp { time.withLock { $0 } }

        func advance(_ duration: Duration) {
            time.withLock { $0 = $0.advanced(by: duration) }
        }
    }

    /// One organisation's people, tokens and things.
    struct Tenant: Sendable {
        var organisation: Organisation
        var users: [SeededRole: User] = [:]
        var sessions: [SeededRole: (id: Identifier<Session>, secret: Secret)] = [:]
        var gateway: Identifier<Gateway>
        var runtime = TokenSecret.mint(.gatewayRuntime)
        var freshRuntime = TokenSecret.mint(.gatewayRuntime)
        var gatewayKey = TokenSecret.mint(.gatewayKey)
        var gatewayKeyID: Identifier<Token>
        var powerless = TokenSecret.mint(.integration)
        var reader = TokenSecret.mint(.integration)
        var configuration: Identifier<Configuration>
        var event: DecisionEvent

        func session(_ role: SeededRole) -> Secret { sessions[role]?.secret ?? Secret("") }
        func user(_ role: SeededRole) -> Identifier<User> { users[role]?.id ?? "none" }
    }

    static let password = "correct horse battery"

    /// Everybody's, because making one takes long on purpose.
    private static let passwordHash = Task { try await PasswordHasher().hash(Secret(password)) }

    /// Makes both, with a check that says what is wrong with a configuration.
    init(checking check: @escaping @Sendable (String) -> [Validation.Diagnostic] = Fixture.validate) async throws {
        let clock = Clock()
        let database = try SQLiteDatabase()
        try await database.migrate()
        let key = try ServerKey(bytes: Data(repeating: 7, count: 32))
        var settings = ControlPlaneSettings(version: "1.2.3")
        // A thousand other tests may run at the same time.
        settings.healthPatience = .seconds(60)
        plane = Plane(
            database: database, key: key, settings: settings,
            check: ConfigurationCheck(check), now: { clock.now }, hasher: PasswordHasher())
        self.clock = clock
        responder = plane.router().buildResponder()
        ours = try await Self.tenant("ours", plane)
        theirs = try await Self.tenant("theirs", plane)
    }

    /// The same, with another database.
    func with(_ database: any Database) -> Fixture {
        Fixture(
            plane: Plane(
                database: database, key: plane.key, settings: plane.settings, check: plane.check, now: plane.now,
                hasher: plane.hasher),
            clock: clock, ours: ours, theirs: theirs)
    }

    private init(plane: Plane, clock: Clock, ours: Tenant, theirs: Tenant) {
        (self.plane, self.clock, self.ours, self.theirs) = (plane, clock, ours, theirs)
        responder = plane.router().buildResponder()
    }

    /// A text is wrong when it says so.
    static let validate: @Sendable (String) -> [Validation.Diagnostic] = { yaml in
        guard yaml.contains("wrong") else { return [] }
        return [
            .init(
                severity: .error, code: "config.unknown_key", message: "unknown key 'wrong'.", hint: "remove it",
                line: 1,
                column: 1)
        ]
    }

    private static func tenant(_ name: String, _ plane: Plane) async throws -> Tenant {
        let now = plane.now()
        let organisation = Organisation(id: plane.makeID("org"), name: name, created: now)
        let gateway: Identifier<Gateway> = plane.makeID("gw")
        var tenant = Tenant(
            organisation: organisation, gateway: gateway, gatewayKeyID: plane.makeID("tok"),
            configuration: plane.makeID("cfg"), event: Self.event(plane.makeID("evt"), gateway, at: now))
        for role in SeededRole.allCases {
            tenant.users[role] = User(
                id: plane.makeID("usr"), email: "\(role.rawValue)@\(name).example", name: role.rawValue,
                roles: [role.rawValue], created: now)
            tenant.sessions[role] = (plane.makeID("ses"), TokenSecret.mint(.session))
        }
        let (made, org) = (tenant, organisation.id)
        let hash = try await passwordHash.value
        try await plane.database.write { transaction in
            try transaction.insert(organisation)
            for (role, user) in made.users {
                try transaction.insert(user, passwordHash: hash, in: org)
                guard let (id, secret) = made.sessions[role] else { continue }
                let session = Session(
                    id: id, userID: user.id, client: .console, created: now,
                    expiresAt: now.advanced(by: .seconds(3_600)))
                try transaction.insert(session, hash: plane.key.hash(secret), in: org)
            }
            try transaction.register(Self.gateway(gateway, at: now), in: org)
            let tokens: [(Identifier<Token>, Token.Purpose, Secret, Identifier<Gateway>?)] = [
                (made.gatewayKeyID, .general, made.gatewayKey, nil),
                (plane.makeID("tok"), .gatewayRuntime, made.runtime, gateway),
                (plane.makeID("tok"), .gatewayRuntime, made.freshRuntime, nil),
                (plane.makeID("tok"), .integration, made.powerless, nil),
                (plane.makeID("tok"), .integration, made.reader, nil),
            ]
            for (id, purpose, secret, gateway) in tokens {
                let token = Token(
                    id: id, name: purpose.rawValue, purpose: purpose, prefix: TokenSecret.preview(secret), created: now,
                    createdBy: "test", gatewayID: gateway)
                try transaction.insert(token, hash: plane.hash(secret, purpose: purpose, in: org), in: org)
            }
            try transaction.setRoles(["viewer"], of: .token, tokens[4].0.rawValue, in: org, at: now)
            let configuration = Configuration(
                id: made.configuration, name: "default", latestVersion: 1, created: now, updated: now, createdBy: "test"
            )
            let version = ConfigurationVersion(
                configurationID: made.configuration, version: 1, yaml: "pack: 1", digest: "d1", note: "", created: now,
                createdBy: "test")
            try transaction.insert(configuration, first: version, in: org)
            _ = try transaction.ingest([made.event], from: gateway, in: org, at: now)
        }
        return tenant
    }

    static func gateway(_ id: Identifier<Gateway>, at now: Timestamp) -> Gateway {
        Gateway(
            id: id, name: "one", advertiseAddr: "gateway.example.com:41002", listenAddr: "0.0.0.0:41002", version: "1",
            mode: .managed, instanceID: "i-1", config: ConfigReference(name: "default", version: "1", digest: "d1"),
            created: now, lastSeen: now)
    }

    static func event(
        _ id: Identifier<DecisionEvent>, _ gateway: Identifier<Gateway>, sequence: Int = 1, at time: Timestamp
    ) -> DecisionEvent {
        DecisionEvent(
            id: id, sequence: sequence, gatewayID: gateway, time: time, requestID: "req_\(sequence)",
            surface: "chat_completions", model: "gpt-4o", config: .init(name: "default", version: "1", digest: "d1"),
            verdict: .redact,
            findings: [.init(policy: "pii", category: "email", phase: .request, segment: 0, start: 0, end: 5)],
            timings: .init(totalUS: 1_000))
    }
}

extension Fixture {
    struct Reply: Sendable {
        var status: Int
        var headers: HTTPFields
        var body: ByteBuffer

        var text: String { String(buffer: body) }

        func value<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
            try JSONDecoder().decode(Value.self, from: body)
        }

        /// The `code` of an error.
        var code: String? { try? value(ErrorEnvelope.self).error.code }
    }

    /// Sends a request to the API in memory; whatever comes back must be as the API's description says.
    func send(
        _ method: HTTPRequest.Method, _ target: String, as secret: Secret? = nil, _ json: String? = nil,
        headers: HTTPFields = [:]
    ) async throws -> Reply {
        var headers = headers
        if let secret { headers[.authorization] = "Bearer \(secret.reveal())" }
        if json != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
        let (fields, body, log) = (headers, json.map { ByteBuffer(string: $0) }, log)
        let application = Application(responder: responder, logger: log.logger)
        let reply = try await application.test(.router) { client in
            let response = try await client.execute(uri: target, method: method, headers: fields, body: body)
            return Reply(status: response.status.code, headers: response.headers, body: response.body)
        }
        try Description.check(method, target, reply)
        return reply
    }
}

/// Keeps everything that is logged.
final class LogBook: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    var logger: Logger { Logger(label: "test") { _ in Handler(book: self) } }

    private struct Handler: LogHandler {
        let book: LogBook
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            book.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:]) \(metadata)") }
        }
    }
}
