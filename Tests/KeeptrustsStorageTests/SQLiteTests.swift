import Foundation
import KeeptrustsAPI
import KeeptrustsCore
import Testing

@testable import KeeptrustsStorage

struct SQLiteTests {
    private let directory = TemporaryDirectory.shared.url.appending(path: UUID().uuidString)

    init() throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    @Test("Only the owner may read the database's files, also those that were there")
    func modes() async throws {
        let path = directory.appending(path: "kt.db").path
        _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o644])

        let database = try SQLiteDatabase(path: path)
        try await database.migrate()

        for suffix in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path + suffix)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
        }
    }

    @Test("A place that cannot be written gets one clear sentence")
    func unusable() throws {
        let error = #expect(throws: StorageError.self) { try SQLiteDatabase(path: "/proc/kt.db") }

        #expect(error?.code == "storage.unusable")
        #expect(
            error?.description
                == """
                The database file '/proc/kt.db' cannot be opened for writing: No such file or directory. \
                Name a data directory that exists and that this user may write to.
                """)
    }

    @Test("A directory in the place of the file is refused")
    func directoryInPlace() {
        #expect(throws: StorageError.self) { try SQLiteDatabase(path: directory.path) }
    }

    @Test("A file that is no database is refused, and left as it is")
    func notADatabase() async throws {
        let path = directory.appending(path: "text.db").path
        let content = Data(String(repeating: "not a database\n", count: 500).utf8)
        try content.write(to: URL(filePath: path))

        let error = await #expect(throws: StorageError.self) { try await SQLiteDatabase(path: path).migrate() }

        #expect(error?.category == .unavailable)
        #expect(FileManager.default.contents(atPath: path) == content)
    }

    @Test("What was written is there after the file is opened again")
    func reopened() async throws {
        let path = directory.appending(path: "again.db").path
        do {
            let database = try SQLiteDatabase(path: path)
            try await database.migrate()
            try await database.write { try $0.insert(Organisation.one) }
        }

        let database = try SQLiteDatabase(path: path)
        try await database.migrate()

        #expect(try await database.read { try $0.organisation("org_1") } == .one)
    }

    @Test("Rows must refer to rows that exist")
    func foreignKeys() async throws {
        let database = try SQLiteDatabase()

        let isOn: Int = try await database.read { try $0.rows("PRAGMA foreign_keys")[0][0] }

        #expect(isOn == 1)
    }
}
