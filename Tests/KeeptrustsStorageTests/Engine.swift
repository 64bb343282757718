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
            let url = try await PostgresServer.shared.url()
            let schema = "kt_" + UUID().uuidString.replacing("-", with: "").lowercased()
            let database = try PostgresDatabase(url: url, connections: 1)
            _ = try await database.write { try $0.createSchema(schema) }
            return .server(url + (url.contains("?") ? "&" : "?") + "options=-csearch_path%3D" + schema)
        }
    }

    /// A new database with its schema.
    func makeDatabase() async throws -> any KeeptrustsStorage.Database {
        let database = try await makeStore().open()
        try await database.migrate()
        return database
    }
}

/// Where one database is; it can be opened more than once.
enum Store: Sendable {
    case file(String)
    case server(String)

    func open(connections: Int = 2) throws -> any KeeptrustsStorage.Database {
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
