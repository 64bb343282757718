import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsPolicy
import KeeptrustsRouting
import KeeptrustsWire
import NIOCore

// The last step: write the record, then end the answer.
extension Exchange {
    /// Answers with an error.
    mutating func refuse(
        _ refusal: Refusal, outcome: Outcome? = nil, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        // A body that is still on its way would be taken for the next request.
        if state == .reading, !isRead { keepsAlive = false }
        record.errorCode = refusal.code
        if record.requestID == nil {
            record.requestID = around.ids.identifier("req", at: around.wallClock())
        }
        last = refusal.reply(facts, using: &around.writer)
        let outcome = outcome ?? (refusal.policy == nil ? .refused : .blocked)
        guard record.key != nil else {
            // A stranger's request is no exchange: it must not be able to fill the spool.
            state = .settled
            actions.append(.end(last ?? ByteBuffer(), keepsAlive: keepsAlive))
            return
        }
        settle(outcome, status: refusal.status, at: now, into: &actions)
    }

    /// Makes the record; what is left of the answer goes out when it is written.
    mutating func settle(
        _ outcome: Outcome, status: Int, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        if case .cancelled = outcome { endAttempt(.abandoned, error: "cancelled", at: now, into: &actions) }
        record.status = status
        if !snapshot.chain.logLevels.isEmpty {
            for detection in record.detections(snapshot.chain.logLevels) { actions.append(.log(detection)) }
        }
        if snapshot.chain.isReversible { forgetValues() }
        let event = record.event(
            gatewayID: around.gatewayID, config: snapshot.record, outcome: outcome, total: moment(after: now) - began,
            inFull: around.recordsAll || snapshot.chain.recordKeeping?.logsAllAccess ?? true, using: &around.writer)
        state = .recording
        deadline = now + .seconds(60)
        actions.append(.record(event))
    }

    /// Lets go what was kept of the values that were taken out; what is left of the answer is in `last`.
    private mutating func forgetValues() {
        placeholders = Placeholders()
        markers = nil
        attempt?.stream = nil
    }

    /// Ends the answer, now that its record is written; or cuts it, when that failed.
    mutating func finish(_ isRecorded: Bool, into actions: inout [Action]) {
        state = .settled
        guard let last else { return actions.append(.abort) }
        if isRecorded {
            actions.append(.end(last, keepsAlive: keepsAlive))
        } else if hasReplied {
            actions.append(.abort)
        } else {
            keepsAlive = false
            actions.append(.end(Refusal.spoolFull.reply(facts, using: &around.writer), keepsAlive: false))
        }
    }
}
