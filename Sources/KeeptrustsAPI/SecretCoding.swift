import KeeptrustsCore

/// Secrets cross the wire in a few named fields only, each written out where it does.
extension KeyedDecodingContainer {
    func decodeSecret(forKey key: Key) throws -> Secret {
        Secret(try decode(String.self, forKey: key))
    }

    func decodeSecretIfPresent(forKey key: Key) throws -> Secret? {
        try decodeIfPresent(String.self, forKey: key).map(Secret.init)
    }
}

extension KeyedEncodingContainer {
    mutating func encodeSecret(_ secret: Secret, forKey key: Key) throws {
        try encode(secret.reveal(), forKey: key)
    }

    mutating func encodeSecretIfPresent(_ secret: Secret?, forKey key: Key) throws {
        try encodeIfPresent(secret?.reveal(), forKey: key)
    }
}
