import Crypto
public import Foundation
import KeeptrustsAPI
public import KeeptrustsCore

/// The key that stored hashes of credentials depend on, so that a copy of the database alone proves nothing.
///
/// Each use has a key derived for it. Gateways learn only the one for their organisation's gateway keys.
public struct ServerKey: Sendable {
    private let key: SymmetricKey

    /// Takes 32 bytes or more of randomness.
    public init(bytes: Data) throws(BadServerKey) {
        guard bytes.count >= 32 else { throw BadServerKey(message: "The server key has fewer than 32 bytes.") }
        key = SymmetricKey(data: bytes)
    }

    /// Reads the key from a file that only its owner may read, and makes it on the first call.
    public init(file path: String) throws {
        let manager = FileManager.default
        if !manager.fileExists(atPath: path) {
            let fresh = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
            let draft = "\(path).\(UUID().uuidString)"
            try Self.write(fresh, to: draft)
            defer { try? manager.removeItem(atPath: draft) }
            // A hard link appears whole or not at all, and never replaces the key of a process that was faster.
            try? manager.linkItem(atPath: draft, toPath: path)
        }
        guard let bytes = manager.contents(atPath: path) else {
            throw BadServerKey(message: "The server key '\(path)' cannot be read.")
        }
        let mode = try manager.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? 0
        guard mode & 0o077 == 0 else {
            throw BadServerKey(
                message: "The server key '\(path)' can be read by others.", hint: "Run: chmod 600 '\(path)'")
        }
        try self.init(bytes: bytes)
    }

    /// Writes a new file that nobody else can read, not even for a moment.
    private static func write(_ bytes: Data, to path: String) throws(BadServerKey) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw BadServerKey(
                message: "The server key cannot be written to '\(path)': \(reason).",
                hint: "Name a data directory that exists and that this user may write to.")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: bytes)
            try file.synchronize()
        } catch {
            throw BadServerKey(message: "The server key cannot be written to '\(path)'.")
        }
    }

    /// The stored form of a credential of the API: a session, a code, a token for people's or machines' calls.
    func hash(_ secret: Secret) -> String {
        Self.hex(HMAC<SHA256>.authenticationCode(for: Data(secret.reveal().utf8), using: derived("credentials")))
    }

    /// The stored form of a gateway key, which the organisation's gateways can compute too.
    func gatewayKeyHash(_ secret: Secret, in organisation: Identifier<Organisation>) -> String {
        let key = SymmetricKey(data: gatewayHashKey(of: organisation))
        return Self.hex(HMAC<SHA256>.authenticationCode(for: Data(secret.reveal().utf8), using: key))
    }

    /// What the gateways of an organisation hash callers' keys with.
    func gatewayHashKey(of organisation: Identifier<Organisation>) -> Data {
        derived("gateway-keys:\(organisation.rawValue)").withUnsafeBytes { Data($0) }
    }

    /// Tells this key from another, and nothing about it.
    var checkValue: String {
        Self.hex(HMAC<SHA256>.authenticationCode(for: Data("keeptrusts".utf8), using: derived("check")))
    }

    private func derived(_ use: String) -> SymmetricKey {
        SymmetricKey(data: Data(HMAC<SHA256>.authenticationCode(for: Data("keeptrusts:\(use)".utf8), using: key)))
    }

    private static func hex(_ code: some Sequence<UInt8>) -> String {
        code.map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0\(digits)" : digits
        }.joined()
    }
}

/// A server key that cannot be used.
public struct BadServerKey: UserFacingError, Equatable {
    public var message: String
    public var hint: String?

    public var category: ErrorCategory { .unavailable }
    public var code: String { "server.bad_key" }
}
