import KeeptrustsExchange
import KeeptrustsRouting
import Logging

/// Tells the operator of exchanges that are refused because too many are under way: one line in the log when it begins,
/// and one when it is over.
struct LimitWatch: Sendable {
    private let troubles = Troubles()
    private let most: Int
    private let logger: Logger
    private static let name = "concurrency"

    init(_ most: Int, _ logger: Logger) {
        self.most = most
        self.logger = logger
    }

    /// Takes in that an exchange was admitted or refused.
    func take(_ news: ConcurrencyLimit.News, at moment: @autoclosure () -> ContinuousClock.Instant) {
        switch news {
        case .refused:
            guard troubles.failed(Self.name, at: moment()) else { return }
            logger.warning(
                "as many exchanges as allowed are under way; more are refused",
                metadata: ["max_concurrency": "\(most)"])
        case .admitted:
            guard !troubles.isEmpty else { return }
            let now = moment()
            guard let trouble = troubles.answered(Self.name, at: now) else { return }
            logger.info(
                "no exchange is refused any more for too many under way",
                metadata: [
                    "refused": "\(trouble.failures)", "after_seconds": "\((now - trouble.began).components.seconds)",
                ])
        }
    }
}
