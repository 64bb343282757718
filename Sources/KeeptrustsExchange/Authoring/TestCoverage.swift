import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsPolicy

/// Which policies the cases of a test run made act, and which reason codes they saw.
struct TestCoverage: Sendable {
    /// What the cases reached of one policy.
    struct Policy: Sendable {
        var id: String
        var kind: String

        /// It sees, and never acts.
        var onlySees: Bool

        /// The reason codes that it can give, as far as its rules tell.
        var possibleCodes: Set<String>
        var runs = 0
        var acts = 0
        var codes: Set<String> = []

        var isCovered: Bool { onlySees ? runs > 0 : acts > 0 }
    }

    private(set) var policies: [Policy]

    init(of chain: PolicyChain) {
        policies = chain.instances.enumerated().map { index, instance in
            Policy(
                id: instance.id, kind: instance.kind.name, onlySees: instance.kind.seesBlocked,
                possibleCodes: chain.reasonCodes(of: index))
        }
    }

    mutating func count(_ event: DecisionEvent) {
        for index in policies.indices {
            // What says only that its service was not asked has judged nothing.
            let results = event.policies.filter { result in
                result.id == policies[index].id && !result.skipped
                    && result.reasonCode.map(PolicyResult.isUnasked) != true
            }
            guard !results.isEmpty else { continue }
            policies[index].runs += 1
            let codes = results.compactMap(\.reasonCode)
            policies[index].codes.formUnion(codes)
            if !codes.isEmpty || results.contains(where: { $0.verdict != .allow }) { policies[index].acts += 1 }
        }
    }

    var covered: Int { policies.count(where: \.isCovered) }
    var seenCodes: [String] { policies.flatMap { policy in policy.codes.map { "\(policy.id): \($0)" } }.sorted() }
    var missingCodes: [String] {
        policies.flatMap { policy in policy.possibleCodes.subtracting(policy.codes).map { "\(policy.id): \($0)" } }
            .sorted()
    }

    /// For people.
    var lines: [String] {
        let idle = policies.filter { !$0.isCovered }.map(\.id)
        let (seen, missing) = (seenCodes, missingCodes)
        var policies = "policies: \(covered) of \(self.policies.count) covered"
        if !idle.isEmpty { policies += "; no case makes these act: \(idle.joined(separator: ", "))" }
        var codes = "reason codes: \(seen.count) of \(seen.count + missing.count) seen"
        if !missing.isEmpty { codes += "; never seen: \(missing.joined(separator: ", "))" }
        return [policies, codes]
    }
}
