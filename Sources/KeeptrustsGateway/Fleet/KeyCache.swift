import Crypto
import Foundation
import KeeptrustsAPI
import KeeptrustsCore
import Logging

/// The control plane's keys on disk, so that a gateway that restarts while the control plane is away still knows them.
///
/// A line with an authentication code in hex, then a JSON object. The code is made with the gateway's own credential, so
/// a file that was damaged, altered, or written by a gateway with another credential is told apart. It holds hashes of
/// keys and the key of the hashes, never a key that a caller could use.
struct KeyCache: Sendable {
    /// The name of the file in the state directory.
    static let file = "keys"

    /// A larger file is none of ours: 128 MiB, some half a million keys.
    static let maximumBytes = 128 << 20

    private let directory: StateDirectory
    private let authenticator: SymmetricKey

    /// - Parameters:
    ///   - directory: The gateway's state directory.
    ///   - token: The gateway's credential for the control plane.
    init(_ directory: StateDirectory, token: Secret) {
        self.directory = directory
        let secret = SymmetricKey(data: Data(token.reveal().utf8))
        let derived = HMAC<SHA256>.authenticationCode(for: Data("keeptrusts key cache 1".utf8), using: secret)
        authenticator = SymmetricKey(data: Data(derived))
    }

    /// The file's JSON object.
    private struct Content: Codable {
        var gateway_id: String
        var heard_at: Timestamp
        var set: KeySet
    }

    /// Writes down what was heard last.
    ///
    /// - Throws: When the file cannot be written; what was there stays.
    func keep(_ heard: HeardKeys, of gatewayID: String) throws {
        let keys = heard.keys.values.sorted { $0.hash < $1.hash }
        let set = KeySet(generation: heard.generation, hashKey: heard.hashKey, isFull: true, keys: keys)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let content = try encoder.encode(Content(gateway_id: gatewayID, heard_at: heard.heard, set: set))
        try directory.keep("\(code(of: content))\n\(String(decoding: content, as: UTF8.self))", as: Self.file)
    }

    /// The authentication code of a content, in hex.
    private func code(of content: Data) -> String {
        HMAC<SHA256>.authenticationCode(for: content, using: authenticator).map { byte in
            byte < 16 ? "0\(String(byte, radix: 16))" : String(byte, radix: 16)
        }.joined()
    }

    /// Reads what was heard last, if it may still be trusted; says in the log why not.
    ///
    /// - Parameters:
    ///   - maxStaleness: How long keys are trusted that the control plane does not confirm.
    ///   - now: The time.
    ///   - logger: Where to say that a file is there and of no use.
    /// - Returns: The keys; nil when there is no file, or none of use.
    func load(maxStaleness: Duration, at now: Timestamp, _ logger: Logger) -> FleetKeys? {
        do throws(Useless) {
            guard let heard = try read() else { return nil }
            guard heard.heard <= now else { throw .future }
            guard now < heard.heard.advanced(by: maxStaleness) else { throw .expired }
            guard let keys = try? FleetKeys(heard) else { throw .damaged }
            return keys
        } catch {
            logger.warning("the kept keys are not used", metadata: ["cause": "\(error.rawValue)"])
            return nil
        }
    }

    /// Why a file is not used.
    private enum Useless: String, Error {
        case damaged = "the file is damaged, or was written with another credential"
        case foreign = "the file is of another gateway"
        case future = "the file is from the future"
        case expired = "the file is too old"
    }

    private func read() throws(Useless) -> HeardKeys? {
        let path = "\(directory.path)/\(Self.file)"
        guard let facts = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
        guard facts[.type] as? FileAttributeType == .typeRegular, let size = facts[.size] as? Int,
            size <= Self.maximumBytes, let data = try? Data(contentsOf: URL(filePath: path)),
            let end = data.firstIndex(of: UInt8(ascii: "\n"))
        else { throw .damaged }
        let text = data[(end + 1)...]
        guard data[..<end].elementsEqual(code(of: text).utf8),
            let content = try? JSONDecoder().decode(Content.self, from: text), content.set.isFull
        else { throw .damaged }
        guard content.gateway_id == directory.text(FleetLink.gatewayIDFile) ?? "" else { throw .foreign }
        return HeardKeys(content.set, after: nil, at: content.heard_at)
    }
}
