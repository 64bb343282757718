import KeeptrustsAPI
import KeeptrustsCore
import Testing

@testable import KeeptrustsStorage

struct SignInTests {
    private let session = Session(
        id: "ses_1", userID: "user_1", client: .console, created: second(0), expiresAt: second(100),
        remoteAddress: "::1", userAgent: "curl")

    @Test("A session is known by its secret's hash until it ends", arguments: Engine.available)
    func session(engine: Engine) async throws {
        let database = try await engine.makeSample()

        try await database.write { try $0.insert(session, hash: hash(1), in: "org_1") }

        let (good, ended, unknown) = try await database.read { db in
            (
                try db.sessionHolder(hash: hash(1), at: second(99)),
                try db.sessionHolder(hash: hash(1), at: second(100)),
                try db.sessionHolder(hash: hash(2), at: second(1))
            )
        }
        #expect(good == SessionHolder(organisationID: "org_1", session: session))
        #expect(ended == nil)
        #expect(unknown == nil)
        #expect(try await database.write { try $0.endSession("ses_1", in: "org_1") })
        #expect(try await database.read { try $0.sessionHolder(hash: hash(1), at: second(1)) } == nil)
    }

    @Test("A session's last use is noted once a minute", arguments: Engine.available)
    func touch(engine: Engine) async throws {
        let database = try await engine.makeSample()
        try await database.write { try $0.insert(session, hash: hash(1), in: "org_1") }

        var seen: [Timestamp?] = []
        for now in [second(1), second(30), second(62)] {
            try await database.write { try $0.touch("ses_1", in: "org_1", at: now) }
            seen.append(try await database.read { try $0.sessions(of: "user_1", in: "org_1", at: now)[0].lastSeen })
        }

        #expect(seen == [second(1), second(1), second(62)])
    }

    @Test("What has ended is removed", arguments: Engine.available)
    func removal(engine: Engine) async throws {
        let database = try await engine.makeSample()
        try await database.write { db in
            try db.insert(session, hash: hash(1), in: "org_1")
            try db.insert(
                Handoff(
                    id: "hof_1", userID: "user_1", sessionID: "ses_1", codeChallenge: String(repeating: "c", count: 43),
                    created: second(0), expiresAt: second(60)),
                hash: hash(2), in: "org_1")
            try db.insert(
                SignInLink(id: "sil_1", userID: "user_1", created: second(0), expiresAt: second(200)), hash: hash(3),
                in: "org_1")
        }

        #expect(try await database.write { try $0.removeEnded(in: "org_1", before: second(59)) } == 0)
        #expect(try await database.write { try $0.removeEnded(in: "org_2", before: second(500)) } == 0)
        #expect(try await database.write { try $0.removeEnded(in: "org_1", before: second(100)) } == 2)
        #expect(try await database.write { try $0.removeEnded(in: "org_1", before: second(200)) } == 1)
    }

    @Test("A sign-in link works once, however many try at the same time", arguments: Engine.available)
    func link(engine: Engine) async throws {
        let database = try await engine.makeSample(connections: 3)
        let link = SignInLink(id: "sil_1", userID: "user_1", created: second(0), expiresAt: second(100))
        try await database.write { try $0.insert(link, hash: hash(1), in: "org_1") }

        let late = try await database.write { try $0.redeemSignInLink(hash: hash(1), at: second(100))?.link }
        let redeemed = try await withThrowingTaskGroup(of: (Identifier<Organisation>, SignInLink)?.self) { group in
            for _ in 0..<8 {
                group.addTask { try await database.write { try $0.redeemSignInLink(hash: hash(1), at: second(50)) } }
            }
            var found: [(org: Identifier<Organisation>, link: SignInLink)] = []
            for try await case let next? in group { found.append((next.0, next.1)) }
            return found
        }

        #expect(late == nil)
        #expect(redeemed.map(\.org) == ["org_1"])
        #expect(redeemed.first?.link.userID == "user_1")
        #expect(redeemed.first?.link.usedAt == second(50))
    }

    @Test("A handoff works once and not after its end", arguments: Engine.available)
    func handoff(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let handoff = Handoff(
            id: "hof_1", userID: "user_1", sessionID: "ses_1", codeChallenge: String(repeating: "c", count: 43),
            created: second(0), expiresAt: second(60))
        try await database.write { db in
            try db.insert(session, hash: hash(1), in: "org_1")
            try db.insert(handoff, hash: hash(2), in: "org_1")
        }

        let answers = try await database.write { db in
            [
                try db.redeemHandoff(hash: hash(2), at: second(60)),
                try db.redeemHandoff(hash: hash(2), at: second(59)),
                try db.redeemHandoff(hash: hash(2), at: second(59)),
            ]
        }

        #expect(answers.map { $0?.handoff } == [nil, handoff, nil])
        #expect(answers[1]?.org == "org_1")
    }
}
