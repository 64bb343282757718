import Foundation

/// Threads that each own a connection, and the work that waits for one of them.
///
/// `@unchecked Sendable`: all that changes is read and written under `condition`.
final class PostgresPool: @unchecked Sendable {
    typealias Work = @Sendable (Result<PostgresConnection, any Error>) -> Void

    /// How much may wait for a connection; what comes on top is refused at once.
    static let maximumWaiting = 1_000

    /// How long work waits for a connection before it is refused (seconds).
    static let maximumWait = 10.0

    private let address: PostgresAddress
    private let size: Int
    private let condition = NSCondition()
    private var waiting: [(work: Work, deadline: Date)] = []
    private var threads = 0
    private var idle = 0

    /// Threads that have a connection, or try to get one.
    private var serving = 0
    private var isClosed = false

    /// After a failed attempt to connect, the moment before which no other is made.
    private var nextAttempt = Date.distantPast
    private var delay = PostgresPool.shortestDelay
    private static let shortestDelay = 0.1
    private static let longestDelay = 3.0

    init(address: PostgresAddress, size: Int) {
        self.address = address
        self.size = size
    }

    /// Hands a connection to `work`, on the connection's thread; or an error, when there is none in time.
    func submit(_ work: @escaping Work) {
        condition.lock()
        guard !isClosed, waiting.count < Self.maximumWaiting else {
            condition.unlock()
            work(.failure(StorageError.unavailable("too many requests wait for a connection")))
            return
        }
        waiting.append((work, Date(timeIntervalSinceNow: Self.maximumWait)))
        if idle < waiting.count, threads < size, serving == 0 || nextAttempt <= Date() {
            threads += 1
            startThread()
        }
        condition.signal()
        condition.unlock()
    }

    /// Lets the threads finish what waits, then close their connections.
    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }

    private func startThread() {
        let thread = Thread { [self] in serve(PostgresConnection(address: address)) }
        thread.name = "keeptrusts-postgres"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// What one thread does: it takes what waits, one after the other, until the pool is closed.
    private func serve(_ connection: PostgresConnection) {
        while let (work, deadline) = next() {
            guard deadline > Date() else {
                work(.failure(StorageError.unavailable("no connection became free in time")))
                continue
            }
            if !connection.isOpen, let error = connect(connection) {
                guard !leave(work, deadline) else { return }
                work(.failure(error))
                continue
            }
            work(.success(connection))
            if !connection.isOpen { condition.withLock { serving -= 1 } }
        }
        connection.close()
    }

    private func next() -> (work: Work, deadline: Date)? {
        condition.lock()
        defer { condition.unlock() }
        idle += 1
        while waiting.isEmpty, !isClosed { condition.wait() }
        idle -= 1
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }

    /// Hands the work back, for the connections that there are, when the server gives no further one.
    private func leave(_ work: @escaping Work, _ deadline: Date) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard serving > 0 else { return false }
        waiting.insert((work, deadline), at: 0)
        threads -= 1
        condition.signal()
        return true
    }

    /// Connects, but not again too soon after a failure, so that requests fail fast while there is no database.
    private func connect(_ connection: PostgresConnection) -> (any Error)? {
        let mayTry = condition.withLock {
            guard nextAttempt <= Date() else { return false }
            serving += 1
            return true
        }
        guard mayTry else { return StorageError.unavailable("the last attempt to connect failed") }
        do {
            try connection.open()
            condition.withLock { (nextAttempt, delay) = (.distantPast, Self.shortestDelay) }
            return nil
        } catch {
            condition.withLock {
                serving -= 1
                nextAttempt = Date(timeIntervalSinceNow: delay)
                delay = min(delay * 2, Self.longestDelay)
            }
            return error
        }
    }
}
