import KeeptrustsAPI
import KeeptrustsCore
import Testing

@testable import KeeptrustsStorage

struct InjectionTests {
    static let texts = [
        "'; DROP TABLE decision_event; --", "x' OR '1'='1", "\" OR 1=1 --", "$1", "${1}", "?", ":name", "@p", "\\'; --",
        "E'\\''", "$$; DELETE FROM token; $$", "%", "_", "!%", "a\u{301}", "😀", "\u{FEFF}", "line\nbreak\r\ttab",
        "{a,\"b\\\"}", "NULL", "/* */",
    ]

    @Test("A text is only ever a text, in what is written and in what is asked", arguments: Engine.available)
    func roundTrips(engine: Engine) async throws {
        let database = try await engine.makeSample()

        for (number, text) in Self.texts.enumerated() {
            let event = Self.event(number, text)
            try await database.write { db in
                try Self.write(text, number, db)
                _ = try db.ingest([event], from: "gw_1", in: "org_1", at: second(1))
            }
            let found = try await database.read { try Self.finds(text, number, event, $0) }
            #expect(found == Array(repeating: true, count: found.count), "\(text)")
        }

        let counts = try await database.read { db in
            [
                try db.users(PageRequest(limit: 500), in: "org_1").items.count,
                try db.events(EventFilter(), PageRequest(limit: 500), in: "org_1").items.count,
                try db.tokens([.integration], PageRequest(limit: 500), in: "org_1", at: second(1)).items.count,
            ]
        }
        #expect(counts == [Self.texts.count + 1, Self.texts.count, Self.texts.count])
    }

    private static func event(_ number: Int, _ text: String) -> DecisionEvent {
        var event = DecisionEvent.sample(.init(rawValue: "evt_\(number)"), sequence: number)
        (event.model, event.requestID, event.userID, event.teamID) = (text, text, text, text)
        (event.consumerGroup, event.policy, event.reasonCode, event.provider) = (text, text, text, text)
        event.keyID = .init(rawValue: text)
        return event
    }

    private static func write(_ text: String, _ number: Int, _ db: any Transaction) throws {
        try db.insert(
            User(
                id: .init(rawValue: "user-\(number)"), email: "\(number)\(text)@b.c", name: text, created: second(0)),
            passwordHash: text, in: "org_1")
        try db.insert(Team(id: .init(rawValue: "team-\(number)"), name: text, created: second(0)), in: "org_1")
        var token = Token.sample(.init(rawValue: "token-\(number)"), .integration)
        (token.name, token.consumerGroup, token.allowedModels) = (text, text, [text])
        try db.insert(token, hash: hash(1_000 + number), in: "org_1")
        try db.set(text, to: text, in: "org_1")
        _ = try db.append(
            AuditRecord(
                id: .init(rawValue: "aud-\(number)"), time: second(0), actor: .init(.user, text), action: text,
                resource: text, details: [text: text]), in: "org_1", hash: { String($0.count) })
        try db.insert(
            Configuration(
                id: .init(rawValue: "cfg-\(number)"), name: text, latestVersion: 1, created: second(0),
                updated: second(0), createdBy: text),
            first: ConfigurationVersion(
                configurationID: .init(rawValue: "cfg-\(number)"), version: 1, yaml: text, digest: text, note: text,
                created: second(0), createdBy: text), in: "org_1")
    }

    /// Whether each query finds the one thing that was written with the text.
    private static func finds(
        _ text: String, _ number: Int, _ event: DecisionEvent, _ db: any Transaction
    ) throws -> [Bool] {
        let filters: [(inout EventFilter) -> Void] = [
            { $0.models = [text] }, { $0.requestID = text }, { $0.userID = text }, { $0.teamID = text },
            { $0.consumerGroup = text }, { $0.policy = text }, { $0.reasonCode = text }, { $0.providers = [text] },
            { $0.keyID = .init(rawValue: text) },
        ]
        let events = try filters.map { set in
            var filter = EventFilter()
            set(&filter)
            return try db.events(filter, PageRequest(), in: "org_1").items == [event]
        }
        var byText = EventFilter()
        byText.text = text
        return events + [
            try db.events(byText, PageRequest(limit: 500), in: "org_1").items.contains(event),
            try db.user(.init(rawValue: "user-\(number)"), in: "org_1")?.name == text,
            try db.users(PageRequest(limit: 500), text: text, in: "org_1").items.contains { $0.name == text },
            try db.team(.init(rawValue: "team-\(number)"), in: "org_1")?.name == text,
            try db.token(.init(rawValue: "token-\(number)"), in: "org_1", at: second(2))?.allowedModels == [text],
            try db.setting(text, in: "org_1") == text,
            try db.auditRecords(action: text, PageRequest(), in: "org_1").items.map(\.details) == [[text: text]],
            try db.version(1, of: .init(rawValue: "cfg-\(number)"), in: "org_1")?.yaml == text,
        ]
    }

    @Test("An id that is a piece of SQL finds nothing", arguments: Engine.available)
    func ids(engine: Engine) async throws {
        let database = try await engine.makeSample()

        for text in Self.texts {
            let found = try await database.read { db in
                [
                    try db.user(.init(rawValue: text), in: "org_1") == nil,
                    try db.user("user_1", in: .init(rawValue: text)) == nil,
                    try db.event(.init(rawValue: text), in: "org_1") == nil,
                    try db.tokenHolder(hash: text, at: second(1)) == nil,
                    try db.sessionHolder(hash: text, at: second(1)) == nil,
                    try db.signInCandidates(email: text).isEmpty,
                    try db.gaps(of: .init(rawValue: text), in: "org_1").isEmpty,
                ]
            }
            #expect(found == Array(repeating: true, count: 7), "\(text)")
        }
    }
}
