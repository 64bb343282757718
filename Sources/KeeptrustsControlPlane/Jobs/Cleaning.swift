import AsyncAlgorithms
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import Logging
import ServiceLifecycle

/// Removes what has ended: sessions, links, codes and the chat's keys.
struct Cleaning: Service {
    let plane: Plane
    let logger: Logger

    func run() async throws {
        for await _ in AsyncTimerSequence(interval: .seconds(600), clock: .continuous).cancelOnGracefulShutdown() {
            do {
                try await once()
            } catch {
                logger.warning("cannot remove what has ended", metadata: ["error": "\(error)"])
            }
        }
    }

    func once() async throws {
        let now = plane.now()
        for organisation in try await plane.database.read({ try $0.organisations() }) {
            try await plane.database.write { transaction in
                try transaction.removeEnded(in: organisation.id, before: now)
                // A day later, so that every gateway has seen its end.
                try transaction.removeChatTokens(endedBefore: now.advanced(by: .seconds(-86_400)), in: organisation.id)
            }
        }
    }
}
