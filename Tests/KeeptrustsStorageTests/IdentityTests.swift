import KeeptrustsAPI
import KeeptrustsCore
import Testing

@testable import KeeptrustsStorage

struct IdentityTests {
    @Test("An organisation begins with the seeded roles", arguments: Engine.available)
    func organisation(engine: Engine) async throws {
        let database = try await engine.makeSample()

        let (organisation, all, roles) = try await database.read { db in
            (try db.organisation("org_1"), try db.organisations(), try db.roles(in: "org_1"))
        }
        let renamed = try await database.write { try $0.update(Organisation.Patch(name: "New"), of: "org_1") }

        #expect(organisation == .one)
        #expect(all == [.one, .two])
        #expect(
            roles.map(\.name) == [
                "admin", "billing_admin", "chat_user", "compliance", "editor", "owner", "reviewer", "viewer",
            ])
        #expect(roles.map(\.isSeeded) == Array(repeating: true, count: 8))
        #expect(renamed)
        #expect(try await database.read { try $0.organisation("org_1")?.name } == "New")
        #expect(try await database.write { try !$0.update(Organisation.Patch(name: "New"), of: "org_9") })
    }

    @Test("A setting's first value stays until it is changed", arguments: Engine.available)
    func settings(engine: Engine) async throws {
        let database = try await engine.makeSample()

        let values = try await database.write { db in
            [
                try db.setting("key", in: "org_1"), try db.establish("key", as: "a", in: "org_1"),
                try db.establish("key", as: "b", in: "org_1"), try db.setting("key", in: "org_2"),
            ]
        }
        try await database.write { try $0.set("key", to: "c", in: "org_1") }

        #expect(values == [nil, "a", "a", nil])
        #expect(try await database.read { try $0.setting("key", in: "org_1") } == "c")
    }

    @Test("A team comes back as it was saved, with its members", arguments: Engine.available)
    func teams(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let team = Team(id: "team_1", name: "Research", created: second(1))

        try await database.write { db in
            try db.insert(team, in: "org_1")
            try db.add("user_1", to: "team_1", in: "org_1")
            try db.add("user_1", to: "team_1", in: "org_1")
        }

        #expect(try await database.read { try $0.team("team_1", in: "org_1") } == team)
        #expect(try await database.read { try $0.team("team_2", in: "org_1") } == nil)
        #expect(try await database.read { try $0.teams(PageRequest(), in: "org_1") } == Page(items: [team]))
        #expect(try await database.read { try $0.teams(of: "user_1", in: "org_1") } == [team])
        #expect(try await database.write { try $0.remove("user_1", from: "team_1", in: "org_1") })
        #expect(try await database.read { try $0.teams(of: "user_1", in: "org_1") } == [])
    }

    @Test("A person comes back as they were saved", arguments: Engine.available)
    func user(engine: Engine) async throws {
        let database = try await engine.makeSample()

        try await database.write { db in
            try db.recordSignIn(of: "user_1", in: "org_1", at: second(9))
            try db.setPasswordHash("new", of: "user_1", in: "org_1")
        }
        var expected = User.sample()
        expected.lastSignIn = second(9)

        #expect(try await database.read { try $0.user("user_1", in: "org_1") } == expected)
        let candidates = try await database.read { try $0.signInCandidates(email: "ADA@Example.com") }
        #expect(candidates.map(\.organisationID) == ["org_1", "org_2"])
        #expect(candidates.map(\.passwordHash) == ["new", "hash of Two"])
        #expect(candidates.first?.user == expected)
    }

    @Test("People are found by a part of name or address, wildcards being letters", arguments: Engine.available)
    func findUsers(engine: Engine) async throws {
        let database = try await engine.makeSample()
        try await database.write { db in
            try db.insert(User(id: "user_2", email: "b@example.com", name: "50%_Off!", created: second(1)), in: "org_1")
        }
        func found(_ text: String) async throws -> [String] {
            try await database.read { try $0.users(PageRequest(), text: text, in: "org_1").items.map(\.id.rawValue) }
        }

        #expect(try await found("EXAMPLE") == ["user_2", "user_1"])
        #expect(try await found("ada") == ["user_1"])
        #expect(try await found("%_off!") == ["user_2"])
        #expect(try await found("%") == ["user_2"])
        #expect(try await found("_da") == [])
        #expect(try await found("\\") == [])
    }

    @Test("A page follows the one before until there is none", arguments: Engine.available)
    func pages(engine: Engine) async throws {
        let database = try await engine.makeSample()
        try await database.write { db in
            for number in 2...5 {
                try db.insert(.sample(.init(rawValue: "user_\(number)"), email: "\(number)@b.c"), in: "org_1")
            }
        }

        var (ids, cursor, sizes) = ([String](), String?.none, [Int]())
        repeat {
            let request = PageRequest(limit: 2, cursor: cursor)
            let page = try await database.read { try $0.users(request, in: "org_1") }
            ids += page.items.map(\.id.rawValue)
            sizes.append(page.items.count)
            cursor = page.nextCursor
        } while cursor != nil

        #expect(ids == ["user_5", "user_4", "user_3", "user_2", "user_1"])
        #expect(sizes == [2, 2, 1])
    }

    @Test("A cursor that no list gave is refused", arguments: Engine.available)
    func wrongCursor(engine: Engine) async throws {
        let database = try await engine.makeSample()

        for cursor in ["", "'; --", "user 1", String(repeating: "a", count: 300), "a\0"] {
            let error = await #expect(throws: StorageError.self) {
                try await database.read { _ = try $0.users(PageRequest(cursor: cursor), in: "org_1") }
            }
            #expect(error?.code == "storage.invalid_cursor")
        }
    }

    @Test("Roles count directly and through teams", arguments: Engine.available)
    func roles(engine: Engine) async throws {
        let database = try await engine.makeSample()

        try await database.write { db in
            try db.insert(Team(id: "team_1", name: "Research", created: second(1)), in: "org_1")
            try db.add("user_1", to: "team_1", in: "org_1")
            try db.setRoles(["reviewer", "viewer"], of: .team, "team_1", in: "org_1", at: second(2))
            try db.setRoles(["editor"], of: .token, "token_1", in: "org_1", at: second(3))
            try db.update(User.Patch(roles: ["owner"]), of: "user_1", in: "org_1", at: second(4))
        }

        let (effective, token, owners, holders) = try await database.read { db in
            (
                try db.effectiveRoles(of: "user_1", in: "org_1"), try db.roles(of: "token_1", in: "org_1"),
                try db.activeHolders(of: .owner, in: "org_1"), try db.assignments(of: "viewer", in: "org_1")
            )
        }
        #expect(effective == ["owner", "reviewer", "viewer"])
        #expect(token == ["editor"])
        #expect(owners == 1)
        #expect(
            holders == [RoleAssignment(role: "viewer", principal: .team, principalID: "team_1", created: second(2))])
    }

    @Test(
        "A suspended person's sessions and keys end at once, and the keys come back with them",
        arguments: Engine.available)
    func suspension(engine: Engine) async throws {
        let database = try await engine.makeSample()
        var token = Token.sample()
        token.userID = "user_1"
        let bound = token
        try await database.write { db in
            try db.insert(bound, hash: hash(1), in: "org_1")
            try db.insert(
                Session(
                    id: "ses_1", userID: "user_1", client: .console, created: second(0), expiresAt: second(100)),
                hash: hash(2), in: "org_1")
        }
        let generation = try await database.read { try $0.keyGeneration(in: "org_1") }

        _ = try await database.write { db in
            try db.update(User.Patch(state: .suspended), of: "user_1", in: "org_1", at: second(5))
        }
        let suspended = try await database.read { db in
            (
                try db.tokenHolder(hash: hash(1), at: second(6)), try db.sessionHolder(hash: hash(2), at: second(6)),
                try db.keys(since: generation, in: "org_1", at: second(6)).keys.map(\.status),
                try db.keys(since: 0, in: "org_1", at: second(6)).keys,
                try db.signInCandidates(email: "ada@example.com")
            )
        }
        _ = try await database.write { db in
            try db.update(User.Patch(state: .active), of: "user_1", in: "org_1", at: second(7))
        }
        let restored = try await database.read { db in
            (
                try db.tokenHolder(hash: hash(1), at: second(8)), try db.sessionHolder(hash: hash(2), at: second(8)),
                try db.keys(since: generation, in: "org_1", at: second(8)).keys.map(\.status)
            )
        }

        #expect(suspended.0 == nil)
        #expect(suspended.1 == nil)
        #expect(suspended.2 == [.revoked])
        #expect(suspended.3 == [])
        #expect(suspended.4.map(\.organisationID) == ["org_2"])
        #expect(restored.0?.token == bound)
        #expect(restored.1 == nil)
        #expect(restored.2 == [.active])
    }
}
