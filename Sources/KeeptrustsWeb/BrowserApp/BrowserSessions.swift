import Crypto
import Foundation
public import KeeptrustsCore
import Synchronization

/// What a server holds for the browsers that are signed in, by a secret that only the browser's cookie has.
///
/// In memory: a restart signs everybody out. Bounded: when it is full, the session that was used least recently ends.
public final class BrowserSessions<Value: Sendable>: Sendable {
    private let limit: Int
    private let now: @Sendable () -> Timestamp
    private let entries = Mutex<[Data: Entry]>([:])

    private struct Entry {
        var value: Value
        var end: Timestamp
        var lastUse: Timestamp
    }

    /// - Parameters:
    ///   - limit: The most sessions at a time.
    ///   - now: The clock.
    public init(limit: Int = 10_000, now: @escaping @Sendable () -> Timestamp = { .systemClock() }) {
        self.limit = limit
        self.now = now
    }

    /// Begins a session.
    ///
    /// - Returns: The secret for the browser: 256 random bits in base64url. Here only its hash stays.
    public func begin(_ value: Value, until end: Timestamp) -> String {
        let secret = Base64URL.encode(SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) })
        let moment = now()
        entries.withLock { entries in
            if entries.count >= limit { entries = entries.filter { $0.value.end > moment } }
            if entries.count >= limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key {
                entries[oldest] = nil
            }
            entries[Self.key(secret)] = Entry(value: value, end: end, lastUse: moment)
        }
        return secret
    }

    /// What belongs to a session that has not ended.
    public func value(of secret: String) -> Value? {
        let (key, moment) = (Self.key(secret), now())
        return entries.withLock { entries in
            guard var entry = entries[key] else { return nil }
            guard entry.end > moment else {
                entries[key] = nil
                return nil
            }
            entry.lastUse = moment
            entries[key] = entry
            return entry.value
        }
    }

    /// Changes what belongs to a session, and when it ends, if it has not ended yet.
    public func replace(_ value: Value, until end: Timestamp, of secret: String) {
        let key = Self.key(secret)
        entries.withLock { entries in
            guard entries[key] != nil else { return }
            entries[key]?.value = value
            entries[key]?.end = end
        }
    }

    /// Ends a session.
    @discardableResult
    public func end(_ secret: String) -> Value? {
        let key = Self.key(secret)
        return entries.withLock { $0.removeValue(forKey: key) }?.value
    }

    private static func key(_ secret: String) -> Data { Data(SHA256.hash(data: Data(secret.utf8))) }
}
