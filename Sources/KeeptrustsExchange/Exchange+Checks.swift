import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import NIOCore

// Between the local policies and what comes next: the services outside that a chain asks.
extension Exchange {
    /// What the exchange waits for, and what it does then.
    final class Checks {
        /// What was being judged.
        enum Subject {
            case request(SurfaceRequest, candidates: [Int])
            case answer(SurfaceAnswer)

            /// What was held of a stream, with what goes out before it.
            case held(ByteBuffer)

            /// All of a stream, of which this is still to go out.
            case watched(ByteBuffer)
        }

        let pending: PendingJudgement
        let subject: Subject
        let began: ContinuousClock.Instant

        /// The number of the first call.
        let first: Int
        var replies: [ServiceReply?]

        init(_ pending: PendingJudgement, _ subject: Subject, first: Int, at now: ContinuousClock.Instant) {
            (self.pending, self.subject, self.first, began) = (pending, subject, first, now)
            replies = [ServiceReply?](repeating: nil, count: pending.asked.count)
        }

        var isComplete: Bool { !replies.contains { $0 == nil } }

        /// One for each question; what has no reply has run out of time.
        var allReplies: [ServiceReply] { replies.map { $0 ?? .failed(.timeout) } }
    }

    /// Asks every service at once, and waits for all of them.
    mutating func ask(
        _ pending: PendingJudgement, about subject: Checks.Subject, at now: ContinuousClock.Instant,
        into actions: inout [Action]
    ) {
        let checks = Checks(pending, subject, first: nextCheck, at: moment(after: now))
        nextCheck += pending.asked.count
        self.checks = checks
        state = .checking
        var longest = Duration.zero
        for (place, asked) in pending.asked.enumerated() {
            let timeout = snapshot.chain.instances[asked.instance].timeout ?? .seconds(2)
            longest = max(longest, timeout)
            let service =
                asked.question.url.map { Service($0) }
                ?? snapshot.service(asked.question.service, of: asked.instance)
            guard let service, service.isAvailable, let id = record.requestID else {
                checks.replies[place] = .failed(.credential)
                continue
            }
            actions.append(
                .check(
                    ServiceCall(
                        number: checks.first + place, endpoint: service.endpoint,
                        bytes: service.request(
                            asked.question, requestID: id, at: around.wallClock(), using: &around.writer),
                        timeout: timeout,
                        mostBytes: asked.question.mostBytes, cutsAnswer: asked.question.cutsAnswer,
                        isPublicOnly: asked.question.isPublicOnly)))
        }
        // Each call has a clock of its own; this is for one that never tells.
        deadline = now + longest + .seconds(1)
        if checks.isComplete { finishChecks(at: now, into: &actions) }
    }

    /// Takes in what came of a call.
    mutating func checked(
        _ number: Int, _ reply: ServiceReply, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        guard let checks, checks.replies.indices.contains(number - checks.first) else { return }
        checks.replies[number - checks.first] = reply
        if checks.isComplete { finishChecks(at: now, into: &actions) }
    }

    /// Judges by what has come back, and goes on.
    mutating func finishChecks(at now: ContinuousClock.Instant, into actions: inout [Action]) {
        guard let checks else { return }
        self.checks = nil
        if !checks.isComplete { actions.append(.cancelChecks) }
        record.checkTime = (record.checkTime ?? .zero) + max(.zero, now - checks.began)
        let started = around.clock()
        var numbers = Placeholders()
        swap(&numbers, &placeholders)
        let outcome = checks.pending.finish(
            checks.allReplies, using: loopSnapshot.scratch, placeholders: &numbers)
        placeholders = numbers
        record.policyTime += around.clock() - started
        for news in checks.pending.news {
            guard let service = snapshot.service(news.service, of: news.instance) else { continue }
            actions.append(.tellOfService(news, at: service.endpoint))
        }
        proceed(checks.subject, outcome, at: now, into: &actions)
    }

    /// Goes on with what has been judged.
    mutating func proceed(
        _ subject: Checks.Subject, _ outcome: ChainOutcome, at now: ContinuousClock.Instant,
        into actions: inout [Action]
    ) {
        switch subject {
        case .request(let request, let candidates):
            proceed(request, candidates, outcome, at: now, into: &actions)
        case .answer(let answer):
            send(answer, outcome, at: now, into: &actions)
        case .held(let out):
            release(outcome, out, at: now, into: &actions)
        case .watched(let out):
            seen(outcome, out, at: now, into: &actions)
        }
    }

    /// Gives up what the exchange waits for.
    mutating func cancelChecks(into actions: inout [Action]) {
        if let checks { takeBack(checks.pending.counted) }
        checks = nil
        actions.append(.cancelChecks)
    }
}
