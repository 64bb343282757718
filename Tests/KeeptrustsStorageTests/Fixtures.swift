import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage

/// Moments that tests name: seconds after 2026-01-01.
func second(_ seconds: Int64) -> Timestamp { Timestamp(rawValue: 1_767_225_600_000_000 + seconds * 1_000_000) }

/// A hash of 64 digits that differs by number.
func hash(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 64 - digits.count) + digits
}

extension Organisation {
    static let one = Organisation(id: "org_1", name: "One", created: second(0))
    static let two = Organisation(id: "org_2", name: "Two", created: second(0))
}

extension User {
    static func sample(_ id: Identifier<User> = "user_1", email: String = "ada@example.com") -> User {
        User(id: id, email: email, name: "Ada", roles: ["admin", "viewer"], created: second(0))
    }
}

extension Token {
    static func sample(_ id: Identifier<Token> = "token_1", _ purpose: Purpose = .general) -> Token {
        Token(
            id: id, name: "App", purpose: purpose, prefix: "kt_gk_ab", created: second(1), createdBy: "user_1",
            allowedModels: ["gpt-4o", "a\"b"], consumerGroup: "gold", mayAssertIdentity: true)
    }
}

extension Gateway {
    static func sample(_ id: Identifier<Gateway> = "gw_1") -> Gateway {
        Gateway(
            id: id, name: "edge", advertiseAddr: "gateway.example.com:41002", listenAddr: "0.0.0.0:41002",
            version: "0.1.0", mode: .managed, instanceID: "instance-1",
            config: ConfigReference(name: "main", version: "3", digest: "abc"), created: second(0),
            lastSeen: second(0))
    }
}

extension DecisionEvent {
    static func sample(
        _ id: Identifier<DecisionEvent> = "evt_1", sequence: Int = 1, time: Timestamp = second(10),
        verdict: Verdict? = .redact, flagged: Bool = false, model: String = "gpt-4o", outcome: Outcome = .completed
    ) -> DecisionEvent {
        DecisionEvent(
            id: id, sequence: sequence, gatewayID: "gw_1", time: time, requestID: "req-\(id.rawValue)",
            keyID: "token_1", userID: "ada", teamID: "research", consumerGroup: "gold", surface: "chat_completions",
            stream: true, model: model, responseModel: "gpt-4o-2024", target: "openai-main", provider: "openai",
            config: ConfigReference(name: "main", version: "3", digest: "abc"), verdict: verdict, flagged: flagged,
            policy: "pii-detector", reasonCode: "pii_detector.redacted", outcome: outcome, status: 200,
            policies: [
                PolicyResult(
                    id: "pii-detector", kind: "pii-detector", phase: .request, verdict: verdict ?? .allow,
                    reasonCode: "pii_detector.redacted")
            ],
            findings: [
                Finding(
                    policy: "pii-detector", category: "email", phase: .request, segment: 0, start: 3, end: 9,
                    confidence: 0.75)
            ],
            attempts: [Attempt(target: "openai-main", status: 200, durationUS: 1_200)],
            usage: Usage(inputTokens: 12, outputTokens: 34, cachedInputTokens: 2),
            cost: Money(micros: 1_500, currency: "USD"),
            timings: Timings(totalUS: 2_000, upstreamUS: 1_500, firstByteUS: 900, policyUS: 40))
    }
}

extension Engine {
    /// A database with two organisations, each with a user `user_1` and a gateway `gw_1`.
    func makeSample(connections: Int = 1) async throws -> any KeeptrustsStorage.Database {
        let database = try await makeDatabase(connections: connections)
        try await database.write { db in
            for organisation in [Organisation.one, .two] {
                try db.insert(organisation)
                try db.insert(.sample(), passwordHash: "hash of \(organisation.name)", in: organisation.id)
                try db.register(.sample(), in: organisation.id)
            }
        }
        return database
    }
}
