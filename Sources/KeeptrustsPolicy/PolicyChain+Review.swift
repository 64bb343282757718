public import KeeptrustsCore
import KeeptrustsMatching

extension PolicyChain {
    /// An instance that another one makes useless.
    public struct Shadowing: Sendable, Equatable {
        public enum Effect: Sendable, Equatable {
            /// All that it looks for has ended the chain before.
            case neverReached

            /// The other one blocks what it would only redact, or flag.
            case overruled

            /// The other one does the same, before it.
            case repeated
        }

        /// The places of both in the chain.
        public var instance: Int
        public var by: Int
        public var effect: Effect
    }

    /// The instances that do nothing, since another one looks for the same and more; each once.
    public var shadowings: [Shadowing] {
        instances.indices.compactMap { index in
            instances.indices.lazy.compactMap { other in self.shadowing(of: index, by: other) }.first
        }
    }

    /// Whether there are instances that look for something, and none of them may change what goes on.
    public var enforcesNothing: Bool {
        let searching = instances.indices.filter { !policies[$0].rules.isEmpty }
        return !searching.isEmpty && !instances.indices.contains { stances[$0].enforces && canChange($0) }
    }

    /// Whether an instance that enforces may change what goes on.
    private func canChange(_ index: Int) -> Bool {
        let policy = policies[index]
        let judges = !policy.rules.isEmpty || policy.examines || policy.revises || policy.asks || policy.routes
        return judges && !policy.isPassive
    }

    /// Patterns that a user wrote and that their policy has already, by where they are written.
    public var repeatedPatterns: [ConfigNode] {
        policies.flatMap { policy in
            var known: Set<Pattern> = []
            return policy.rules.compactMap { rule in known.insert(rule.pattern).inserted ? nil : rule.source }
        }
    }

    private func shadowing(of index: Int, by other: Int) -> Shadowing? {
        guard index != other, stances[other].enforces, covers(other, index) else { return nil }
        let (verdict, stronger) = (strongest(index), strongest(other))
        if other < index, stronger == .block, !stances[index].seesBlocked {
            return Shadowing(instance: index, by: other, effect: .neverReached)
        }
        // One that observes is there to be compared with the one that enforces.
        guard stances[index].enforces else { return nil }
        if stronger == .block, verdict < .escalate {
            return Shadowing(instance: index, by: other, effect: .overruled)
        }
        guard other < index, stronger == verdict else { return nil }
        return Shadowing(instance: index, by: other, effect: .repeated)
    }

    /// Whether one instance finds all that another one finds.
    private func covers(_ other: Int, _ index: Int) -> Bool {
        let (wide, narrow) = (policies[other], policies[index])
        guard !narrow.rules.isEmpty, instances[index].on.isSubset(of: instances[other].on),
            narrow.readings.isSubset(of: wide.readings),
            Segment.Role.allCases.allSatisfy({ !narrow.reads($0) || wide.reads($0) })
        else { return false }
        let keys = Set(wide.rules.map(RuleKey.init))
        return narrow.rules.allSatisfy { keys.contains(RuleKey($0)) }
    }

    /// What an instance says when all that it looks for is there.
    private func strongest(_ index: Int) -> Verdict {
        let policy = policies[index]
        return policy.decide(on: policy.rules.indices.map { RuleMatch(rule: $0, span: 0..<1) }).verdict
    }

    /// What makes two rules find the same, and count it the same.
    private struct RuleKey: Hashable {
        var pattern: Pattern
        var validator: Validator?
        var weight: Int

        init(_ rule: Rule) { (pattern, validator, weight) = (rule.pattern, rule.validator, rule.weight) }
    }
}
