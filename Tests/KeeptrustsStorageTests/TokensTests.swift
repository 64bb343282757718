import KeeptrustsAPI
import KeeptrustsCore
import Testing

@testable import KeeptrustsStorage

struct TokensTests {
    private func key(
        _ hash: String, _ status: KeySet.Key.Status = .active, until: Timestamp? = nil
    ) -> KeySet.Key {
        KeySet.Key(
            id: "token_1", hash: hash, status: status, expiresAt: until, allowedModels: ["gpt-4o", "a\"b"],
            consumerGroup: "gold", mayAssertIdentity: true)
    }

    @Test("A token comes back as it was saved, by id, by hash and in lists", arguments: Engine.available)
    func roundTrip(engine: Engine) async throws {
        let database = try await engine.makeSample()
        var token = Token.sample()
        token.userID = "user_1"
        token.gatewayID = "gw_1"
        token.expiresAt = second(100)
        let saved = token

        try await database.write { try $0.insert(saved, hash: hash(1), in: "org_1") }

        let (byID, byHash, listed, others) = try await database.read { db in
            (
                try db.token("token_1", in: "org_1", at: second(9)), try db.tokenHolder(hash: hash(1), at: second(9)),
                try db.tokens([.general], PageRequest(), in: "org_1", at: second(9)),
                try db.tokens([.chat, .integration], PageRequest(), in: "org_1", at: second(9))
            )
        }
        #expect(byID == saved)
        #expect(byHash == TokenHolder(organisationID: "org_1", token: saved))
        #expect(listed == Page(items: [saved]))
        #expect(others == Page(items: []))
    }

    @Test("A token that has expired is no one's", arguments: Engine.available)
    func expiry(engine: Engine) async throws {
        let database = try await engine.makeSample()
        var token = Token.sample()
        token.expiresAt = second(100)
        let saved = token
        try await database.write { try $0.insert(saved, hash: hash(1), in: "org_1") }

        let (holder, status, keys) = try await database.read { db in
            (
                try db.tokenHolder(hash: hash(1), at: second(100)),
                try db.token("token_1", in: "org_1", at: second(100))?.status,
                try db.keys(since: 0, in: "org_1", at: second(100)).keys
            )
        }
        #expect(holder == nil)
        #expect(status == .expired)
        #expect(keys == [])
    }

    @Test("After a rotation both secrets are good until the overlap ends", arguments: Engine.available)
    func rotation(engine: Engine) async throws {
        let database = try await engine.makeSample()
        try await database.write { try $0.insert(.sample(), hash: hash(1), in: "org_1") }

        let rotated = try await database.write { db in
            try db.rotate(
                "token_1", to: hash(2), prefix: "kt_gk_cd", overlapEnd: second(60), in: "org_1", at: second(10))
        }
        let good = try await database.read { db in
            try [(1, 59), (1, 60), (2, 59), (2, 60)].map { number, time in
                try db.tokenHolder(hash: hash(number), at: second(time)) != nil
            }
        }

        #expect(rotated?.prefix == "kt_gk_cd")
        #expect(rotated?.previousSecretUntil == second(60))
        #expect(good == [true, false, true, true])
    }

    @Test(
        "A second rotation ends the oldest secret at once, one without overlap every other", arguments: Engine.available
    )
    func rotations(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let good = try await database.write { db in
            try db.insert(.sample(), hash: hash(1), in: "org_1")
            _ = try db.rotate("token_1", to: hash(2), prefix: "b", overlapEnd: second(60), in: "org_1", at: second(10))
            _ = try db.rotate("token_1", to: hash(3), prefix: "c", overlapEnd: second(60), in: "org_1", at: second(11))
            let between = try (1...3).map { try db.tokenHolder(hash: hash($0), at: second(12)) != nil }
            _ = try db.rotate("token_1", to: hash(4), prefix: "d", overlapEnd: second(13), in: "org_1", at: second(13))
            return between + (try (1...4).map { try db.tokenHolder(hash: hash($0), at: second(13)) != nil })
        }

        #expect(good == [false, true, true, false, false, false, true])
    }

    @Test("A revoked token stays revoked: it is neither rotated nor revoked again", arguments: Engine.available)
    func revocation(engine: Engine) async throws {
        let database = try await engine.makeSample()
        try await database.write { try $0.insert(.sample(), hash: hash(1), in: "org_1") }

        let first = try await database.write { try $0.revoke("token_1", in: "org_1", at: second(5)) }
        let again = try await database.write { try $0.revoke("token_1", in: "org_1", at: second(6)) }
        let rotated = try await database.write { db in
            try db.rotate(
                "token_1", to: hash(2), prefix: "b", overlapEnd: second(60), in: "org_1",
                at: second(7))
        }
        let (holder, token) = try await database.read { db in
            (
                try db.tokenHolder(hash: hash(1), at: second(8)),
                try db.token("token_1", in: "org_1", at: second(8))
            )
        }

        #expect([first, again] == [true, false])
        #expect(rotated == nil)
        #expect(holder == nil)
        #expect(token?.status == .revoked)
        #expect(token?.revokedAt == second(5))
    }

    @Test("A gateway gets exactly what changed since it last asked", arguments: Engine.available)
    func changes(engine: Engine) async throws {
        let database = try await engine.makeSample()
        func keys(since generation: Int, _ org: Identifier<Organisation> = "org_1") async throws -> KeyChanges {
            try await database.read { try $0.keys(since: generation, in: org, at: second(20)) }
        }

        let before = try await keys(since: 0)
        try await database.write { try $0.insert(.sample(), hash: hash(1), in: "org_1") }
        let created = try await keys(since: before.generation)
        let full = try await keys(since: 0)
        _ = try await database.write { db in
            try db.rotate("token_1", to: hash(2), prefix: "b", overlapEnd: second(60), in: "org_1", at: second(10))
        }
        let rotated = try await keys(since: full.generation)
        _ = try await database.write { try $0.revoke("token_1", in: "org_1", at: second(11)) }
        let revoked = try await keys(since: rotated.generation)
        let quiet = try await keys(since: revoked.generation)
        let unknown = try await keys(since: revoked.generation + 1)

        #expect(before == KeyChanges(generation: 0, isFull: true, keys: []))
        #expect(created.keys == [key(hash(1))])
        #expect(full.isFull && full.keys == [key(hash(1))])
        #expect(!rotated.isFull)
        #expect(rotated.keys == [key(hash(1), until: second(60)), key(hash(2))])
        #expect(revoked.keys == [key(hash(1), .revoked, until: second(60)), key(hash(2), .revoked)])
        #expect(quiet == KeyChanges(generation: 3, isFull: false, keys: []))
        #expect(unknown == KeyChanges(generation: 3, isFull: true, keys: []))
        #expect(try await keys(since: 0, "org_2") == KeyChanges(generation: 0, isFull: true, keys: []))
    }

    @Test("Tokens that gateways do not accept from callers change nothing for them", arguments: Engine.available)
    func otherPurposes(engine: Engine) async throws {
        let database = try await engine.makeSample()

        try await database.write { db in
            try db.insert(.sample("token_1", .integration), hash: hash(1), in: "org_1")
            try db.insert(.sample("token_2", .gatewayRuntime), hash: hash(2), in: "org_1")
            try db.insert(.sample("token_3", .chat), hash: hash(3), in: "org_1")
            _ = try db.revoke("token_1", in: "org_1", at: second(5))
        }

        let changes = try await database.read { try $0.keys(since: 0, in: "org_1", at: second(6)) }
        #expect(changes.generation == 1)
        #expect(changes.keys.map(\.id) == ["token_3"])
    }

    @Test("Changes at the same time each get a generation of their own", arguments: Engine.available)
    func concurrentChanges(engine: Engine) async throws {
        let database = try await engine.makeSample(connections: 3)

        try await withThrowingTaskGroup { group in
            for number in 1...12 {
                group.addTask {
                    try await database.write { db in
                        try db.insert(.sample(.init(rawValue: "token_\(number)")), hash: hash(number), in: "org_1")
                    }
                }
            }
            try await group.waitForAll()
        }

        let changes = try await database.read { try $0.keys(since: 0, in: "org_1", at: second(6)) }
        #expect(changes.generation == 12)
        let late = try await database.read { try $0.keys(since: 11, in: "org_1", at: second(6)) }
        #expect(late.keys.count == 1)
    }

    @Test("A runtime token speaks for one gateway only", arguments: Engine.available)
    func binding(engine: Engine) async throws {
        let database = try await engine.makeSample()
        try await database.write { db in
            try db.insert(.sample("token_1", .gatewayRuntime), hash: hash(1), in: "org_1")
            try db.register(.sample("gw_2"), in: "org_1")
        }

        let bound = try await database.write { db in
            [
                try db.bind("token_1", to: "gw_1", in: "org_1"), try db.bind("token_1", to: "gw_1", in: "org_1"),
                try db.bind("token_1", to: "gw_2", in: "org_1"), try db.bind("token_9", to: "gw_1", in: "org_1"),
            ]
        }

        #expect(bound == [true, true, false, false])
    }

    @Test("Keys of the chat that ended long ago are removed", arguments: Engine.available)
    func chatTokens(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let removed = try await database.write { db in
            for (number, purpose) in [Token.Purpose.chat, .chat, .general].enumerated() {
                var token = Token.sample(.init(rawValue: "token_\(number)"), purpose)
                token.expiresAt = second(Int64(10 * (number + 1)))
                try db.insert(token, hash: hash(number), in: "org_1")
            }
            return try db.removeChatTokens(endedBefore: second(20), in: "org_1")
        }

        let left = try await database.read {
            try $0.tokens(Token.Purpose.allCases, PageRequest(), in: "org_1", at: second(5))
        }
        #expect(removed == 1)
        #expect(left.items.map(\.id) == ["token_2", "token_1"])
    }
}
