import Foundation
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsExchange

/// The control plane's keys, as of a moment, as it told them.
struct HeardKeys: Sendable, Equatable {
    /// By the hash as it was told; active ones only.
    var keys: [String: KeySet.Key] = [:]

    /// The key of the hashes, in base 64.
    var hashKey: Secret
    var generation: Int

    /// When the control plane last confirmed them.
    var heard: Timestamp

    /// What is known after an answer: the set that it is, or what was known with the changes that it is.
    init(_ set: KeySet, after known: HeardKeys?, at now: Timestamp) {
        if !set.isFull, let known { keys = known.keys }
        (hashKey, generation, heard) = (set.hashKey, set.generation, now)
        for key in set.keys { keys[key.hash] = key.status == .active ? key : nil }
    }
}

/// The control plane's keys, as of a moment, ready to be looked up.
struct FleetKeys: Sendable {
    var keys: [KeyHash: CallerKey] = [:]
    var hashKey: [UInt8]

    /// When the control plane last confirmed them.
    var heard: Timestamp

    /// - Throws: ``MalformedKeySet`` when a hash, or the key of the hashes, is none.
    init(_ heard: HeardKeys) throws(MalformedKeySet) {
        guard let hashKey = Data(base64Encoded: heard.hashKey.reveal()), !hashKey.isEmpty else {
            throw MalformedKeySet()
        }
        (self.hashKey, self.heard) = (Array(hashKey), heard.heard)
        for key in heard.keys.values {
            guard let hash = KeyHash(hex: key.hash) else { throw MalformedKeySet() }
            keys[hash] = CallerKey(key)
        }
    }
}

/// A set of keys that cannot be used.
struct MalformedKeySet: Error {}

extension CallerKey {
    fileprivate init(_ key: KeySet.Key) {
        self.init(
            id: key.id.rawValue, allowedModels: key.allowedModels.map { Set($0) }, consumerGroup: key.consumerGroup,
            teamID: key.teamID?.rawValue, userID: key.userID?.rawValue, mayAssertIdentity: key.mayAssertIdentity,
            expires: key.expiresAt)
    }
}
