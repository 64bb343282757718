public import KeeptrustsAPI
public import KeeptrustsConfig
public import KeeptrustsCore
public import KeeptrustsPolicy

/// Judges recorded exchanges by another configuration, as far as their records allow.
///
/// A record holds no text. It holds what each policy said, also one that only observed; and a policy whose kind, settings
/// and phases are the same says the same again. So what follows from another mode, another order, or policies that are
/// left out is known for sure; what a new or a changed policy would say is not.
public struct EventReplay: Sendable {
    /// What would have become of an exchange.
    public struct Result: Sendable, Equatable {
        public var before: Verdict

        /// The verdict; when it is not exact, the least that it would be.
        public var after: Verdict
        public var isExact: Bool

        /// The policy that would decide.
        public var policy: String?

        /// The policies whose opinion is not known.
        public var unknown: [String]

        public var changes: Bool { isExact ? after != before : after > before }
        public var isDecided: Bool { isExact || after > before }
    }

    private let new: PolicyChain

    /// The digest of the configuration that the records must have been made under.
    private let digest: String

    /// Of each instance of the new chain, whether the old one has the same.
    private let isUnchanged: [Bool]

    /// Which policies groups and routes leave out, before and after.
    private let selections: EventSelections

    /// The ids of the old chain that could end it.
    private let enforcing: Set<String>

    /// Compares two configurations.
    ///
    /// - Parameters:
    ///   - old: The one that was in force, and its chain.
    ///   - new: The one to judge by, and its chain.
    public init(
        from old: (config: PolicyConfig, chain: PolicyChain), to new: (config: PolicyConfig, chain: PolicyChain)
    ) {
        self.new = new.chain
        digest = old.config.digest
        selections = EventSelections(from: old, to: new)
        enforcing = Set(old.chain.instances.filter { $0.mode == .enforce }.map(\.id))
        isUnchanged = new.chain.instances.map { instance in
            guard let other = old.chain.instances.first(where: { $0.id == instance.id }) else { return false }
            return other.kind == instance.kind && other.on == instance.on
                && old.config.settings(of: instance) == new.config.settings(of: instance)
        }
    }

    /// Judges one exchange.
    ///
    /// - Returns: nil when it was recorded under another configuration than the old one.
    public func judge(_ event: DecisionEvent) -> Result? {
        guard event.config.digest == digest else { return nil }
        let selection = selections.selection(for: event)
        var result = Result(before: event.verdict ?? .allow, after: .allow, isExact: true, unknown: [])
        guard event.verdict == nil || !event.policies.isEmpty else {
            // A short record (`log_all_access: false`): no policy had anything to say.
            result.unknown = new.instances.indices.filter { index in
                let id = new.instances[index].id
                guard judges(index), !selection.after.contains(id) else { return false }
                return !isUnchanged[index] || selection.before.contains(id)
            }.map { new.instances[$0].id }
            result.isExact = result.unknown.isEmpty
            return result
        }
        for (stage, phases) in Self.stages {
            let results = event.policies.filter { $0.phase == stage }
            if results.isEmpty {
                // An exchange that was let through now, and was not then, has an answer that nobody knows.
                guard stage == .response, event.outcome == .blocked, result.after < .escalate else { continue }
                result.isExact = false
                result.unknown.append("the answer")
                break
            }
            judge(results, of: phases, selection, &result)
            if result.after >= .escalate { break }
        }
        result.isExact = result.isExact || result.after == .block
        return result
    }

    /// Whether an instance of the new chain could change a verdict.
    private func judges(_ index: Int) -> Bool {
        new.instances[index].mode == .enforce && !new.instances[index].kind.seesBlocked
    }

    /// The two times that a chain runs, by the name that records give them, and the phases of the texts judged then.
    private static let stages: [(name: Phase, phases: Set<Phase>)] = [
        (.request, [.request, .toolCall, .toolResult]), (.response, [.response, .toolCall]),
    ]

    private func judge(
        _ results: [DecisionEvent.PolicyResult], of phases: Set<Phase>, _ selection: EventSelection,
        _ result: inout Result
    ) {
        // Else a policy was skipped because none of the texts was of its phases, and would be again.
        let wasEnded = results.contains { $0.verdict == .block && enforcing.contains($0.id) }
        for (index, instance) in new.instances.enumerated() where !instance.on.isDisjoint(with: phases) {
            guard result.after < .block else { return }
            guard !selection.after.contains(instance.id) else { continue }
            guard isUnchanged[index], let recorded = results.first(where: { $0.id == instance.id }),
                !(recorded.skipped && (wasEnded || selection.before.contains(instance.id)))
            else {
                if judges(index) { result.doubt(instance.id) }
                continue
            }
            guard instance.mode == .enforce, recorded.verdict > result.after else { continue }
            guard !selection.perhaps.contains(instance.id) else {
                result.doubt(instance.id)
                continue
            }
            (result.after, result.policy) = (recorded.verdict, instance.id)
        }
    }
}

extension EventReplay.Result {
    /// Notes that what a policy would say is not known.
    fileprivate mutating func doubt(_ policy: String) {
        isExact = false
        if !unknown.contains(policy) { unknown.append(policy) }
    }
}
