import KeeptrustsAPI
import KeeptrustsCore
import Testing

@testable import KeeptrustsStorage

/// Everything is in `org_1`, and `org_2` asks for it by its ids.
struct IsolationTests {
    private static func fill(_ db: any Transaction) throws {
        try db.insert(Organisation.one)
        try db.insert(Organisation.two)
        try db.insert(.sample(), in: "org_1")
        try db.insert(Team(id: "team_1", name: "Research", created: second(0)), in: "org_1")
        try db.add("user_1", to: "team_1", in: "org_1")
        try db.setRoles(["owner"], of: .team, "team_1", in: "org_1", at: second(0))
        try db.setRoles(["editor"], of: .token, "token_1", in: "org_1", at: second(0))
        try db.register(.sample(), in: "org_1")
        var token = Token.sample()
        token.userID = "user_1"
        try db.insert(token, hash: hash(1), in: "org_1")
        try db.insert(
            Session(id: "ses_1", userID: "user_1", client: .chat, created: second(0), expiresAt: second(99)),
            hash: hash(2), in: "org_1")
        let version = ConfigurationVersion(
            configurationID: "cfg_1", version: 1, yaml: "a", digest: "d", note: "", created: second(0),
            createdBy: "user_1")
        try db.insert(
            Configuration(
                id: "cfg_1", name: "main", latestVersion: 1, created: second(0), updated: second(0),
                createdBy: "user_1"), first: version, in: "org_1")
        try db.assign(
            ConfigurationAssignment(
                gatewayID: nil, configurationID: "cfg_1", version: 1, created: second(0), createdBy: "user_1"),
            in: "org_1")
        try db.set("secret", to: "x", in: "org_1")
        var ended = DecisionEvent.sample("evt_1", sequence: 1)
        ended.retentionDays = 1
        _ = try db.ingest(
            [ended, .sample("evt_2", sequence: 5)], from: "gw_1", in: "org_1",
            at: Timestamp(rawValue: 1_577_836_800_000_000))
        _ = try db.append(
            AuditRecord(id: "aud_1", time: second(0), actor: .init(.system, "kt"), action: "a.b"), in: "org_1",
            hash: { String($0.count) })
    }

    @Test("No query finds what belongs to another organisation", arguments: Engine.available)
    func reads(engine: Engine) async throws {
        let database = try await engine.makeDatabase()
        try await database.write(Self.fill)

        for (org, expected) in [("org_1", 1), ("org_2", 0)] as [(Identifier<Organisation>, Int)] {
            let found = try await database.read { try Self.finds(in: org, $0) }
            for (query, count) in found { #expect(min(count, 1) == expected, "\(query) of \(org.rawValue)") }
        }
    }

    /// How much each query finds.
    private static func finds(in org: Identifier<Organisation>, _ db: any Transaction) throws -> [(String, Int)] {
        let (page, now) = (PageRequest(), second(10))
        var filter = EventFilter()
        (filter.since, filter.until) = (second(0), second(60))
        return [
            ("user", try db.user("user_1", in: org) == nil ? 0 : 1), ("users", try db.users(page, in: org).items.count),
            ("users by text", try db.users(page, text: "ada", in: org).items.count),
            ("team", try db.team("team_1", in: org) == nil ? 0 : 1), ("teams", try db.teams(page, in: org).items.count),
            ("teams of user", try db.teams(of: "user_1", in: org).count),
            ("effective roles", try db.effectiveRoles(of: "user_1", in: org).count),
            ("roles of token", try db.roles(of: "token_1", in: org).count),
            ("assignments of role", try db.assignments(of: "owner", in: org).count),
            ("holders", try db.activeHolders(of: .admin, in: org)),
            ("sessions", try db.sessions(of: "user_1", in: org, at: now).count),
            ("token", try db.token("token_1", in: org, at: now) == nil ? 0 : 1),
            ("tokens", try db.tokens(Token.Purpose.allCases, page, in: org, at: now).items.count),
            ("keys", try db.keys(since: 0, in: org, at: now).keys.count),
            ("generation", try db.keyGeneration(in: org)),
            ("gateway", try db.gateway("gw_1", in: org, at: now) == nil ? 0 : 1),
            ("gateways", try db.gateways(page, in: org, at: now).items.count),
            ("configuration", try db.configuration("cfg_1", in: org) == nil ? 0 : 1),
            ("configurations", try db.configurations(page, in: org).items.count),
            ("version", try db.version(1, of: "cfg_1", in: org) == nil ? 0 : 1),
            ("versions", try db.versions(of: "cfg_1", page, in: org).items.count),
            ("assignments", try db.assignments(in: org).count),
            ("assigned config", try db.assignedConfig(for: "gw_1", in: org) == nil ? 0 : 1),
            ("assigned digest", try db.assignedDigest(for: "gw_1", in: org) == nil ? 0 : 1),
            ("setting", try db.setting("secret", in: org) == nil ? 0 : 1),
            ("event", try db.event("evt_1", in: org) == nil ? 0 : 1),
            ("events", try db.events(EventFilter(), page, in: org).items.count),
            ("gaps", try db.gaps(of: "gw_1", in: org).count),
            ("summary", try db.eventSummary(filter, bucketSeconds: 60, in: org).total.exchanges),
            ("cost", try db.eventSummary(filter, bucketSeconds: 60, in: org).cost.count),
            ("audit", try db.auditRecords(page, in: org).items.count),
        ]
    }

    @Test("No change reaches what belongs to another organisation", arguments: Engine.available)
    func writes(engine: Engine) async throws {
        let database = try await engine.makeDatabase()
        try await database.write(Self.fill)
        let heartbeat = Heartbeat(
            gatewayID: "gw_1", instanceID: "x", config: ConfigReference(name: "x", version: "x", digest: "x"),
            counters: .init())
        let version = ConfigurationVersion(
            configurationID: "cfg_1", version: 2, yaml: "x", digest: "x", note: "", created: second(0), createdBy: "x")
        let before = try await database.read { try Self.image(of: $0) }

        let changed = try await database.write { db in
            [
                try db.update(User.Patch(name: "x", state: .removed), of: "user_1", in: "org_2", at: second(9)),
                try db.setPasswordHash("x", of: "user_1", in: "org_2"),
                try db.remove("user_1", from: "team_1", in: "org_2"),
                try db.endSession("ses_1", in: "org_2"), try db.endSessions(of: "user_1", in: "org_2") > 0,
                try db.removeEnded(in: "org_2", before: second(999)) > 0,
                try db.revoke("token_1", in: "org_2", at: second(9)),
                try db.rotate("token_1", to: hash(9), prefix: "x", overlapEnd: second(99), in: "org_2", at: second(9))
                    != nil,
                try db.bind("token_1", to: "gw_1", in: "org_2"),
                try db.record(heartbeat, of: "gw_1", in: "org_2", at: second(9)),
                try db.update(Gateway.Patch(name: "x"), of: "gw_1", in: "org_2"),
                try db.update(Configuration.Patch(name: "x"), of: "cfg_1", in: "org_2"),
                try db.append(version, after: 1, in: "org_2") != nil,
                try db.removeConfiguration("cfg_1", in: "org_2"),
                try db.removeEndedEvents(in: "org_2") > 0,
            ]
        }
        try await database.write { db in
            try db.touch(["token_1"], in: "org_2", at: second(9))
            try db.touch("ses_1", in: "org_2", at: second(9))
            try db.recordSignIn(of: "user_1", in: "org_2", at: second(9))
            try db.setRoles([], of: .team, "team_1", in: "org_2", at: second(9))
        }

        #expect(changed == Array(repeating: false, count: 15))
        #expect(try await database.read { try Self.image(of: $0) } == before)
    }

    @Test("Nothing may refer to what belongs to another organisation", arguments: Engine.available)
    func references(engine: Engine) async throws {
        let database = try await engine.makeDatabase()
        try await database.write(Self.fill)
        let session = Session(
            id: "ses_2", userID: "user_1", client: .chat, created: second(0), expiresAt: second(99))
        let assignment = ConfigurationAssignment(
            gatewayID: nil, configurationID: "cfg_1", version: 1, created: second(0), createdBy: "x")
        let bodies: [@Sendable (any Transaction) throws -> Void] = [
            { try $0.insert(session, hash: hash(8), in: "org_2") },
            { try $0.add("user_1", to: "team_1", in: "org_2") },
            { try $0.assign(assignment, in: "org_2") },
            { db in
                var token = Token.sample("token_2")
                token.teamID = "team_1"
                try db.insert(token, hash: hash(8), in: "org_2")
            },
        ]

        for body in bodies {
            let error = await #expect(throws: StorageError.self) { try await database.write(body) }
            #expect(error?.kind == .missingReference)
        }
    }

    /// All that `org_1` has, in one text.
    private static func image(of db: any Transaction) throws -> String {
        let page = PageRequest()
        let parts: [Any?] = [
            try db.user("user_1", in: "org_1"), try db.teams(of: "user_1", in: "org_1"),
            try db.signInCandidates(email: "ada@example.com"), try db.effectiveRoles(of: "user_1", in: "org_1"),
            try db.sessions(of: "user_1", in: "org_1", at: second(10)),
            try db.token("token_1", in: "org_1", at: second(10)),
            try db.keys(since: 0, in: "org_1", at: second(10)), try db.gateway("gw_1", in: "org_1", at: second(10)),
            try db.configurations(page, in: "org_1"), try db.versions(of: "cfg_1", page, in: "org_1"),
            try db.assignments(in: "org_1"), try db.events(EventFilter(), page, in: "org_1"),
        ]
        return parts.map { "\($0 as Any)" }.joined(separator: "\n")
    }
}
