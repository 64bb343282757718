extension Syntax {
    /// An expression for Hyperscan that matches at least what this matches.
    ///
    /// Hyperscan knows no look-around and refuses large bounded repeats. Here they are left out and unbounded; the
    /// confirming matcher knows better.
    var forHyperscan: String {
        switch self {
        case .assertion(let source): source
        case .one(_, _, let source): source
        case .sequence(let parts): parts.map(\.forHyperscan).joined()
        case .choice(let parts): "(?:" + parts.map(\.forHyperscan).joined(separator: "|") + ")"
        case .repeated(let part, let least, let most): part.unitForHyperscan + part.bounds(least, most)
        case .ignoringCase(let part): "(?i:" + part.forHyperscan + ")"
        }
    }

    private var unitForHyperscan: String {
        if case .one = self { return forHyperscan }
        return "(?:" + forHyperscan + ")"
    }

    private func bounds(_ least: Int, _ most: Int?) -> String {
        var isOne = false
        if case .one = self { isOne = true }
        let kept = isOne ? 64 : 4
        let fewest = min(least, kept)
        guard let most, most <= kept else {
            return fewest < 2 ? (fewest == 0 ? "*" : "+") : "{\(fewest),}"
        }
        return least == most ? "{\(least)}" : "{\(least),\(most)}"
    }
}
