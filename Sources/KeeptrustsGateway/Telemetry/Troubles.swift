import KeeptrustsRouting
import Synchronization

/// What fails at present, by name.
///
/// Shared by all event loops. While nothing fails they only look at a flag.
final class Troubles: Sendable {
    private let failing = Mutex(FailingTargets())
    private let isFailing = Atomic(false)

    var isEmpty: Bool { !isFailing.load(ordering: .relaxed) }

    /// Takes in a failure; says whether it is news.
    func failed(_ name: String, at now: ContinuousClock.Instant) -> Bool {
        change { $0.failed(name, at: now) }
    }

    /// Takes in an answer; gives the trouble that is over with it.
    func answered(_ name: String, at now: ContinuousClock.Instant) -> FailingTargets.Trouble? {
        isEmpty ? nil : change { $0.answered(name, at: now) }
    }

    /// Forgets all names but some: those of a new config.
    func keep(_ names: Set<String>) { change { $0.keep(names) } }

    private func change<Result: Sendable>(_ body: (inout FailingTargets) -> Result) -> Result {
        failing.withLock { failing in
            let result = body(&failing)
            isFailing.store(!failing.isEmpty, ordering: .relaxed)
            return result
        }
    }
}
