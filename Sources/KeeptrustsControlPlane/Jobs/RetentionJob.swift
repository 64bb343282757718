import AsyncAlgorithms
import Crypto
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import Logging
import ServiceLifecycle

/// Removes events whose retention is over: at the start, and every ten minutes.
///
/// In small transactions, so that nobody who writes waits long; how many went stands in the audit log.
struct RetentionJob: Service {
    let plane: Plane
    let logger: Logger

    /// Events of one transaction, and transactions for one organisation in a row; the rest goes the next time.
    var batch = 2_000
    var mostBatches = 1_000

    func run() async throws {
        await attempt()
        for await _ in AsyncTimerSequence(interval: .seconds(600), clock: .continuous).cancelOnGracefulShutdown() {
            await attempt()
        }
    }

    private func attempt() async {
        do {
            try await once()
        } catch {
            logger.warning("cannot remove events whose retention is over", metadata: ["error": "\(error)"])
        }
    }

    func once() async throws {
        for organisation in try await plane.database.read({ try $0.organisations() }) {
            for _ in 0..<mostBatches where !Task.isShuttingDownGracefully {
                guard try await removeBatch(in: organisation.id) == batch else { break }
            }
        }
    }

    private func removeBatch(in org: Identifier<Organisation>) async throws -> Int {
        let batch = batch
        let draft = AuditRecord(
            id: plane.makeID("aud"), time: plane.now(), actor: .init(.system, "kt"), action: "event.remove")
        return try await plane.database.write { transaction in
            let count = try transaction.removeEndedEvents(limit: batch, in: org)
            guard count > 0 else { return 0 }
            var record = draft
            record.details = ["count": String(count), "reason": "retention"]
            try transaction.append(record, in: org, hash: SHA256.hexDigest)
            return count
        }
    }
}
