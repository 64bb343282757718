import Crypto

/// Makes what stands in records for a name that only its caller knows.
///
/// Such a name may be personal, or a secret in the wrong place. What stands for it tells two names apart and nothing
/// else: a few bytes of a hash under a key that nobody has who reads records, so that trying names finds out nothing.
public struct NameMask: Sendable {
    private let key: SymmetricKey

    /// - Parameter key: Random bytes, 16 or more, which stay in the process. Under another key a name looks different.
    public init(key: [UInt8]) { self.key = SymmetricKey(data: key) }

    /// `unknown:` and 8 hexadecimal digits.
    func masked(_ name: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Array(name.utf8), using: key)
        let digits = code.prefix(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        return "unknown:\(digits.joined())"
    }
}
