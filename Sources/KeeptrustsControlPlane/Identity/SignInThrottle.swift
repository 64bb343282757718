import HTTPTypes
import KeeptrustsCore
import KeeptrustsWeb
import Synchronization

/// Slows down guessing: a few failures for each account and more for each address are free, then each costs a wait that
/// doubles.
///
/// Held in this process; a replica counts for itself. Bounded: the account or address that was quiet longest is
/// forgotten first.
final class SignInThrottle: Sendable {
    private struct Record {
        var failures = 0
        var lastFailure = Timestamp(rawValue: 0)
    }

    private struct Rule {
        var free: Int
        var firstWait: Duration
        var longestWait: Duration
    }

    private let records = Mutex<[String: Record]>([:])
    private let capacity: Int
    private let account = Rule(free: 5, firstWait: .seconds(2), longestWait: .seconds(900))

    /// Many people may share an address.
    private let address = Rule(free: 30, firstWait: .seconds(1), longestWait: .seconds(60))

    /// How long after the last failure an account starts afresh.
    private let memory = Duration.seconds(3_600)

    init(capacity: Int = 20_000) {
        self.capacity = capacity
    }

    /// Accounts and addresses that are remembered.
    var count: Int { records.withLock { $0.count } }

    /// Lets an attempt begin, or not.
    ///
    /// It counts as a failure until ``succeeded(account:address:)``, so that attempts at the same time count, too.
    ///
    /// - Parameters:
    ///   - account: Whose password is guessed; nil for a code, which names nobody and is counted by itself.
    ///   - peer: The address that it comes from.
    ///   - now: The time.
    /// - Throws: ``TooManyAttempts`` while an earlier failure has to be waited for.
    func begin(account: String? = nil, address peer: String, at now: Timestamp) throws(TooManyAttempts) {
        let keys = account.map { ["a:\($0)", "p:\(peer)"] } ?? ["c:\(peer)"]
        let wait = records.withLock { records in
            let wait = keys.map { remaining(records[$0], $0.hasPrefix("a:") ? self.account : address, now) }.max() ?? 0
            guard wait <= 0 else { return wait }
            for key in keys {
                var record = records[key] ?? Record()
                if now.rawValue - record.lastFailure.rawValue > micros(memory) { record.failures = 0 }
                record.failures += 1
                record.lastFailure = now
                records[key] = record
            }
            if records.count > capacity {
                let kept = records.sorted { $0.value.lastFailure > $1.value.lastFailure }.prefix(capacity / 2)
                records = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
            }
            return 0
        }
        guard wait > 0 else { return }
        throw TooManyAttempts(retryAfterSeconds: Int((wait + 999_999) / 1_000_000))
    }

    /// Takes an attempt back that succeeded: forgets the account's failures, and this one of the address.
    ///
    /// The address keeps its others, or one good account would free any number of guesses.
    func succeeded(account: String? = nil, address peer: String) {
        records.withLock { records in
            if let account { records["a:\(account)"] = nil }
            let key = account == nil ? "c:\(peer)" : "p:\(peer)"
            guard var record = records[key] else { return }
            record.failures -= 1
            records[key] = record.failures > 0 ? record : nil
        }
    }

    private func remaining(_ record: Record?, _ rule: Rule, _ now: Timestamp) -> Int64 {
        guard let record, record.failures >= rule.free else { return 0 }
        let doublings = min(record.failures - rule.free, 20)
        let wait = min(micros(rule.firstWait) << doublings, micros(rule.longestWait))
        return record.lastFailure.rawValue + wait - now.rawValue
    }

    private func micros(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1_000_000
    }
}

/// Someone must wait before the next attempt.
struct TooManyAttempts: HTTPFacingError, Equatable {
    var retryAfterSeconds: Int

    var category: ErrorCategory { .limited }
    var code: String { "auth.too_many_attempts" }
    var message: String { "There were too many attempts." }
    var hint: String? { "Try again in \(retryAfterSeconds) s." }
    var headers: HTTPFields { [.retryAfter: "\(retryAfterSeconds)"] }
}
