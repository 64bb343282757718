import Crypto
public import Foundation

/// Encrypts and authenticates what a server hands to a browser to keep, such as a session.
///
/// AES-GCM with a random nonce; the purpose is authenticated, so a value sealed for one use does not open for another.
public struct CookieSeal: Sendable {
    private let key: SymmetricKey

    /// - Parameter key: 32 bytes of randomness; all replicas of a server share it.
    public init(key: Data) {
        self.key = SymmetricKey(data: SHA256.hash(data: key))
    }

    /// A seal whose values nobody can open after this process has ended.
    public init() {
        key = SymmetricKey(size: .bits256)
    }

    /// The sealed form of `text`, in base64url.
    public func seal(_ text: String, for purpose: String) throws -> String {
        let box = try AES.GCM.seal(Data(text.utf8), using: key, authenticating: Data(purpose.utf8))
        guard let combined = box.combined else { throw CryptoKitError.incorrectParameterSize }
        return Base64URL.encode(combined)
    }

    /// The text, or nil when `sealed` is not what ``seal(_:for:)`` made for this purpose.
    public func open(_ sealed: String, for purpose: String) -> String? {
        guard let combined = Base64URL.decode(sealed), let box = try? AES.GCM.SealedBox(combined: combined),
            let text = try? AES.GCM.open(box, using: key, authenticating: Data(purpose.utf8))
        else { return nil }
        return String(data: text, encoding: .utf8)
    }
}

/// Base 64 with the alphabet for URLs and no padding (RFC 4648 §5).
public enum Base64URL {
    public static func encode(_ data: some DataProtocol) -> String {
        Data(data).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    public static func decode(_ text: String) -> Data? {
        guard text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "=") })
        else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text.replacing("-", with: "+").replacing("_", with: "/") + padding)
    }
}
