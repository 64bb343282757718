import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import KeeptrustsRouting
import KeeptrustsWire
import NIOCore

// The fourth step again, for an answer that comes in pieces.
extension Exchange {
    mutating func stream(_ bytes: ByteBuffer, at now: ContinuousClock.Instant, into actions: inout [Action]) {
        guard var stream = attempt?.stream else { return }
        attempt?.stream = nil
        var out = ByteBuffer()
        let started = around.clock()
        let result = stream.push(bytes, into: &out)
        record.policyTime += around.clock() - started
        attempt?.stream = stream
        expect(within: attempt?.target.settings.timeouts.idle ?? .seconds(60), at: now)
        proceed(result, out, at: now, into: &actions)
    }

    mutating func endStream(at now: ContinuousClock.Instant, into actions: inout [Action]) {
        guard var stream = attempt?.stream else { return }
        attempt?.stream = nil
        var out = ByteBuffer()
        let started = around.clock()
        let result = stream.end(into: &out)
        record.policyTime += around.clock() - started
        attempt?.stream = stream
        proceed(result, out, at: now, into: &actions)
    }

    private mutating func proceed(
        _ result: AnswerStream.Result, _ out: ByteBuffer, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        switch result {
        case .more:
            send(out, at: now, into: &actions)
        case .done:
            watch(out, at: now, into: &actions)
        case .blocked(let outcome):
            actions.append(.cancelCall)
            endAttempt(.succeeded, error: nil, at: now, into: &actions)
            noteStream()
            let refusal = Refusal(outcome, phase: .response)
            record.errorCode = refusal.code
            guard hasReplied || out.readableBytes > 0 else {
                return refuse(refusal, outcome: .blocked, at: now, into: &actions)
            }
            var out = out
            breakOffStream(refusal, reason: "content_filter", into: &out)
            finish(stream: out, .blocked, at: now, into: &actions)
        case .held:
            judgeHeld(out, at: now, into: &actions)
        case .tooLarge:
            actions.append(.cancelCall)
            attemptFailed(.connection(.tooLarge), at: now, into: &actions)
        case .failed(let failure):
            actions.append(.cancelCall)
            send(out, at: now, into: &actions)
            attemptFailed(failure.map { .reported($0) } ?? .malformed, at: now, into: &actions)
        }
    }

    /// Runs the output chain over what was held of an answer.
    private mutating func judgeHeld(
        _ out: ByteBuffer, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        guard var stream = attempt?.stream else { return }
        attempt?.stream = nil
        guard let texts = stream.heldTexts(withEmpty: snapshot.chain.needs.emptyAnswers) else {
            return attemptFailed(.connection(.tooLarge), at: now, into: &actions)
        }
        guard !isLong(texts) else {
            attempt?.stream = stream
            endAttempt(.succeeded, error: nil, at: now, into: &actions)
            return judgeAside(texts, of: request, for: .held(out), at: now, into: &actions)
        }
        let started = around.clock()
        let step = begun(texts, of: request, at: .answer, by: shareOfHeld, now, &stream.placeholders)
        record.policyTime += around.clock() - started
        attempt?.stream = stream
        switch step {
        case .finished(let outcome):
            release(outcome, out, at: now, into: &actions)
        case .asking(let pending):
            endAttempt(.succeeded, error: nil, at: now, into: &actions)
            ask(pending, about: .held(out), at: now, into: &actions)
        }
    }

    /// Which policies judge what was held of a stream: not those that judge all of it at its end.
    var shareOfHeld: ChainShare { snapshot.chain.watches(without: leftOut) ? .others : .all }

    /// Those that do.
    var shareOfWatched: ChainShare { .watchers(after: attempt?.stream?.outcome.results ?? []) }

    /// Lets the policies judge all of an answer that only watch it; its last piece is `out`.
    private mutating func watch(_ out: ByteBuffer, at now: ContinuousClock.Instant, into actions: inout [Action]) {
        let addsEmpty = snapshot.chain.needs.emptyAnswers
        guard var stream = attempt?.stream else { return }
        attempt?.stream = nil
        let texts = stream.watched.takeTexts(withEmpty: addsEmpty)
        attempt?.stream = stream
        guard let texts else { return finishStream(out, .completed, at: now, into: &actions) }
        let share = shareOfWatched
        guard !isLong(texts) else {
            endAttempt(.succeeded, error: nil, at: now, into: &actions)
            return judgeAside(texts, of: request, for: .watched(out), at: now, into: &actions)
        }
        let started = around.clock()
        var numbers = stream.placeholders
        let step = begun(texts, of: request, at: .answer, by: share, now, &numbers)
        record.policyTime += around.clock() - started
        // Who watches asks nobody.
        guard case .finished(let outcome) = step else { return finishStream(out, .completed, at: now, into: &actions) }
        seen(outcome, out, at: now, into: &actions)
    }

    /// Takes note of what those policies say, and ends the answer.
    mutating func seen(
        _ outcome: ChainOutcome, _ out: ByteBuffer, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        attempt?.stream?.watched.outcome = outcome
        finishStream(out, .completed, at: now, into: &actions)
    }

    /// Sends what the output chain leaves of what was held.
    mutating func release(
        _ outcome: ChainOutcome, _ out: ByteBuffer, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        if outcome.repeats > repeated, out.readableBytes == 0, repeats(at: now, into: &actions) {
            return takeBack(outcome.counted)
        }
        guard var stream = attempt?.stream else { return }
        attempt?.stream = nil
        takeBack(stream.dropped(of: outcome))
        var out = out
        let started = around.clock()
        let result = stream.release(outcome, into: &out)
        record.policyTime += around.clock() - started
        attempt?.stream = stream
        proceed(result, out, at: now, into: &actions)
    }

    /// Sends a piece of the answer; in strict mode nothing goes out before the record is written.
    private mutating func send(_ out: ByteBuffer, at now: ContinuousClock.Instant, into actions: inout [Action]) {
        guard out.readableBytes > 0 else { return }
        guard snapshot.config.record.mode == .async else {
            held.writeImmutableBuffer(out)
            guard held.readableBytes <= snapshot.config.sizeLimits.maxResponseBytes else {
                actions.append(.cancelCall)
                return attemptFailed(.connection(.tooLarge), at: now, into: &actions)
            }
            return
        }
        var reply = ByteBuffer()
        if !hasReplied {
            hasReplied = true
            record.firstByteTime = moment(after: now) - began
            reply = Reply.streamHead(facts, using: &around.writer)
        }
        reply.writeChunk(out)
        actions.append(.reply(reply))
    }

    mutating func finishStream(
        _ out: ByteBuffer, _ outcome: Outcome, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        endAttempt(.succeeded, error: nil, at: now, into: &actions)
        noteStream()
        finish(stream: out, outcome, at: now, into: &actions)
    }

    /// The last piece goes out with the record.
    private mutating func finish(
        stream out: ByteBuffer, _ outcome: Outcome, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        var reply = ByteBuffer()
        if !hasReplied {
            record.firstByteTime = moment(after: now) - began
            reply = Reply.streamHead(facts, using: &around.writer)
            reply.writeChunk(held)
        }
        reply.writeChunk(out)
        reply.writeLastChunk()
        last = reply
        settle(outcome, status: 200, at: now, into: &actions)
    }

    /// Puts what the output chain said of the stream's texts into the record.
    private mutating func noteStream() {
        guard let stream = attempt?.stream else { return }
        record.note(stream.outcome, in: "response")
        note(stream.usage, stream.model)
    }

    /// Ends an answer that has begun: one error event, a last chunk, and no end mark.
    private mutating func breakOffStream(_ refusal: Refusal, reason: StaticString?, into out: inout ByteBuffer) {
        attempt?.stream?.breakOff(
            error: refusal.body(requestID: record.requestID, using: &around.writer), finishReason: reason, into: &out)
    }

    /// The provider failed after bytes of its answer had gone out: nobody else can be asked.
    mutating func breakOff(
        _ failure: AttemptFailure, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        breakOff(failure.refusal, at: now, into: &actions)
    }

    /// Ends an exchange that cannot go on, whether bytes of its answer have gone out or not.
    mutating func breakOff(_ refusal: Refusal, at now: ContinuousClock.Instant, into actions: inout [Action]) {
        guard hasReplied else { return refuse(refusal, outcome: .failed, at: now, into: &actions) }
        noteStream()
        record.errorCode = refusal.code
        var out = ByteBuffer()
        breakOffStream(refusal, reason: nil, into: &out)
        finish(stream: out, .failed, at: now, into: &actions)
    }
}
