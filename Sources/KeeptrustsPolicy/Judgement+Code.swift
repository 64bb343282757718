import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// What a judgement is about, apart from its texts; made only for chains that judge by code.
struct Occasion {
    var stage: ExchangeStage
    var facts: ExchangeFacts
}

// What no pattern can tell: the policies' code decides.
extension Judgement {
    /// Lets one instance judge all texts by code, unless the chain has ended.
    mutating func examine(_ index: Int, _ segments: [Segment], _ occasion: Occasion, _ scratch: MatchScratch) {
        guard isDue(index) else { return }
        do {
            // What the rules of one that weighs single texts match is said already.
            let matches = chain.stances[index].weighs ? [] : try locate(index, segments, scratch)
            let examination = chain.examination(index, segments, matches, occasion, outcome.results, scratch)
            let opinion = try chain.ask(index, examination) { try $0.examine(examination) }
            guard opinion.edits.allSatisfy({ $0.isWithin(segments) }) else { return fail(index) }
            for located in matches { report([located.match], opinion.decision, located.segment, index) }
            if takes(opinion, index) { replace(opinion.edits, of: index) }
        } catch let failure as MatchFailure {
            fail(index, failure)
        } catch {
            fail(index)
        }
    }

    /// Lets the instances that change texts do so, each on what the one before has left.
    mutating func revise(_ segments: [Segment], _ occasion: Occasion, _ scratch: MatchScratch) -> [Redaction] {
        let redactions = Replacement.merged(replacements)
        guard chain.revises else { return redactions }
        var edited = EditedTexts(segments, redactions)
        revise(&edited, occasion, scratch)
        return edited.redactions
    }

    /// Lets the instances that change texts do so, on texts that may have been edited already.
    mutating func revise(_ edited: inout EditedTexts, _ occasion: Occasion, _ scratch: MatchScratch) {
        for index in chain.stances.indices where chain.stances[index].revises && isDue(index) {
            guard outcome.verdict < .escalate else {
                outcome.results[index].skipped = !chain.stances[index].examines && chain.uses[index].rules.isEmpty
                continue
            }
            let current = edited.segments
            let examination = chain.examination(index, current, [], occasion, outcome.results, scratch)
            guard let opinion = try? chain.ask(index, examination, { try $0.revise(examination) }),
                opinion.edits.allSatisfy({ $0.isWithin(current) })
            else {
                fail(index)
                continue
            }
            guard takes(opinion, index) else { continue }
            edited.apply(Replacement.merged(opinion.edits.map(Replacement.init)))
        }
    }

    /// Takes an opinion into account; says whether its edits are made.
    mutating func takes(_ opinion: Opinion, _ index: Int) -> Bool {
        for finding in opinion.findings { note(finding, index) }
        apply(opinion.decision, index)
        // Changes that are not made are still worth knowing.
        if !opinion.edits.isEmpty, !chain.stances[index].enforces { outcome.flagged = true }
        if !opinion.counted.isEmpty { outcome.counted += opinion.counted }
        guard chain.stances[index].enforces, opinion.decision.verdict < .escalate else { return false }
        if !opinion.replaced.isEmpty { outcome.replaced.merge(opinion.replaced) { first, _ in first } }
        return true
    }

    /// What the rules of an instance match, in the order of the texts.
    private func locate(
        _ index: Int, _ segments: [Segment], _ scratch: MatchScratch
    ) throws(MatchFailure) -> [Examination.LocatedMatch] {
        var located: [Examination.LocatedMatch] = []
        var next = 0
        while next < scratch.suspects.count {
            let suspects = scratch.suspectsOfOneText(from: next)
            next = suspects.upperBound
            guard chain.isConcerned(index, by: suspects, of: segments, scratch) else { continue }
            let number = scratch.suspects[suspects.lowerBound].segment
            guard !segments[number].isJoined else { continue }
            for match in try chain.matches(suspects, for: index, in: segments[number].text, scratch) {
                located.append(Examination.LocatedMatch(segment: number, match: match))
            }
        }
        return located
    }
}

extension PolicyChain {
    /// Whether any instance changes texts after all others.
    fileprivate var revises: Bool { stances.contains(where: \.revises) }

    /// What an instance is given to judge.
    func examination(
        _ index: Int, _ segments: [Segment], _ matches: [Examination.LocatedMatch], _ occasion: Occasion,
        _ said: [PolicyResult], _ scratch: MatchScratch
    ) -> Examination {
        Examination(
            segments: segments, own: own(index, segments), matches: matches, stage: occasion.stage,
            facts: occasion.facts, scratch: scratch.patterns,
            memory: stances[index].remembers ? scratch.memory : nil, policy: instances[index].id, said: said)
    }

    /// Lets an instance's code say what it thinks; one that remembers something has the memory to itself meanwhile.
    func ask<Answer: Sendable>(
        _ index: Int, _ examination: Examination, _ body: (any Policy) throws -> Answer
    ) throws -> Answer {
        guard let memory = examination.memory else { return try body(policies[index]) }
        return try memory.exclusively(for: instances[index].id) { try body(policies[index]) }
    }

    /// The texts that an instance has an opinion on; code sees each once, as it stands.
    private func own(_ index: Int, _ segments: [Segment]) -> [Int] {
        segments.indices.filter {
            !segments[$0].isJoined && stances[index].judges(segments[$0].phase, segments[$0].role)
        }
    }
}

extension Redaction {
    /// Whether this is a place in one of the texts.
    func isWithin(_ segments: [Segment]) -> Bool {
        segments.indices.contains(segment) && span.lowerBound >= 0
            && span.upperBound <= segments[segment].text.readableBytes
    }
}

extension Replacement {
    init(_ edit: Redaction) { self.init(segment: edit.segment, span: edit.span, text: edit.replacement) }
}
