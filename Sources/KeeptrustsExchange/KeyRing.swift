import Crypto
import Foundation
public import KeeptrustsCore
public import NIOCore

/// A caller's key, as the gateway knows it.
public struct CallerKey: Sendable, Equatable {
    /// The token's id (`tok_…`), or `group:<name>` for a key of a consumer group.
    public var id: String

    /// The models it may ask for; nil means all.
    public var allowedModels: Set<String>?
    public var consumerGroup: String?
    public var teamID: String?
    public var userID: String?

    /// Whether `X-User-Id` and `X-Team-Id` of its requests are believed.
    public var mayAssertIdentity: Bool

    public var expires: Timestamp?

    public init(
        id: String, allowedModels: Set<String>? = nil, consumerGroup: String? = nil, teamID: String? = nil,
        userID: String? = nil, mayAssertIdentity: Bool = false, expires: Timestamp? = nil
    ) {
        self.id = id
        self.allowedModels = allowedModels
        self.consumerGroup = consumerGroup
        self.teamID = teamID
        self.userID = userID
        self.mayAssertIdentity = mayAssertIdentity
        self.expires = expires
    }

    /// What a caller on the gateway's own machine has, who comes without a key where that is allowed.
    static let anonymous = Self(id: "anonymous")

    var isAnonymous: Bool { self == .anonymous }

    public func may(use model: String) -> Bool { allowedModels?.contains(model) ?? true }

    /// Whether it may have an answer of a target: by its model, or by its id.
    func may(ask target: Target) -> Bool { may(use: target.model) || may(use: target.id) }
}

extension CallerKey {
    fileprivate func answer(at now: Timestamp) -> KeyRing.Answer {
        if let expires, expires <= now { return .bad }
        return .key(self)
    }
}

/// A SHA-256 value, comparable without a pointer.
public struct KeyHash: Sendable, Hashable {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// Takes 32 bytes, and no other number of them.
    public init?(_ bytes: some Sequence<UInt8>) {
        var all: [UInt64] = [0, 0, 0, 0]
        var count = 0
        for byte in bytes {
            guard count < 32 else { return nil }
            all[count / 8] = all[count / 8] << 8 | UInt64(byte)
            count += 1
        }
        guard count == 32 else { return nil }
        words = (all[0], all[1], all[2], all[3])
    }

    /// Takes the 32 bytes of a digest or of an authentication code.
    fileprivate init(bytes digest: some ContiguousBytes) {
        words = digest.withUnsafeBytes { raw in
            func word(_ index: Int) -> UInt64 {
                UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            }
            return (word(0), word(1), word(2), word(3))
        }
    }

    /// Reads 64 hexadecimal digits.
    public init?(hex: some StringProtocol) {
        let digits = Array(hex.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        self.init(bytes)
    }

    public static func == (a: Self, b: Self) -> Bool { a.words == b.words }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

/// Every key that a gateway accepts, by hash; immutable, so that all event loops share it.
///
/// No key is kept in clear, and a lookup compares hashes of the whole key only.
public final class KeyRing: Sendable {
    /// What a key ring says about a credential.
    public enum Answer: Sendable, Equatable {
        case key(CallerKey)
        case bad

        /// The gateway cannot tell: it has not heard from its source of keys for too long.
        case unknown
    }

    private let plain: [KeyHash: CallerKey]
    private let keyed: [KeyHash: CallerKey]
    private let prototype: HMAC<SHA256>?

    /// Until when the keys of the control plane are trusted; nil when this gateway has none.
    private let trustedUntil: Timestamp?

    /// Whether there is any source of keys at all.
    public let hasSource: Bool

    /// - Parameters:
    ///   - plain: Keys of consumer groups, by the SHA-256 of the key.
    ///   - keyed: Keys of the control plane, by the HMAC-SHA-256 of the key under `hashKey`.
    ///   - hashKey: The key of that HMAC.
    ///   - trustedUntil: When the control plane's keys stop being trusted; nil without a control plane.
    public init(
        plain: [KeyHash: CallerKey], keyed: [KeyHash: CallerKey] = [:], hashKey: [UInt8]? = nil,
        trustedUntil: Timestamp? = nil
    ) {
        self.plain = plain
        self.keyed = keyed
        self.trustedUntil = trustedUntil
        prototype = hashKey.map { HMAC<SHA256>(key: SymmetricKey(data: $0)) }
        hasSource = !plain.isEmpty || trustedUntil != nil
    }

    /// Judges a credential as it stands in a request.
    public func answer(for credential: ByteBuffer, at now: Timestamp) -> Answer {
        if !plain.isEmpty,
            let key = credential.withUnsafeReadableBytes({ plain[KeyHash(bytes: SHA256.hash(data: $0))] })
        {
            return key.answer(at: now)
        }
        guard let trustedUntil else { return .bad }
        guard now < trustedUntil else { return .unknown }
        return credential.withUnsafeReadableBytes(keyedEntry)?.answer(at: now) ?? .bad
    }

    /// Whether there are keys that it can judge by: the config's own, or the control plane's while they are trusted.
    func canJudge(at now: Timestamp) -> Bool {
        guard plain.isEmpty, let trustedUntil else { return true }
        return now < trustedUntil
    }

    private func keyedEntry(_ bytes: UnsafeRawBufferPointer) -> CallerKey? {
        guard var code = prototype else { return nil }
        code.update(data: bytes)
        return keyed[KeyHash(bytes: code.finalize())]
    }

    /// The SHA-256 of a key, as ``init(plain:keyed:hashKey:trustedUntil:)`` wants it.
    public static func plainHash(of key: String) -> KeyHash { KeyHash(bytes: SHA256.hash(data: Array(key.utf8))) }
}
