import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import KeeptrustsWire
import NIOCore

// What the policies may know of an exchange apart from its texts: gathered only as far as the chain wants it.
extension Exchange {
    /// Copies the headers that the chain wants; one by which a caller says who it is, only from a key that may.
    mutating func readWantedHeaders(_ head: HTTPRequestHead) {
        for name in snapshot.chain.needs.headers {
            let isIdentity = ExchangeFacts.identityHeaders.contains(name)
            guard !ExchangeFacts.credentialHeaders.contains(name) else { continue }
            guard !isIdentity || record.key?.mayAssertIdentity == true else { continue }
            let values = head.values(ofFieldNamed: name)
            // Of two identities neither is known to be the right one.
            guard !values.isEmpty, !isIdentity || values.count == 1 else { continue }
            headers[name] = values.map { String(buffer: $0) }.joined(separator: ", ")
        }
    }

    /// Lets the chain judge texts that belong together, with the numbers that the values of the exchange have so far.
    mutating func begun(
        _ segments: [Segment], of request: SurfaceRequest?, at stage: ExchangeStage, _ now: ContinuousClock.Instant
    ) -> JudgementStep {
        var numbers = Placeholders()
        swap(&numbers, &placeholders)
        defer { placeholders = numbers }
        return begun(segments, of: request, at: stage, now, &numbers)
    }

    /// Lets the chain judge texts with the numbers of `placeholders`; nothing is asked of policies that are left out.
    mutating func begun(
        _ segments: [Segment], of request: SurfaceRequest?, at stage: ExchangeStage, by share: ChainShare = .all,
        _ now: ContinuousClock.Instant, _ placeholders: inout Placeholders
    ) -> JudgementStep {
        let share = share.without(leftOut)
        loopSnapshot.scratch.caller = record.key?.id.hashValue ?? 0
        guard around.asksServices else {
            let outcome = snapshot.chain.judge(
                segments, at: stage, by: share, facts: policyFacts(request, at: stage, now),
                using: loopSnapshot.scratch, placeholders: &placeholders)
            return .finished(outcome)
        }
        return snapshot.chain.begin(
            segments, at: stage, by: share, facts: policyFacts(request, at: stage, now), using: loopSnapshot.scratch,
            placeholders: &placeholders)
    }

    /// The facts for one judgement.
    func policyFacts(
        _ request: SurfaceRequest?, at stage: ExchangeStage, _ now: ContinuousClock.Instant
    ) -> ExchangeFacts {
        var facts = ExchangeFacts()
        if let key = record.key, !key.isAnonymous {
            facts.keyID = key.id
            facts.consumerGroup = key.consumerGroup
            facts.user = record.assertedUser.map { String(buffer: $0) } ?? key.userID
            facts.team = record.assertedTeam.map { String(buffer: $0) } ?? key.teamID
        }
        facts.model = record.model
        facts.isStreaming = record.isStreaming
        facts.headers = headers
        facts.time = record.time
        facts.uptime = now - around.beganServing
        if stage == .answer {
            facts.price = attempt?.target.settings.price
            facts.author = attempt?.target.facts
        }
        guard let request else { return facts }
        if snapshot.chain.needs.tools { facts.tools = request.tools }
        if stage == .request, snapshot.chain.needs.documents { facts.documents = request.documents }
        if stage == .answer, snapshot.chain.needs.conversation {
            facts.conversation = inputOutcome.applied(to: request.texts.map(\.segment)).filter { !$0.isJoined }
        }
        return facts
    }

    /// What the input chain said.
    private var inputOutcome: ChainOutcome { record.judgements.first?.outcome ?? ChainOutcome() }
}
