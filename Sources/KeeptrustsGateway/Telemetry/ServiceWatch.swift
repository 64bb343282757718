import KeeptrustsExchange
import KeeptrustsPolicy
import KeeptrustsRouting
import Logging

/// Tells the operator of services of policies that fail: one line in the log when it begins, and one when it is over.
struct ServiceWatch: Sendable {
    private let troubles = Troubles()
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    /// Takes in how a policy's service did.
    func take(_ news: ServiceNews, at endpoint: Endpoint, _ now: ContinuousClock.Instant) {
        let names: Logger.Metadata = ["policy": "\(news.policy)", "service": "\(endpoint.authority)"]
        if let failure = news.failure {
            guard troubles.failed(news.name, at: now) else { return }
            logger.warning(
                "the service of a policy fails", metadata: names.merging(["error": "\(failure.rawValue)"]) { $1 })
        } else if let trouble = troubles.answered(news.name, at: now) {
            logger.info("the service of a policy answers again", metadata: trouble.figures(names, at: now))
        }
    }

    /// Forgets the services that a new config no longer has.
    func keep(_ names: Set<String>) { troubles.keep(names) }
}

extension FailingTargets.Trouble {
    /// How often and how long, for the log.
    func figures(_ names: Logger.Metadata, at now: ContinuousClock.Instant) -> Logger.Metadata {
        let seconds = (now - began).components.seconds
        return names.merging(["failures": "\(failures)", "after_seconds": "\(seconds)"]) { $1 }
    }
}
