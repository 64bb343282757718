public import KeeptrustsCore

/// What a policy says of the targets that may be asked.
struct RouteOpinion: Equatable {
    /// Of each target, whether it may.
    var permitted: [Bool]
    var decision = Decision.allow

    /// Categories of what it saw, such as which target is left out.
    var findings: [String] = []
}

extension PolicyChain {
    /// Whether any policy decides which targets may be asked.
    public var routes: Bool { routers.contains(true) }

    /// Which of these targets may be asked at all, as far as no exchange is known; for `kt policy lint`.
    public func permitted(_ targets: [TargetFacts]) -> [Bool] {
        var outcome = clean[Phase.request.bit]
        return route(targets, facts: ExchangeFacts(), outcome: &outcome)
    }

    /// Decides which targets may be asked, once the request itself may pass.
    ///
    /// - Parameters:
    ///   - targets: The targets that could be asked.
    ///   - facts: What is known of the exchange.
    ///   - outcome: What the chain has said of the request; takes what it says of the targets.
    /// - Returns: Of each target, whether it may be asked.
    public func route(_ targets: [TargetFacts], facts: ExchangeFacts, outcome: inout ChainOutcome) -> [Bool] {
        var judgement = Judgement(chain: self, outcome: outcome)
        var permitted = [Bool](repeating: true, count: targets.count)
        for index in instances.indices where routers[index] && !outcome.results[index].skipped {
            let left = targets.indices.filter { permitted[$0] }
            let opinion = policies[index].route(left.map { targets[$0] }, facts)
            let excludes = opinion.permitted.contains(false)
            judgement.apply(opinion.decision, index)
            for category in opinion.findings {
                judgement.note(LocatedFinding(segment: 0, Finding(category, at: 0..<0)), index)
            }
            guard stances[index].enforces else {
                judgement.outcome.flagged = judgement.outcome.flagged || excludes
                continue
            }
            for (place, isPermitted) in zip(left, opinion.permitted) { permitted[place] = isPermitted }
        }
        outcome = judgement.outcome
        return permitted
    }
}
