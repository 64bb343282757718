import Dispatch
import HTTPTypes
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsWeb
import Synchronization

/// Says what is wrong with policy configurations, one after the other.
///
/// A check compiles patterns, which can take seconds. It runs on a thread of its own, so that neither event loops nor the
/// cooperative pool wait; few may wait for it, and of one person or token fewer, so that nobody keeps the others out.
final class ConfigurationCheck: Sendable {
    private let problems: @Sendable (String) -> [Validation.Diagnostic]
    private let thread = DispatchQueue(label: "kt.configuration-check")
    private let waiting = Mutex<[String: Int]>([:])
    private let most: Int
    private let mostEach: Int

    /// - Parameters:
    ///   - most: Checks that run or wait.
    ///   - mostEach: Those of one actor.
    ///   - problems: What is wrong with the text of a configuration; empty when nothing is.
    init(
        most: Int = 8, mostEach: Int = 2, _ problems: @escaping @Sendable (String) -> [Validation.Diagnostic]
    ) {
        self.problems = problems
        self.most = most
        self.mostEach = mostEach
    }

    /// Checks that run or wait.
    var count: Int { waiting.withLock { $0.values.reduce(0, +) } }

    /// What is wrong with a configuration; empty when nothing is.
    ///
    /// - Throws: ``RequestFault`` 503 with `Retry-After` when too many checks wait.
    func problems(in yaml: String, for actor: AuditRecord.Actor) async throws -> [Validation.Diagnostic] {
        let isFree = waiting.withLock { waiting in
            guard waiting.values.reduce(0, +) < most, waiting[actor.id, default: 0] < mostEach else { return false }
            waiting[actor.id, default: 0] += 1
            return true
        }
        guard isFree else { throw Self.busy }
        defer {
            waiting.withLock { waiting in
                let left = waiting[actor.id, default: 1] - 1
                waiting[actor.id] = left > 0 ? left : nil
            }
        }
        return await withCheckedContinuation { continuation in
            thread.async { [problems] in continuation.resume(returning: problems(yaml)) }
        }
    }

    private static var busy: RequestFault {
        RequestFault(
            .unavailable, code: "configuration.check_busy", "Other configurations are being checked.",
            hint: "Try again in 2 s.", headers: [.retryAfter: "2"])
    }
}
