import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import NIOCore

/// Long texts of an exchange, which another thread judges while the event loop goes on with other exchanges.
///
/// Made on the event loop and taken back there. In between, ``run()`` alone touches it, once, on any thread: so nothing in
/// it is ever used by two threads at a time, which the compiler cannot see (`@unchecked`).
public final class LongJudgement: @unchecked Sendable {
    let subject: Exchange.Checks.Subject
    private let segments: [Segment]
    private let stage: ExchangeStage
    private let facts: ExchangeFacts

    /// Whose texts they are: the same number for the same caller.
    private let caller: Int
    private let loopSnapshot: LoopSnapshot
    private var scratch: MatchScratch?

    /// The numbers that the values of the exchange have, before and after.
    private(set) var placeholders: Placeholders
    private(set) var step: JudgementStep?

    /// How long it took.
    private(set) var time = Duration.zero

    /// Whether the exchange still waits for it; belongs to the event loop.
    public internal(set) var isWanted = true

    init(
        _ segments: [Segment], at stage: ExchangeStage, for subject: Exchange.Checks.Subject, facts: ExchangeFacts,
        of caller: Int, _ placeholders: Placeholders, on loopSnapshot: LoopSnapshot
    ) {
        self.caller = caller
        (self.segments, self.stage, self.subject, self.facts) = (segments, stage, subject, facts)
        (self.placeholders, self.loopSnapshot) = (placeholders, loopSnapshot)
    }

    /// Takes the memory that it works in; to be called on the event loop, before ``run()``.
    public func begin() { scratch = loopSnapshot.takeSpare() }

    /// Judges.
    public func run() {
        guard let scratch else { return }
        let began = ContinuousClock.now
        scratch.caller = caller
        step = loopSnapshot.snapshot.chain.begin(
            segments, at: stage, facts: facts, using: scratch, placeholders: &placeholders)
        time = .now - began
    }

    /// Gives the memory back; to be called on the event loop, after ``run()``.
    public func end() {
        if let scratch { loopSnapshot.giveBack(scratch) }
        scratch = nil
    }
}

// Texts that would keep the other exchanges of the loop waiting are judged on another thread.
extension Exchange {
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
        var (stage, numbers) = (ExchangeStage.answer, placeholders)
        switch subject {
        case .request: stage = .request
        case .answer: break
        case .held: numbers = attempt?.stream?.placeholders ?? numbers
        }
        let judgement = LongJudgement(
            segments, at: stage, for: subject, facts: policyFacts(request, at: stage, now),
            of: record.key?.id.hashValue ?? 0, numbers, on: loopSnapshot)
        judging = judgement
        state = .judging
        deadline = now + Self.longestJudging
        actions.append(.judge(judgement))
    }

    /// Goes on with texts that have been judged on another thread.
    mutating func take(_ judgement: LongJudgement, at now: ContinuousClock.Instant, into actions: inout [Action]) {
        judging = nil
        record.policyTime += judgement.time
        if case .held = judgement.subject {
            attempt?.stream?.placeholders = judgement.placeholders
        } else {
            placeholders = judgement.placeholders
            placeholders.endRemembering()
        }
        switch judgement.step {
        case .finished(let outcome): proceed(judgement.subject, outcome, at: now, into: &actions)
        case .asking(let pending): ask(pending, about: judgement.subject, at: now, into: &actions)
        case nil: breakOff(.overloaded, at: now, into: &actions)
        }
    }

    mutating func giveUpJudging() {
        judging?.isWanted = false
        judging = nil
    }

    /// How long an exchange waits for its texts to be judged, other texts before them included.
    private static let longestJudging = Duration.seconds(60)
}
