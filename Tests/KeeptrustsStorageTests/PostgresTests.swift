import Foundation
import KeeptrustsAPI
import KeeptrustsCore
import Synchronization
import Testing

@testable import KeeptrustsStorage

struct PostgresTests {
    /// Counts the runs of a body.
    private final class Runs: Sendable {
        private let count = Mutex(0)
        var number: Int { count.withLock { $0 } }
        func next() -> Int {
            count.withLock {
                $0 += 1; return $0
            }
        }
    }

    @Test("A connection that is killed within a transaction makes it run again on a new one")
    func killedInside() async throws {
        let database = try await Engine.postgres.makeSample()
        let runs = Runs()

        try await database.write { db in
            let run = runs.next()
            try db.insert(
                Team(id: "team_1", name: "Run \(run)", created: second(0)), in: "org_1")
            if run == 1 { _ = try db.rows("SELECT pg_terminate_backend(pg_backend_pid())") }
        }

        #expect(runs.number == 2)
        #expect(try await database.read { try $0.team("team_1", in: "org_1")?.name } == "Run 2")
    }

    @Test("A connection that is killed while it is idle is not noticed")
    func killedIdle() async throws {
        let store = try await Engine.postgres.makeStore()
        let (database, other) = (try store.open(connections: 1), try store.open(connections: 1))
        for _ in 0..<3 {
            let pid: Int = try await database.read { try $0.rows("SELECT pg_backend_pid()")[0][0] }
            _ = try await other.write { try $0.rows("SELECT pg_terminate_backend(CAST(\(pid) AS INTEGER), 5000)") }

            let next: Int = try await database.read { try $0.rows("SELECT pg_backend_pid()")[0][0] }

            #expect(next != pid)
        }
    }

    @Test("A connection that is lost during the commit is reported, and the body not run again")
    func killedAtCommit() async throws {
        let database = try await Engine.postgres.makeSample()
        try await database.write { db in
            try db.execute(
                """
                CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'
                """
            )
            try db.execute(
                """
                CREATE CONSTRAINT TRIGGER die AFTER INSERT ON team DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION die()
                """
            )
        }
        let runs = Runs()

        let error = await #expect(throws: StorageError.self) {
            try await database.write { db in
                _ = runs.next()
                try db.insert(Team(id: "team_1", name: "A", created: second(0)), in: "org_1")
            }
        }

        #expect(error?.kind == .unavailable)
        #expect(error?.cause == "the connection was lost during a commit")
        #expect(runs.number == 1)
        #expect(try await database.read { try $0.team("team_1", in: "org_1") } == nil)
    }

    @Test("Two transactions in each other's way both come through")
    func deadlock() async throws {
        let database = try await Engine.postgres.makeSample(connections: 3)
        let (runs, arrived) = (Runs(), Runs())
        let cross: @Sendable (String, String) async throws -> Void = { first, second in
            try await database.write { db in
                try db.execute("UPDATE organisation SET name = \(first) WHERE id = \(first)")
                if runs.next() <= 2 {
                    _ = arrived.next()
                    while arrived.number < 2 {}
                }
                try db.execute("UPDATE organisation SET name = \(first) WHERE id = \(second)")
            }
        }

        async let one: Void = cross("org_1", "org_2")
        async let two: Void = cross("org_2", "org_1")
        _ = try await (one, two)

        // The one that gave way may take its first row again before the other has it, and give way once more.
        #expect(runs.number >= 3)
        let names = try await database.read { try $0.organisations().map(\.name) }
        #expect(Set(names).count == 1)
    }

    @Test("A serialisation failure makes a body run again")
    func serialisation() async throws {
        let database = try await Engine.postgres.makeSample()
        let runs = Runs()

        try await database.write { db in
            guard runs.next() < 3 else { return }
            try db.execute("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = 'serialization_failure'; END $$")
        }

        #expect(runs.number == 3)
    }

    @Test("A failure that repeats ends as unavailable")
    func repeatedSerialisation() async throws {
        let database = try await Engine.postgres.makeSample()

        let error = await #expect(throws: StorageError.self) {
            try await database.write { db in
                try db.execute("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = 'serialization_failure'; END $$")
            }
        }

        #expect(error?.kind == .unavailable)
    }

    @Test("A database that is not there answers 503 at once, without the password")
    func unreachable() async throws {
        let database = try PostgresDatabase(url: "postgres://kt:s3cret@127.0.0.1:1/kt?connect_timeout=2")

        for _ in 0..<3 {
            let error = await #expect(throws: StorageError.self) { try await database.migrate() }
            #expect(error?.category.status == 503)
            #expect(error?.code == "storage.unavailable")
            #expect(error?.description == "The database is not available. Try again in a moment.")
            #expect(error.map { String(reflecting: $0).contains("s3cret") } == false)
        }
    }

    @Test("When the server gives no further connection, those that there are do the work")
    func fewConnections() async throws {
        let store = try await Engine.postgres.makeStore()
        guard case .server(let url) = store else { return }
        let owner = try store.open()
        try await owner.migrate()
        let role = "few_" + UUID().uuidString.replacing("-", with: "").lowercased()
        try await owner.write { db in
            _ = try db.rows("SELECT set_config('kt.role', \(role), true)")
            try db.execute(
                """
                DO $$ DECLARE role TEXT := current_setting('kt.role'); BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN PASSWORD ''few'' CONNECTION LIMIT 1', role);
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role);
                EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), role); END $$
                """)
        }
        var address = try #require(URLComponents(string: url))
        (address.user, address.password) = (role, "few")
        let database = try PostgresDatabase(url: try #require(address.string), connections: 4)

        let pids = try await withThrowingTaskGroup { group in
            for _ in 0..<20 {
                group.addTask { () -> Int in try await database.read { try $0.rows("SELECT pg_backend_pid()")[0][0] } }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }

        #expect(pids.count == 1)
    }

    @Test(
        "An address that is none is refused without showing it",
        arguments: [
            "postgres://kt:s3cret%zz@h/d", "postgres:/kt:s3cret@h", "s3cret", "postgres://kt:s3cret@[::1/d", "",
        ])
    func malformedAddress(url: String) async throws {
        // An empty address is a valid one: all defaults.
        guard !url.isEmpty else {
            _ = try PostgresAddress(url)
            return
        }
        let error = #expect(throws: StorageError.self) { try PostgresDatabase(url: url) }

        #expect(error?.code == "storage.unusable")
        #expect(error.map { String(reflecting: $0).contains("s3cret") } == false)
    }

    @Test("The operator reads what is wrong with an address, and callers do not")
    func refusals() async throws {
        let good = try #require(URLComponents(string: try await PostgresServer.shared.database().url))
        func remedy(_ change: (inout URLComponents) -> Void) async throws -> String {
            var address = good
            change(&address)
            let database = try PostgresDatabase(url: try #require(address.string), connections: 1)
            let error = await #expect(throws: StorageError.self) { try await database.migrate() }
            #expect(error?.description == "The database is not available. Try again in a moment.")
            return error?.remedy ?? ""
        }

        #expect(try await remedy { $0.password = "wrong" }.contains("refuses the user"))
        #expect(try await remedy { $0.password = nil }.contains("asks for a password"))
        #expect(try await remedy { $0.path = "/missing" }.contains("no such database"))
        #expect(try await remedy { $0.port = 1 }.contains("No PostgreSQL answers"))
    }

    @Test(
        "The state is read from libpq's short form",
        arguments: [
            ("connection to server at \"::1\", port 5432 failed: FATAL:  28P01\n", "28P01"),
            ("a failed: FATAL:  3D000\nb failed: SCHWERWIEGEND:  28000\n", "28000"),
            ("connection refused", nil), ("FATAL:  password authentication failed", nil),
        ] as [(String, String?)])
    func states(message: String, expected: String?) {
        #expect(PostgresRefusal.state(in: message) == expected)
    }

    @Test("A schema that is up to date asks for no right to make tables")
    func withoutRights() async throws {
        let store = try await Engine.postgres.makeStore()
        guard case .server(let url) = store else { return }
        let owner = try store.open()
        try await owner.migrate()
        let role = "reader_" + UUID().uuidString.replacing("-", with: "").lowercased()
        try await owner.write { db in
            _ = try db.rows("SELECT set_config('kt.role', \(role), true)")
            try db.execute(
                """
                DO $$ DECLARE role TEXT := current_setting('kt.role'); BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L', role, 'few');
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role);
                EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), role); END $$
                """)
        }
        var address = try #require(URLComponents(string: url))
        (address.user, address.password) = (role, "few")

        try await PostgresDatabase(url: try #require(address.string), connections: 1).migrate()
    }

    @Test("What libpq says is shown in one line, without the password")
    func redaction() throws {
        let address = try PostgresAddress("postgres://kt:pa%20ss@h/d")

        #expect(address.redact("could not use \"pa ss\"\n\tfor h\n") == "could not use \"[secret]\" \tfor h")
    }
}
