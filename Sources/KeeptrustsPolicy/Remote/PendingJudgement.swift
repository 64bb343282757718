import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// What a chain says of texts: all of it, or all but what services outside must be asked for.
public enum JudgementStep {
    case finished(ChainOutcome)
    case asking(PendingJudgement)
}

extension JudgementStep {
    /// What policies have counted of the calls of an answer.
    public var counted: [CountedCall] {
        switch self {
        case .finished(let outcome): outcome.counted
        case .asking(let pending): pending.counted
        }
    }
}

/// A judgement that waits for services: every local policy has judged, and none of them blocks.
///
/// Used by one thread at a time. The services are asked about the texts as the local policies left them, so that what was
/// redacted goes to nobody; all are asked at once.
public final class PendingJudgement {
    /// A question, and the instance that asks it.
    public struct Asked: Sendable {
        public let instance: Int
        public let question: ServiceQuestion
    }

    public private(set) var asked: [Asked] = []

    /// How the policies' own services did, once it is finished; addresses in texts are nobody's service.
    public private(set) var news: [ServiceNews] = []
    private var judgement: Judgement
    private var edited: EditedTexts
    private let sent: [Segment]
    private let current: [Segment]
    private let occasion: Occasion

    /// Of each instance that asks, which of `asked` are its own, in the order of the chain.
    private var shares: [(instance: Int, questions: Range<Int>)] = []

    init(_ judgement: Judgement, _ sent: [Segment], _ occasion: Occasion, _ scratch: MatchScratch) {
        self.judgement = judgement
        self.sent = sent
        self.occasion = occasion
        edited = EditedTexts(sent, judgement.finished.redactions)
        current = edited.segments
        for index in judgement.chain.instances.indices where judgement.chain.stances[index].asks {
            if self.judgement.outcome.verdict < .escalate {
                gather(index, scratch)
            } else {
                self.judgement.passOver(index)
            }
        }
    }

    private func gather(_ index: Int, _ scratch: MatchScratch) {
        guard judgement.isDue(index) else { return }
        let examination = judgement.chain.examination(index, current, [], occasion, judgement.outcome.results, scratch)
        do {
            let questions = try judgement.chain.ask(index, examination) { try $0.questions(examination) }
            guard questions.count <= ServiceQuestion.mostQuestions else { throw ServiceFailure.overloaded }
            guard !questions.isEmpty else { return }
            shares.append((index, asked.count..<asked.count + questions.count))
            asked += questions.map { Asked(instance: index, question: $0) }
        } catch {
            judgement.fail(index, ServiceFailure(error))
        }
    }

    /// What the local policies have counted, for whoever gives the answer up.
    public var counted: [CountedCall] { judgement.outcome.counted }

    /// Whether there is nobody to be asked, or no use in it.
    var isIdle: Bool { asked.isEmpty || judgement.outcome.verdict >= .escalate }

    /// Judges by what came back.
    ///
    /// - Parameters:
    ///   - replies: One for each of `asked`.
    ///   - scratch: The memory of the event loop.
    ///   - placeholders: The numbers that the values of the exchange have; takes up those that are new.
    /// - Returns: What must be done with the texts as they were sent.
    public func finish(
        _ replies: [ServiceReply], using scratch: MatchScratch, placeholders: inout Placeholders
    ) -> ChainOutcome {
        var edits: [Redaction] = []
        var failed: [(instance: Int, failure: ServiceFailure)] = []
        for (index, questions) in shares {
            let own = questions.map { replies.indices.contains($0) ? replies[$0] : .failed(.unreachable) }
            var problem: (any Error)?
            do {
                var opinion = try opinion(of: index, on: own, scratch)
                if judgement.isDue(index) {
                    if judgement.chain.policies[index].bringsText { admit(&opinion, scratch, &placeholders) }
                    if judgement.takes(opinion, index) { edits += opinion.edits }
                }
            } catch {
                problem = error
                failed.append((index, ServiceFailure(error)))
            }
            news += news(of: index, asked[questions].map(\.question), own, problem)
        }
        // After those that judged: what one of them forbids is forbidden, whether another could judge or not.
        for (index, failure) in failed { judgement.fail(index, failure, mayRecover: true) }
        return finish(edits, scratch)
    }

    /// How the services of an instance did, in the order in which they were asked.
    ///
    /// - Parameters:
    ///   - index: The instance.
    ///   - questions: Its questions.
    ///   - replies: One for each.
    ///   - problem: Why it could not judge by them; the fault of the first service unless the problem says whose.
    /// - Returns: One for each service that was asked.
    private func news(
        of index: Int, _ questions: [ServiceQuestion], _ replies: [ServiceReply], _ problem: (any Error)?
    ) -> [ServiceNews] {
        var news: [ServiceNews] = []
        for (question, reply) in zip(questions, replies) where question.url == nil {
            if let place = news.firstIndex(where: { $0.service == question.service }) {
                news[place].failure = news[place].failure ?? reply.failure
            } else {
                let policy = judgement.chain.instances[index].id
                news.append(
                    ServiceNews(instance: index, policy: policy, service: question.service, failure: reply.failure))
            }
        }
        let fault = problem as? ServiceFault
        guard let problem, fault != nil || news.allSatisfy({ $0.failure == nil }) else { return news }
        let culprit = fault?.service ?? news.first?.service
        if let place = news.firstIndex(where: { $0.service == culprit && $0.failure == nil }) {
            news[place].failure = ServiceFailure(problem)
        }
        return news
    }

    /// What an instance makes of the replies to its questions.
    private func opinion(
        of index: Int, on replies: [ServiceReply], _ scratch: MatchScratch
    ) throws -> Opinion {
        let examination = judgement.chain.examination(index, current, [], occasion, judgement.outcome.results, scratch)
        var opinion = try judgement.chain.ask(index, examination) { try $0.opinion(on: replies, examination) }
        guard opinion.edits.allSatisfy({ $0.isWithin(current) }) else { throw ServiceFailure.malformed }
        locate(&opinion)
        return opinion
    }

    /// Judges without the services: their policies say that they did not run.
    func finishUnasked(using scratch: MatchScratch) -> ChainOutcome {
        for (index, _) in shares {
            judgement.passOver(index)
            let code = PolicyResult.unaskedCode(of: judgement.chain.instances[index].kind)
            judgement.outcome.results[index].reasonCode = judgement.outcome.results[index].reasonCode ?? code
        }
        return finish([], scratch)
    }

    private func finish(_ edits: [Redaction], _ scratch: MatchScratch) -> ChainOutcome {
        edited.apply(Replacement.merged(edits.map(Replacement.init)))
        judgement.revise(&edited, occasion, scratch)
        var outcome = judgement.finished
        outcome.redactions = edited.redactions
        return outcome
    }

    /// Judges what an opinion would put in, as what a tool has found: it is changed, or nothing of it is put in.
    private func admit(_ opinion: inout Opinion, _ scratch: MatchScratch, _ placeholders: inout Placeholders) {
        let brought = opinion.edits.map { edit in
            Segment(ByteBuffer(string: edit.replacement), role: .tool, phase: sent[edit.segment].phase)
        }
        let outcome = judgement.chain.judgeByRules(
            brought, by: .all.without(judgement.leftOut), using: scratch, placeholders: &placeholders)
        judgement.outcome.flagged = judgement.outcome.flagged || outcome.flagged
        judgement.outcome.degraded = judgement.outcome.degraded || outcome.degraded
        if let policy = outcome.policy, let index = judgement.chain.instances.firstIndex(where: { $0.id == policy }) {
            judgement.apply(Decision(verdict: outcome.verdict, reason: outcome.reason), index)
        }
        for (place, segment) in outcome.applied(to: brought).enumerated() {
            opinion.edits[place].replacement = String(buffer: segment.text)
        }
    }

    /// A service judges texts as a whole: what it found stands for all of the text as it was sent.
    private func locate(_ opinion: inout Opinion) {
        for place in opinion.findings.indices {
            let segment = opinion.findings[place].segment
            guard sent.indices.contains(segment) else { continue }
            opinion.findings[place].finding.span = 0..<sent[segment].text.readableBytes
        }
    }
}

extension Judgement {
    /// A service that a policy asks has failed it: a security kind does not let that pass unless its instance says so.
    ///
    /// - Parameters:
    ///   - index: The instance.
    ///   - failure: How its service failed it.
    ///   - mayRecover: Whether the service was asked; else it is the texts that cannot be asked about, now or later.
    mutating func fail(_ index: Int, _ failure: ServiceFailure, mayRecover: Bool = false) {
        let instance = chain.instances[index]
        outcome.degraded = true
        fail(
            index,
            Reason(
                code: "\(instance.kind.codeName).service_\(failure.rawValue)",
                message: "The policy '\(instance.id)' could not judge the text: \(failure.text)."),
            failure: mayRecover ? failure : nil)
    }

    /// Notes that the service of an instance was not asked; it did not run then, unless it judges by code, too.
    mutating func passOver(_ index: Int) {
        outcome.results[index].skipped = outcome.results[index].skipped || !chain.stances[index].examines
    }
}
