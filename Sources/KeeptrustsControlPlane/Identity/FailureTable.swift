import KeeptrustsCore

/// Failures by what they count for, and the waits that they cost.
///
/// Bounded: when it is full, records go that cost nobody a wait yet, and only then those with the fewest failures; of equals,
/// the one that was quiet longest. So whoever wants a record forgotten must fill the table with records that weigh as
/// much, each of which costs as many failures.
struct FailureTable {
    /// When failures cost a wait, and which.
    struct Rule {
        /// Failures that cost nothing.
        var free: Int

        /// The first wait; each that follows is twice as long.
        var firstWait: Duration
        var longestWait: Duration
    }

    private struct Record {
        var failures = 0
        var lastFailure = Timestamp(rawValue: 0)
    }

    private var records: [String: Record] = [:]
    private let rule: Rule
    private let capacity: Int

    /// How long after the last failure a record starts afresh (microseconds).
    private static let memory: Int64 = 3_600_000_000

    init(_ rule: Rule, capacity: Int) {
        self.rule = rule
        self.capacity = capacity
    }

    var count: Int { records.count }

    /// How long an attempt has to wait (microseconds); not above 0 when it may begin.
    func wait(_ key: String, at now: Timestamp) -> Int64 {
        guard let record = records[key], record.failures >= rule.free else { return 0 }
        let doublings = min(record.failures - rule.free, 20)
        let wait = min(Self.micros(rule.firstWait) << doublings, Self.micros(rule.longestWait))
        return record.lastFailure.rawValue + wait - now.rawValue
    }

    /// Counts a failure.
    mutating func add(_ key: String, at now: Timestamp) {
        var record = records[key] ?? Record()
        if Self.isOver(record, at: now) { record.failures = 0 }
        record.failures += 1
        record.lastFailure = now
        records[key] = record
        if records.count > capacity { makeRoom(at: now) }
    }

    /// Counts a failure unless an earlier one has to be waited for; the wait, as ``wait(_:at:)`` gives it.
    mutating func begin(_ key: String, at now: Timestamp) -> Int64 {
        let wait = wait(key, at: now)
        if wait <= 0 { add(key, at: now) }
        return max(0, wait)
    }

    /// Takes one failure back.
    mutating func takeBack(_ key: String) {
        guard var record = records[key] else { return }
        record.failures -= 1
        records[key] = record.failures > 0 ? record : nil
    }

    mutating func forget(_ key: String) { records[key] = nil }

    /// Keeps three quarters of what fits, so that many records come before the next look at all.
    private mutating func makeRoom(at now: Timestamp) {
        records = records.filter { !Self.isOver($0.value, at: now) }
        guard records.count > capacity else { return }
        let free = rule.free
        func weight(_ record: Record) -> (Int, Timestamp) {
            (record.failures < free ? 0 : record.failures, record.lastFailure)
        }
        let kept = records.sorted { weight($0.value) > weight($1.value) }.prefix(capacity * 3 / 4)
        records = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }

    private static func isOver(_ record: Record, at now: Timestamp) -> Bool {
        now.rawValue - record.lastFailure.rawValue > memory
    }

    private static func micros(_ duration: Duration) -> Int64 { duration.components.seconds * 1_000_000 }
}

/// The networks from which accounts were signed in to, the latest few of each.
///
/// Only a right password adds one, so nobody fills it with what is not his.
struct KnownNetworks {
    private var networks: [String: [String]] = [:]
    private let capacity: Int

    /// Networks of one account.
    private static let mostEach = 8

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { networks.count }

    func contains(_ network: String, of account: String) -> Bool { networks[account]?.contains(network) ?? false }

    mutating func add(_ network: String, of account: String) {
        if networks[account] == nil, networks.count >= capacity, let other = networks.first?.key {
            networks[other] = nil
        }
        var own = networks[account] ?? []
        own.removeAll { $0 == network }
        networks[account] = own.suffix(Self.mostEach - 1) + [network]
    }
}
