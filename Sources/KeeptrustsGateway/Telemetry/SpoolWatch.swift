import KeeptrustsRouting
import Logging

/// Tells the operator of a spool that takes nothing: one line in the log when it begins, and one when it is over.
struct SpoolWatch: Sendable {
    private let recording = Troubles()
    private let syncing = Troubles()
    private let logger: Logger

    /// There is one spool.
    private static let name = "spool"

    init(_ logger: Logger) { self.logger = logger }

    /// Takes in that a record was not written, or that an exchange was refused because it could not have been.
    func refused(_ error: SpoolError, at now: ContinuousClock.Instant = .now) {
        guard recording.failed(Self.name, at: now) else { return }
        logger.error("decision events cannot be recorded", metadata: ["error": "\(error)"])
    }

    /// Takes in that there is room; says whether there has been for a while.
    func hasRoom(at now: ContinuousClock.Instant = .now) -> Bool {
        if let trouble = recording.answered(Self.name, at: now) {
            logger.info("decision events are recorded again", metadata: trouble.figures([:], at: now))
        }
        return recording.isEmpty
    }

    /// Takes in that what was written could not be made durable.
    func notSynced(_ error: SpoolError, at now: ContinuousClock.Instant = .now) {
        guard syncing.failed(Self.name, at: now) else { return }
        logger.error("the spool cannot be synced", metadata: ["error": "\(error)"])
    }

    /// Takes in that what was written is durable.
    func synced(at now: ContinuousClock.Instant = .now) {
        guard let trouble = syncing.answered(Self.name, at: now) else { return }
        logger.info("the spool is synced again", metadata: trouble.figures([:], at: now))
    }
}
