import CArgon2
import Dispatch
import Foundation
import KeeptrustsCore
import Synchronization

/// Hashes and verifies passwords with argon2id: 19 MiB, two passes, one lane, as OWASP advises at least.
///
/// Works on threads of its own, so that neither event loops nor the cooperative pool wait; a burst beyond the queue is
/// refused, because each hash takes its memory.
final class PasswordHasher: Sendable {
    private let threads: [DispatchQueue]
    private let waiting = Mutex((count: 0, next: 0))
    private let maxWaiting: Int

    init(threads: Int = 2, maxWaiting: Int = 64) {
        self.threads = (0..<threads).map { DispatchQueue(label: "kt.argon2.\($0)") }
        self.maxWaiting = maxWaiting
    }

    /// The hash of a password in PHC form, with a salt of its own.
    func hash(_ password: Secret) async throws -> String {
        try await onThread { try Argon2.hash(password) }
    }

    /// Whether `password` is the one that `hash` was made from; takes as long when there is no hash.
    func verify(_ password: Secret, against hash: String?) async throws -> Bool {
        try await onThread { Argon2.verify(password, against: hash ?? Argon2.nobody) && hash != nil }
    }

    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let queue: DispatchQueue = try waiting.withLock { waiting in
            guard waiting.count < maxWaiting else { throw TooManyAttempts(retryAfterSeconds: 2) }
            waiting.count += 1
            waiting.next = (waiting.next + 1) % threads.count
            return threads[waiting.next]
        }
        defer { waiting.withLock { $0.count -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}

/// The C library, in the one form that we use.
private enum Argon2 {
    static let passes = UInt32(2)
    static let kibibytes = UInt32(19_456)
    static let lanes = UInt32(1)

    /// A hash with the same cost as any, whose password nobody knows: 32 random bytes made for this process.
    static let nobody: String = {
        var generator = SystemRandomNumberGenerator()
        let password = (0..<4).map { _ in String(generator.next() as UInt64, radix: 16) }.joined()
        return (try? hash(Secret(password))) ?? ""
    }()

    static func hash(_ password: Secret) throws -> String {
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let text = Array(password.reveal().utf8)
        var encoded = [CChar](repeating: 0, count: 256)
        let code = argon2id_hash_encoded(
            passes, kibibytes, lanes, text, text.count, salt, salt.count, 32, &encoded, encoded.count)
        guard code == ARGON2_OK.rawValue else { throw HashingFailed(code: code) }
        return String(decoding: encoded.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func verify(_ password: Secret, against hash: String) -> Bool {
        let text = Array(password.reveal().utf8)
        return argon2id_verify(hash, text, text.count) == ARGON2_OK.rawValue
    }
}

/// libargon2 failed, for lack of memory in practice.
struct HashingFailed: Error {
    var code: Int32
}
