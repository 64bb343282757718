import AsyncAlgorithms
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import Logging
import ServiceLifecycle

/// Notices what other replicas changed about keys, within half a second.
struct KeyWatch: Service {
    let plane: Plane
    let logger: Logger

    func run() async throws {
        var known: [Identifier<Organisation>: Int] = [:]
        for await _ in AsyncTimerSequence(interval: .milliseconds(500), clock: .continuous).cancelOnGracefulShutdown() {
            let awaited = plane.notifier.awaited
            guard !awaited.isEmpty else { continue }
            do {
                let current = try await plane.database.read { transaction in
                    try awaited.map { ($0, try transaction.keyGeneration(in: $0)) }
                }
                for (org, generation) in current where known.updateValue(generation, forKey: org) != generation {
                    plane.notifier.changed(.init(organisation: org, kind: .keys))
                }
            } catch {
                logger.debug("cannot look for changed keys", metadata: ["error": "\(error)"])
            }
        }
    }
}
