import HTTPTypes
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsWeb
import Synchronization

/// Bounds how many requests wait at the same time, in all and for each credential.
final class LongPolls: Sendable {
    private let waiting = Mutex<[Identifier<Token>: Int]>([:])
    private let most: Int
    private let mostEach: Int

    init(most: Int = 2_000, mostEach: Int = 8) {
        self.most = most
        self.mostEach = mostEach
    }

    /// Runs `body` while it counts as a waiting request.
    ///
    /// - Throws: ``RequestFault`` 503 with `Retry-After` when too many wait.
    func counting<Value>(_ token: Identifier<Token>, _ body: () async throws -> Value) async throws -> Value {
        let isFree = waiting.withLock { waiting in
            guard waiting.values.reduce(0, +) < most, waiting[token, default: 0] < mostEach else { return false }
            waiting[token, default: 0] += 1
            return true
        }
        guard isFree else {
            throw RequestFault(
                .unavailable, code: "server.too_many_waiting", "Too many requests wait for news.",
                hint: "Ask again in 5 s.", headers: [.retryAfter: "5"])
        }
        defer {
            waiting.withLock { waiting in
                let left = waiting[token, default: 1] - 1
                waiting[token] = left > 0 ? left : nil
            }
        }
        return try await body()
    }
}
