import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import Testing

struct FleetTests {
    @Test("A gateway comes back as it registered, and keeps its name and first day", arguments: Engine.available)
    func registration(engine: Engine) async throws {
        let database = try await engine.makeSample()
        var again = Gateway.sample()
        (again.name, again.version, again.created, again.lastSeen) = ("other", "0.2.0", second(5), second(5))
        again.instanceID = "instance-2"
        let repeated = again

        let first = try await database.read { try $0.gateway("gw_1", in: "org_1", at: second(1)) }
        try await database.write { try $0.register(repeated, in: "org_1") }

        var expected = repeated
        (expected.name, expected.created) = ("edge", second(0))
        #expect(first == .sample())
        #expect(try await database.read { try $0.gateway("gw_1", in: "org_1", at: second(6)) } == expected)
    }

    @Test("A heartbeat is taken in, that of an unknown gateway is not", arguments: Engine.available)
    func heartbeat(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let heartbeat = Heartbeat(
            gatewayID: "gw_1", instanceID: "instance-3",
            config: ConfigReference(name: "main", version: "4", digest: "def"),
            counters: .init(
                uptimeSeconds: 1, inFlight: 2, requests: 3, spoolRecords: 4, spoolBytes: 5, keysGeneration: 6))

        let known = try await database.write { try $0.record(heartbeat, of: "gw_1", in: "org_1", at: second(9)) }
        let unknown = try await database.write { try $0.record(heartbeat, of: "gw_9", in: "org_1", at: second(9)) }

        var expected = Gateway.sample()
        (expected.instanceID, expected.config) = ("instance-3", heartbeat.config)
        (expected.lastSeen, expected.counters) = (second(9), heartbeat.counters)
        #expect([known, unknown] == [true, false])
        #expect(try await database.read { try $0.gateway("gw_1", in: "org_1", at: second(10)) } == expected)
    }

    @Test("A gateway says what it could not load, until it loads something or starts anew", arguments: Engine.available)
    func configFailure(engine: Engine) async throws {
        let database = try await engine.makeSample()
        let failure = ConfigFailure(time: second(8), message: "a.yaml:3:1: error: unknown key 'polices'.\n  hint: …")
        func beat(_ failure: ConfigFailure?) async throws -> Gateway? {
            let heartbeat = Heartbeat(
                gatewayID: "gw_1", instanceID: "instance-1", config: Gateway.sample().config, configFailure: failure,
                counters: .init())
            return try await database.write { db in
                _ = try db.record(heartbeat, of: "gw_1", in: "org_1", at: second(9))
                return try db.gateway("gw_1", in: "org_1", at: second(9))
            }
        }

        let failed = try await beat(failure)
        let loaded = try await beat(nil)
        _ = try await beat(failure)
        let started = try await database.write { db in
            try db.register(.sample(), in: "org_1")
            return try db.gateway("gw_1", in: "org_1", at: second(9))
        }

        #expect(failed?.configFailure == failure)
        #expect(failed?.status == .degraded)
        #expect([loaded?.configFailure, started?.configFailure] == [nil, nil])
        #expect(loaded?.status == .healthy)
    }

    @Test(
        "A gateway's status follows from its last heartbeat",
        arguments: [(0, .healthy), (29, .healthy), (30, .degraded), (89, .degraded), (90, .offline)]
            as [(Int64, Gateway.Status)])
    func status(silence: Int64, status: Gateway.Status) async throws {
        let database = try await Engine.sqlite.makeSample()

        let page = try await database.read { try $0.gateways(PageRequest(), in: "org_1", at: second(silence)) }

        #expect(page.items.map(\.status) == [status])
    }

    @Test("A gateway may be renamed", arguments: Engine.available)
    func rename(engine: Engine) async throws {
        let database = try await engine.makeSample()

        let renamed = try await database.write { db in
            [
                try db.update(Gateway.Patch(name: "new"), of: "gw_1", in: "org_1"),
                try db.update(Gateway.Patch(), of: "gw_1", in: "org_1"),
                try db.update(Gateway.Patch(name: "new"), of: "gw_9", in: "org_1"),
            ]
        }

        #expect(renamed == [true, true, false])
        #expect(try await database.read { try $0.gateway("gw_1", in: "org_1", at: second(0))?.name } == "new")
    }

    private static func version(
        _ number: Int, of id: Identifier<Configuration> = "cfg_1"
    ) -> ConfigurationVersion {
        ConfigurationVersion(
            configurationID: id, version: number, yaml: "pack: \(number)\n", digest: "digest-\(id.rawValue)-\(number)",
            note: "why", created: second(Int64(number)), createdBy: "user_1")
    }

    private static func configuration(_ id: Identifier<Configuration> = "cfg_1") -> Configuration {
        Configuration(
            id: id, name: "main \(id.rawValue)", latestVersion: 1, created: second(1), updated: second(1),
            createdBy: "user_1")
    }

    @Test("A configuration keeps every version; a stale base is refused", arguments: Engine.available)
    func versions(engine: Engine) async throws {
        let database = try await engine.makeSample()
        try await database.write { db in
            try db.insert(Self.configuration(), first: Self.version(1), in: "org_1")
        }

        let added = try await database.write { db in
            [
                try db.append(Self.version(2), after: 1, in: "org_1"),
                try db.append(Self.version(2), after: 1, in: "org_1"),
                try db.append(Self.version(3), after: 2, in: "org_1"),
                try db.append(Self.version(2, of: "cfg_9"), after: 1, in: "org_1"),
            ]
        }
        let (current, first, pages) = try await database.read { db in
            let page = try db.versions(of: "cfg_1", PageRequest(limit: 2), in: "org_1")
            let next = try db.versions(of: "cfg_1", PageRequest(limit: 2, cursor: page.nextCursor), in: "org_1")
            return (
                try db.configuration("cfg_1", in: "org_1"), try db.version(1, of: "cfg_1", in: "org_1"), [page, next]
            )
        }

        #expect(added == [Self.version(2), nil, Self.version(3), nil])
        #expect(current?.latestVersion == 3)
        #expect(current?.updated == second(3))
        #expect(first == Self.version(1))
        #expect(pages.map { $0.items.map(\.version) } == [[3, 2], [1]])
        #expect(pages.map(\.nextCursor) == ["2", nil])
    }

    @Test("Of writers at the same time, one makes the next version", arguments: Engine.available)
    func concurrentVersions(engine: Engine) async throws {
        let database = try await engine.makeSample(connections: 3)
        try await database.write { db in
            try db.insert(Self.configuration(), first: Self.version(1), in: "org_1")
        }

        let made = try await withThrowingTaskGroup { group in
            for _ in 0..<6 {
                group.addTask { try await database.write { try $0.append(Self.version(2), after: 1, in: "org_1") } }
            }
            return try await group.reduce(into: 0) { count, version in count += version == nil ? 0 : 1 }
        }

        #expect(made == 1)
    }

    @Test("A gateway runs its own assignment, or else the one for all", arguments: Engine.available)
    func assignments(engine: Engine) async throws {
        let database = try await engine.makeSample()
        func assignment(_ gateway: Identifier<Gateway>?, _ version: Int) -> ConfigurationAssignment {
            ConfigurationAssignment(
                gatewayID: gateway, configurationID: "cfg_1", version: version, created: second(5), createdBy: "user_1")
        }
        func digests() async throws -> [String?] {
            try await database.read { db in
                [
                    try db.assignedDigest(for: "gw_1", in: "org_1"), try db.assignedDigest(for: "gw_2", in: "org_1"),
                    try db.assignedDigest(for: "gw_1", in: "org_2"),
                ]
            }
        }
        let (all, single) = (assignment(nil, 1), assignment("gw_1", 2))
        try await database.write { db in
            try db.insert(Self.configuration(), first: Self.version(1), in: "org_1")
            _ = try db.append(Self.version(2), after: 1, in: "org_1")
        }

        #expect(try await digests() == [nil, nil, nil])
        try await database.write { try $0.assign(all, in: "org_1") }
        #expect(try await digests() == ["digest-cfg_1-1", "digest-cfg_1-1", nil])
        try await database.write { try $0.assign(single, in: "org_1") }
        #expect(try await digests() == ["digest-cfg_1-2", "digest-cfg_1-1", nil])
        #expect(try await database.read { try $0.assignments(in: "org_1") } == [all, single])
        #expect(
            try await database.read { try $0.assignedConfig(for: "gw_1", in: "org_1") }
                == AssignedConfig(name: "main cfg_1", version: "2", digest: "digest-cfg_1-2", yaml: "pack: 2\n"))
        try await database.write { try $0.assign(all, in: "org_1") }
        #expect(try await digests() == ["digest-cfg_1-1", "digest-cfg_1-1", nil])
    }

    @Test("A configuration that gateways run is not removed", arguments: Engine.available)
    func removal(engine: Engine) async throws {
        let database = try await engine.makeSample()
        try await database.write { db in
            for id in ["cfg_1", "cfg_2"] as [Identifier<Configuration>] {
                try db.insert(Self.configuration(id), first: Self.version(1, of: id), in: "org_1")
            }
            try db.assign(
                ConfigurationAssignment(
                    gatewayID: nil, configurationID: "cfg_1", version: 1, created: second(5), createdBy: "user_1"),
                in: "org_1")
        }

        let error = await #expect(throws: StorageError.self) {
            _ = try await database.write { try $0.removeConfiguration("cfg_1", in: "org_1") }
        }
        let removed = try await database.write { try $0.removeConfiguration("cfg_2", in: "org_1") }

        #expect(error?.kind == .missingReference)
        #expect(removed)
        let left = try await database.read { try $0.configurations(PageRequest(), in: "org_1") }
        #expect(left.items == [Self.configuration()])
        #expect(try await database.read { try $0.version(1, of: "cfg_2", in: "org_1") } == nil)
    }
}
