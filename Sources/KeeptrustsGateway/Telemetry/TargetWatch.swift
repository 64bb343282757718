import KeeptrustsDialects
import KeeptrustsExchange
import Logging

/// Tells the operator of targets that fail: one line in the log when it begins, and one when it is over.
struct TargetWatch: Sendable {
    private let troubles = Troubles()
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    /// Whether any target fails, so that answers are worth telling.
    var wantsAnswers: Bool { !troubles.isEmpty }

    /// Takes in how an attempt at a target ended.
    func take(_ news: TargetNews, of target: Target, at now: ContinuousClock.Instant) {
        switch news {
        case .failed(let error):
            guard troubles.failed(target.id, at: now) else { return }
            logger.warning(
                "a target fails",
                metadata: [
                    "target": "\(target.id)", "provider": "\(target.provider.id)", "error": "\(error)",
                ])
        case .answered:
            guard let trouble = troubles.answered(target.id, at: now) else { return }
            logger.info("a target answers again", metadata: trouble.figures(["target": "\(target.id)"], at: now))
        }
    }

    /// Forgets the targets that a new config no longer has.
    func keep(_ targets: [Target]) { troubles.keep(Set(targets.map(\.id))) }
}
