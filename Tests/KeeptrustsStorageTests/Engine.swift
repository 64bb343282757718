import Foundation
public import KeeptrustsStorage
public import Testing

/// The database engines that every storage test runs on.
///
/// SQLite uses files in a temporary directory. PostgreSQL is the server that `KT_TEST_POSTGRES_URL` names, or one that
/// the tests start themselves (``PostgresServer``); where neither is possible the tests fail.
enum Engine: String, CaseIterable, CustomTestStringConvertible {
    case sqlite, postgres

    static var available: [Engine] { allCases }

    var testDescription: String { rawValue }

    /// A new, empty place for a database; its schema is not made yet.
    func makeStore() async throws -> Store {
        switch self {
        case .sqlite: return .file(TemporaryDirectory.shared.url.appending(path: "\(UUID().uuidString).db").path)
        case .postgres:
            let server = try await PostgresServer.shared.database()
            let schema = "kt_" + UUID().uuidString.replacing("-", with: "").lowercased()
            _ = try await server.database.write { try $0.createSchema(schema) }
            // Many tests connect at once, perhaps on a busy machine.
            let options = "connect_timeout=60&options=-csearch_path%3D" + schema
            return .server(server.url + (server.url.contains("?") ? "&" : "?") + options)
        }
    }

    /// A new database with its schema.
    func makeDatabase(connections: Int = 1) async throws -> any KeeptrustsStorage.Database {
        let database = try await makeStore().open(connections: connections)
        try await database.migrate()
        return database
    }
}

/// Where one database is; it can be opened more than once.
enum Store: Sendable {
    case file(String)
    case server(String)

    func open(connections: Int = 1) throws -> any KeeptrustsStorage.Database {
        switch self {
        case .file(let path): try SQLiteDatabase(path: path)
        case .server(let url): try PostgresDatabase(url: url, connections: connections)
        }
    }
}

extension Transaction {
    /// A name cannot be an argument; `set_config` and `EXECUTE` take it as one.
    fileprivate func createSchema(_ name: String) throws {
        _ = try rows("SELECT set_config('kt.schema', \(name), true)")
        try execute("DO $$ BEGIN EXECUTE format('CREATE SCHEMA %I', current_setting('kt.schema')); END $$")
    }
}

/// A directory that goes when the test process ends.
final class TemporaryDirectory: Sendable {
    static let shared = TemporaryDirectory()

    let url: URL

    private init() {
        url = FileManager.default.temporaryDirectory.appending(path: "keeptrusts-tests-\(UUID().uuidString)")
        try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(at: TemporaryDirectory.shared.url) }
    }
}

extension StorageError: CustomTestStringConvertible {
    /// A test that fails shows what the engine said.
    public var testDescription: String { debugDescription }
}
