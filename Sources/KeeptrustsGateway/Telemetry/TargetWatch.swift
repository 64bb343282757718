import KeeptrustsDialects
import KeeptrustsExchange
import KeeptrustsRouting
import Logging
import Synchronization

/// Tells the operator of targets that fail: one line in the log when it begins, and one when it is over.
///
/// Shared by all event loops. While no target fails they only look at a flag.
final class TargetWatch: Sendable {
    private let failing = Mutex(FailingTargets())
    private let isFailing = Atomic(false)
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    /// Whether any target fails, so that answers are worth telling.
    var wantsAnswers: Bool { isFailing.load(ordering: .relaxed) }

    /// Takes in how an attempt at a target ended.
    func take(_ news: TargetNews, of target: Target, at now: ContinuousClock.Instant) {
        switch news {
        case .failed(let error):
            guard change({ $0.failed(target.id, at: now) }) else { return }
            logger.warning(
                "a target fails",
                metadata: [
                    "target": "\(target.id)", "provider": "\(target.provider.id)", "error": "\(error)",
                ])
        case .answered:
            guard let trouble = change({ $0.answered(target.id, at: now) }) else { return }
            let seconds = (now - trouble.began).components.seconds
            logger.info(
                "a target answers again",
                metadata: [
                    "target": "\(target.id)", "failures": "\(trouble.failures)", "after_seconds": "\(seconds)",
                ])
        }
    }

    /// Forgets the targets that a new config no longer has.
    func keep(_ targets: [Target]) { change { $0.keep(Set(targets.map(\.id))) } }

    private func change<Result: Sendable>(_ body: (inout FailingTargets) -> Result) -> Result {
        failing.withLock { failing in
            let result = body(&failing)
            isFailing.store(!failing.isEmpty, ordering: .relaxed)
            return result
        }
    }
}
