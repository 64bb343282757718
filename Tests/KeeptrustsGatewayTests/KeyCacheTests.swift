import Foundation
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsExchange
import Logging
import Synchronization
import Testing

@testable import KeeptrustsGateway

@Suite("Keys kept for a restart")
struct KeyCacheTests {
    /// What was logged.
    private final class Lines: Sendable {
        private let lines = Mutex([String]())

        var all: [String] { lines.withLock { $0 } }

        var logger: Logger {
            var logger = Logger(label: "test") { _ in Handler(lines: self) }
            logger.logLevel = .trace
            return logger
        }

        private struct Handler: LogHandler {
            let lines: Lines
            var metadata: Logger.Metadata = [:]
            var logLevel = Logger.Level.trace

            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }

            func log(event: LogEvent) {
                lines.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
            }
        }
    }

    private let path = NSTemporaryDirectory() + "kt-keys-\(UUID().uuidString)"
    private let token = Secret("kt_gr_0123456789")
    private let noon = Timestamp(rawValue: 1_767_225_600_000_000)
    private let hash = String(repeating: "ab", count: 32)
    private var file: String { "\(path)/\(KeyCache.file)" }

    private func cleanUp() { try? FileManager.default.removeItem(atPath: path) }

    private func heard(hash: String? = nil, hashKey: String = "c2VjcmV0") -> HeardKeys {
        let key = KeySet.Key(
            id: "tok_1", hash: hash ?? self.hash, status: .active, expiresAt: noon, allowedModels: ["demo"],
            consumerGroup: "g", teamID: "team_1", userID: "user_1", mayAssertIdentity: true)
        let set = KeySet(generation: 7, hashKey: Secret(hashKey), isFull: true, keys: [key])
        return HeardKeys(set, after: nil, at: noon)
    }

    /// A state directory in which keys were kept at noon.
    private func kept(_ heard: HeardKeys? = nil) throws -> StateDirectory {
        let directory = try StateDirectory(path)
        try directory.keep("gw_1", as: FleetLink.gatewayIDFile)
        try KeyCache(directory, token: token).keep(heard ?? self.heard(), of: "gw_1")
        return directory
    }

    private func load(_ directory: StateDirectory, after seconds: Int = 10, token: Secret? = nil) -> (
        FleetKeys?, [String]
    ) {
        let lines = Lines()
        let keys = KeyCache(directory, token: token ?? self.token).load(
            maxStaleness: .seconds(300), at: noon.advanced(by: .seconds(seconds)), lines.logger)
        return (keys, lines.all)
    }

    @Test("Keys come back as they were heard, with the moment when they were")
    func roundTrip() throws {
        defer { cleanUp() }
        let (keys, lines) = load(try kept())

        let key = try #require(keys?.keys.values.first)
        #expect(keys?.keys.count == 1)
        #expect(keys?.heard == noon)
        #expect(keys?.hashKey == Array("secret".utf8))
        #expect(key.id == "tok_1" && key.allowedModels == ["demo"] && key.consumerGroup == "g")
        #expect(key.teamID == "team_1" && key.userID == "user_1" && key.mayAssertIdentity && key.expires == noon)
        #expect(lines.isEmpty)
    }

    @Test("Nobody but the owner can read the file, and no draft stays")
    func mode() throws {
        defer { cleanUp() }
        let directory = try StateDirectory(path)
        try Data().write(to: URL(filePath: "\(file).new"))
        #expect(chmod("\(file).new", 0o666) == 0)

        try KeyCache(directory, token: token).keep(heard(), of: "gw_1")

        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
        #expect(!FileManager.default.fileExists(atPath: "\(file).new"))
    }

    @Test("The gateway's credential is not in the file")
    func noSecret() throws {
        defer { cleanUp() }
        _ = try kept()

        #expect(try !String(contentsOfFile: file, encoding: .utf8).contains(token.reveal()))
    }

    @Test(
        "Keys are trusted until they are too old, and never before they were heard",
        arguments: [(0, nil), (299, nil), (300, "too old"), (86_400 * 400, "too old"), (-1, "from the future")]
            as [(Int, String?)])
    func age(seconds: Int, cause: String?) throws {
        defer { cleanUp() }
        let (keys, lines) = load(try kept(), after: seconds)

        #expect((keys == nil) == (cause != nil))
        #expect(lines.count == (cause == nil ? 0 : 1))
        if let cause { #expect(lines.first?.contains(cause) == true) }
    }

    @Test("Without a file there is nothing to say")
    func none() throws {
        defer { cleanUp() }
        let (keys, lines) = load(try StateDirectory(path))

        #expect(keys == nil && lines.isEmpty)
    }

    @Test("A flipped bit anywhere makes the file useless")
    func flipped() throws {
        defer { cleanUp() }
        let directory = try kept()
        let good = try Data(contentsOf: URL(filePath: file))
        for index in good.indices {
            var bad = good
            bad[index] ^= 1
            try bad.write(to: URL(filePath: file))
            let (keys, lines) = load(directory)
            #expect(keys == nil && lines.count == 1, "byte \(index)")
        }
    }

    @Test("A file that is cut, empty or of other bytes is useless", arguments: [0, 1, 63, 64, 65, 66, 200])
    func cut(length: Int) throws {
        defer { cleanUp() }
        let directory = try kept()
        try (try Data(contentsOf: URL(filePath: file))).prefix(length).write(to: URL(filePath: file))

        let (keys, lines) = load(directory)

        #expect(keys == nil && lines.count == 1)
    }

    @Test("Something appended makes the file useless")
    func appended() throws {
        defer { cleanUp() }
        let directory = try kept()
        try ((try Data(contentsOf: URL(filePath: file))) + Data(" ".utf8)).write(to: URL(filePath: file))

        #expect(load(directory).0 == nil)
    }

    @Test("A file of another gateway, or of another credential, is useless")
    func foreign() throws {
        defer { cleanUp() }
        let directory = try kept()

        #expect(load(directory, token: Secret("another")).0 == nil)
        try directory.keep("gw_2", as: FleetLink.gatewayIDFile)
        let (keys, lines) = load(directory)
        #expect(keys == nil && lines.first?.contains("another gateway") == true)
    }

    @Test("Neither a link, a pipe nor a directory is read", arguments: ["link", "pipe", "directory"])
    func special(kind: String) throws {
        defer { cleanUp() }
        let directory = try kept()
        try FileManager.default.moveItem(atPath: file, toPath: "\(path)/elsewhere")
        switch kind {
        case "link": try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "\(path)/elsewhere")
        case "pipe": #expect(mkfifo(file, 0o600) == 0)
        default: try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
        }

        let (keys, lines) = load(directory)

        #expect(keys == nil && lines.count == 1)
    }

    @Test("A hash that is none makes the file useless, though its code is right")
    func badHash() throws {
        defer { cleanUp() }

        #expect(load(try kept(heard(hash: "xyz"))).0 == nil)
        #expect(load(try kept(heard(hashKey: "!"))).0 == nil)
        #expect(load(try kept(heard(hashKey: ""))).0 == nil)
    }

    @Test("A full set replaces what was known; changes add to it and take from it")
    func changes() {
        let (a, b) = (String(repeating: "a", count: 64), String(repeating: "b", count: 64))
        func set(_ isFull: Bool, _ keys: [(String, KeySet.Key.Status)]) -> KeySet {
            KeySet(
                generation: 1, hashKey: Secret("k"), isFull: isFull,
                keys: keys.map { KeySet.Key(id: "tok_1", hash: $0.0, status: $0.1) })
        }
        let first = HeardKeys(set(true, [(a, .active)]), after: nil, at: noon)

        #expect(Set(HeardKeys(set(false, [(b, .active)]), after: first, at: noon).keys.keys) == [a, b])
        #expect(HeardKeys(set(false, [(a, .revoked)]), after: first, at: noon).keys.isEmpty)
        #expect(HeardKeys(set(false, []), after: first, at: noon).keys.count == 1)
        #expect(Set(HeardKeys(set(true, [(b, .active)]), after: first, at: noon).keys.keys) == [b])
        #expect(HeardKeys(set(true, [(a, .revoked)]), after: first, at: noon).keys.isEmpty)
    }
}
