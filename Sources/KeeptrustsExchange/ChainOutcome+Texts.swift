import KeeptrustsPolicy

extension ChainOutcome {
    /// Adds what the chain said of other texts; `number` says which of all each of them is.
    mutating func add(_ other: ChainOutcome, _ number: (Int) -> Int) {
        // Of policies with the same verdict, the first of the chain is named, as for whole answers.
        if other.outranks(self) {
            (verdict, reason, policy, failure) = (other.verdict, other.reason, other.policy, other.failure)
            escalation = other.escalation
        }
        flagged = flagged || other.flagged
        degraded = degraded || other.degraded
        guard !results.isEmpty else {
            results = other.results
            for index in results.indices { results[index].move(number) }
            return
        }
        for (index, var result) in other.results.enumerated() where index < results.count {
            result.move(number)
            if result.verdict > results[index].verdict {
                (results[index].verdict, results[index].reasonCode) = (result.verdict, result.reasonCode)
            }
            if results[index].reasonCode == nil { results[index].reasonCode = result.reasonCode }
            results[index].flagged = results[index].flagged || result.flagged
            if let score = result.score { results[index].score = max(results[index].score ?? 0, score) }
            results[index].skipped = results[index].skipped && result.skipped
            let room = max(0, 100 - results[index].findings.count)
            results[index].findings += result.findings.prefix(room)
        }
    }
}

extension ChainOutcome {
    /// The place in the chain of the policy whose verdict it is.
    private var order: Int { results.firstIndex { $0.id == policy } ?? .max }

    /// Whether its verdict is the one of both; a policy that could not judge counts after those that did.
    private func outranks(_ other: ChainOutcome) -> Bool {
        guard verdict == other.verdict else { return verdict > other.verdict }
        guard (failure == nil) == (other.failure == nil) else { return failure == nil }
        return order < other.order
    }
}

extension PolicyResult {
    fileprivate mutating func move(_ number: (Int) -> Int) {
        for index in findings.indices { findings[index].segment = number(findings[index].segment) }
    }
}
