import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import NIOCore

/// Long texts of an exchange, which another thread judges.
///
/// `@unchecked`, since only one thread at a time has it, as ``LongWork`` says.
public final class LongJudgement: LongWork, @unchecked Sendable {
    /// What is judged, a request without what was taken out; nil when nobody waits for it any more.
    private(set) var subject: Exchange.Checks.Subject?
    private var segments: [Segment]
    private let stage: ExchangeStage
    private let share: ChainShare
    private var facts: ExchangeFacts
    public let caller: Int
    public let length: Int
    private let loopSnapshot: LoopSnapshot
    private var scratch: MatchScratch?
    private var hasBegun = false

    /// Of an answer that policies only watch, what is still to go out, whether they come to judge it or not.
    let rest: ByteBuffer?

    /// The numbers that the values of the exchange have, before and after.
    private(set) var placeholders: Placeholders
    private(set) var step: JudgementStep?

    /// Whether what the chain takes out of the request is taken out of `subject` already.
    private(set) var hasCut = false

    /// How long it took.
    private(set) var time = Duration.zero
    public private(set) var isWanted = true

    init(
        _ segments: [Segment], at stage: ExchangeStage, by share: ChainShare, for subject: Exchange.Checks.Subject,
        facts: ExchangeFacts,
        of caller: Int, _ placeholders: Placeholders, on loopSnapshot: LoopSnapshot
    ) {
        self.caller = caller
        length = segments.reduce(0) { $0 + $1.text.readableBytes }
        (self.segments, self.stage, self.subject, self.facts) = (segments, stage, subject, facts)
        self.share = share
        if case .watched(let out) = subject { rest = out } else { rest = nil }
        (self.placeholders, self.loopSnapshot) = (placeholders, loopSnapshot)
    }

    /// Takes the memory that it works in.
    public func begin() {
        hasBegun = true
        scratch = loopSnapshot.takeSpare()
    }

    /// Judges, and takes out of a request what must not go on.
    public func run() {
        guard let scratch else { return }
        let began = ContinuousClock.now
        scratch.caller = caller
        let step = loopSnapshot.snapshot.chain.begin(
            segments, at: stage, by: share, facts: facts, using: scratch, placeholders: &placeholders)
        if case .finished(let outcome) = step, case .request(var request, let candidates) = subject {
            subject = nil
            request.cut(outcome.redactions)
            subject = .request(request, candidates: candidates)
            hasCut = true
        }
        self.step = step
        time = .now - began
    }

    /// Gives the memory back.
    public func end() {
        if let scratch {
            if !isWanted, let step { loopSnapshot.snapshot.chain.takeBack(step.counted, using: scratch) }
            loopSnapshot.giveBack(scratch)
        }
        scratch = nil
        if !isWanted { release() }
    }

    public func giveUp() {
        isWanted = false
        if !hasBegun { release() }
    }

    private func release() {
        segments = []
        subject = nil
        facts = ExchangeFacts()
    }
}

extension SurfaceRequest {
    /// Takes out of the body what must not go on.
    mutating func cut(_ redactions: [Redaction]) {
        guard !redactions.isEmpty else { return }
        let texts = texts
        edits.cut(redactions.map(\.cut), outOf: { texts[$0] })
    }
}

// What would keep the other exchanges of the loop waiting is done on another thread.
extension Exchange {
    /// Whether a body is so long that it is read on another thread.
    func isLong(_ body: ByteBuffer) -> Bool { around.longTexts.map { body.readableBytes >= 4 * $0 } ?? false }

    /// Whether texts are too long to be judged on the event loop.
    func isLong(_ segments: [Segment]) -> Bool {
        guard let limit = around.longTexts else { return false }
        var bytes = 0
        for segment in segments { bytes += segment.text.readableBytes }
        return bytes >= limit
    }

    /// Has texts judged on another thread, and waits for that.
    mutating func judgeAside(
        _ segments: [Segment], of request: SurfaceRequest?, for subject: Checks.Subject,
        at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        var (stage, share, numbers) = (ExchangeStage.answer, ChainShare.all, placeholders)
        switch subject {
        case .request: stage = .request
        case .answer: break
        case .held: (share, numbers) = (shareOfHeld, attempt?.stream?.placeholders ?? numbers)
        case .watched: (share, numbers) = (shareOfWatched, attempt?.stream?.placeholders ?? numbers)
        }
        putAside(
            LongJudgement(
                segments, at: stage, by: share.without(leftOut), for: subject,
                facts: policyFacts(request, at: stage, now), of: caller, numbers, on: loopSnapshot), at: now,
            into: &actions)
    }

    /// Has something done on another thread, and waits for that.
    mutating func putAside(_ work: any LongWork, at now: ContinuousClock.Instant, into actions: inout [Action]) {
        aside = work
        state = .aside
        deadline = now + Self.longestAside
        actions.append(.aside(work))
    }

    /// Whose exchange it is: the same number for the same caller.
    var caller: Int { record.key?.id.hashValue ?? 0 }

    /// Goes on with what was done on another thread.
    mutating func take(_ work: any LongWork, at now: ContinuousClock.Instant, into actions: inout [Action]) {
        aside = nil
        switch work {
        case let judgement as LongJudgement: take(judgement, at: now, into: &actions)
        case let reading as LongReading: take(reading.result, at: now, into: &actions)
        default: breakOff(.overloaded, at: now, into: &actions)
        }
    }

    private mutating func take(
        _ judgement: LongJudgement, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        record.policyTime += judgement.time
        guard let subject = judgement.subject else { return breakOff(judgement, at: now, into: &actions) }
        switch subject {
        case .held, .watched:
            attempt?.stream?.placeholders = judgement.placeholders
        case .request, .answer:
            placeholders = judgement.placeholders
            placeholders.endRemembering()
        }
        hasCut = judgement.hasCut
        switch judgement.step {
        case .finished(let outcome): proceed(subject, outcome, at: now, into: &actions)
        case .asking(let pending): ask(pending, about: subject, at: now, into: &actions)
        case nil: breakOff(judgement, at: now, into: &actions)
        }
    }

    /// Ends an exchange whose long texts nobody has judged in time; who only watches stops nothing.
    mutating func breakOff(
        _ work: (any LongWork)?, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        guard let rest = (work as? LongJudgement)?.rest else {
            return breakOff(.overloaded, at: now, into: &actions)
        }
        attempt?.stream?.watched.miss()
        finishStream(rest, .completed, at: now, into: &actions)
    }

    mutating func giveUpAside() {
        aside?.giveUp()
        aside = nil
    }

    /// How long an exchange waits for what is done on another thread, that of others before it included.
    private static let longestAside = Duration.seconds(60)
}
