public import KeeptrustsCore
import KeeptrustsMatching

/// What each policy of a chain made of some texts, for whoever writes the chain.
public struct ChainExplanation: Sendable, Equatable {
    public var outcome: ChainOutcome

    /// One for each instance, in the order of the chain.
    public var policies: [PolicyExplanation]
}

/// What one instance saw, or why it did not look.
public struct PolicyExplanation: Sendable, Equatable {
    /// Why an instance did not judge.
    public enum Skip: Sendable, Equatable {
        /// It judges texts of other phases.
        case otherPhases

        /// It has no opinion on what these roles say.
        case otherRoles

        /// A service outside would have to be asked.
        case notAsked

        /// This instance had ended the chain.
        case endedBefore(by: String)
    }

    /// A place that one of its rules matched; never the matched text.
    public struct Sighting: Sendable, Equatable {
        public var segment: Int
        public var finding: Finding

        /// How much it counts, where a policy adds up.
        public var weight: Int

        /// The ways of reading the text in which it was found, such as `plain`.
        public var readings: [String]

        /// Whether it is among what the policy reports; one that does not add up to anything is not.
        public var isReported: Bool
    }

    public var instance: PolicyChain.Instance
    public var skip: Skip?
    public var verdict: Verdict
    public var reasonCode: String?
    public var sightings: [Sighting]
}

extension PolicyChain {
    /// Judges texts, and says of each policy what it saw and how.
    ///
    /// Much slower than ``judge(_:using:)``.
    public func explain(_ segments: [Segment], using scratch: MatchScratch) -> ChainExplanation {
        let outcome = judge(segments, using: scratch)
        let policies = instances.indices.map { index in
            let skip = skip(index, segments, outcome)
            return PolicyExplanation(
                instance: instances[index], skip: skip, verdict: outcome.results[index].verdict,
                reasonCode: outcome.results[index].reasonCode,
                sightings: skip == nil ? sightings(index, segments, outcome.results[index], scratch) : [])
        }
        return ChainExplanation(outcome: outcome, policies: policies)
    }

    private func skip(
        _ index: Int, _ segments: [Segment], _ outcome: ChainOutcome
    ) -> PolicyExplanation.Skip? {
        let own = segments.filter { stances[index].runs(on: $0.phase) }
        guard !own.isEmpty else { return .otherPhases }
        guard !outcome.results[index].isUnasked else { return .notAsked }
        guard !outcome.results[index].skipped else { return .endedBefore(by: outcome.policy ?? "") }
        return own.contains { stances[index].judges($0.phase, $0.role) } ? nil : .otherRoles
    }

    /// What the last judgement that used `scratch` confirmed on behalf of an instance, searched for once more.
    private func sightings(
        _ index: Int, _ segments: [Segment], _ result: PolicyResult, _ scratch: MatchScratch
    ) -> [PolicyExplanation.Sighting] {
        var found: [PolicyExplanation.Sighting] = []
        for var suspect in scratch.suspects {
            let segment = segments[suspect.segment]
            guard stances[index].judges(segment.phase, segment.role) else { continue }
            // What two views show is said of both.
            suspect.differences?.removeAll { scratch.suspects[$0.other].reading != .plain }
            var matches: [RuleMatch] = []
            // What cannot be searched through is in the result already, as a failure.
            try? confirm(suspect, for: index, in: segment.text, scratch, into: &matches)
            for match in matches { note(match, suspect, policies[index].rules[match.rule], result, in: &found) }
        }
        for located in result.findings where !found.contains(where: { $0.isSame(as: located) }) {
            found.append(
                PolicyExplanation.Sighting(
                    segment: located.segment, finding: located.finding, weight: 1, readings: [], isReported: true))
        }
        return found.sorted { a, b in
            let (keyA, keyB) = (a.finding.span.lowerBound, b.finding.span.lowerBound)
            return (a.segment, keyA, a.finding.category) < (b.segment, keyB, b.finding.category)
        }
    }

    private func note(
        _ match: RuleMatch, _ suspect: MatchScratch.Suspect, _ rule: Rule, _ result: PolicyResult,
        in found: inout [PolicyExplanation.Sighting]
    ) {
        let finding = Finding(rule.category, at: match.span, confidence: rule.confidence)
        let located = LocatedFinding(segment: suspect.segment, finding)
        let reading = "\(suspect.reading)"
        if let known = found.firstIndex(where: { $0.isSame(as: located) }) {
            if !found[known].readings.contains(reading) { found[known].readings.append(reading) }
            return
        }
        found.append(
            PolicyExplanation.Sighting(
                segment: suspect.segment, finding: finding, weight: rule.weight, readings: [reading],
                isReported: result.findings.contains(located)))
    }
}

extension PolicyExplanation.Sighting {
    fileprivate func isSame(as located: LocatedFinding) -> Bool {
        segment == located.segment && finding == located.finding
    }
}

extension PolicyChain {
    /// The reason codes that an instance can give for what its rules find: by each rule alone, and by all together.
    ///
    /// Codes that come of anything else, such as a failure, are not among them.
    public func reasonCodes(of index: Int) -> Set<String> {
        let policy = policies[index]
        let all = policy.rules.indices.map { RuleMatch(rule: $0, span: 0..<1) }
        let choices = all.map { [$0] } + (all.isEmpty ? [] : [all])
        return Set(choices.compactMap { policy.decide(on: $0).reason?.code })
    }
}
