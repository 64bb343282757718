import Crypto
import Foundation
import KeeptrustsCore
import KeeptrustsWeb

/// A secret and its hash, by which a code is bound to who asked for it.
///
/// See RFC 7636, method S256.
struct PKCE: Sendable {
    let verifier: Secret
    let challenge: String

    init() {
        let text = Self.random()
        verifier = Secret(text)
        challenge = Self.challenge(of: text)
    }

    /// BASE64URL(SHA-256(verifier)).
    static func challenge(of verifier: String) -> String {
        Base64URL.encode(Data(SHA256.hash(data: Data(verifier.utf8))))
    }

    /// 256 random bits in base64url.
    static func random() -> String {
        Base64URL.encode(SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) })
    }
}
