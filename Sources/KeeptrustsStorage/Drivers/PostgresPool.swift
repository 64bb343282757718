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
        if idle < waiting.count, threads < size {
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
        let thread = Thread { [self] in
            let connection = PostgresConnection(address: address)
            while let (work, deadline) = next() {
                guard deadline > Date() else {
                    work(.failure(StorageError.unavailable("no connection became free in time")))
                    continue
                }
                work(ready(connection))
            }
            connection.close()
        }
        thread.name = "keeptrusts-postgres"
        thread.stackSize = 1 << 20
        thread.start()
    }

    private func next() -> (work: Work, deadline: Date)? {
        condition.lock()
        defer { condition.unlock() }
        idle += 1
        while waiting.isEmpty, !isClosed { condition.wait() }
        idle -= 1
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }

    /// Connects if need be; not again too soon after a failure, so that requests fail fast while there is no database.
    private func ready(_ connection: PostgresConnection) -> Result<PostgresConnection, any Error> {
        if connection.isOpen { return .success(connection) }
        condition.lock()
        let mayTry = nextAttempt <= Date()
        condition.unlock()
        guard mayTry else { return .failure(StorageError.unavailable("the last attempt to connect failed")) }
        let result = Result { try connection.open() }
        condition.lock()
        defer { condition.unlock() }
        switch result {
        case .success:
            (nextAttempt, delay) = (.distantPast, Self.shortestDelay)
        case .failure:
            nextAttempt = Date(timeIntervalSinceNow: delay)
            delay = min(delay * 2, Self.longestDelay)
        }
        return result.map { connection }
    }
}
