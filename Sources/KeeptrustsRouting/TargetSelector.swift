/// Finds the targets that may answer a request, in the order in which they are asked.
///
/// The orders are worked out once, so that a request only looks one up.
public struct TargetSelector: Sendable {
    /// What the selector needs to know about a target.
    public struct Option: Sendable, Equatable {
        public var id: String
        public var model: String

        /// False when its credential is missing; it is never asked then.
        public var isAvailable: Bool

        public init(id: String, model: String, isAvailable: Bool = true) {
            self.id = id
            self.model = model
            self.isAvailable = isAvailable
        }
    }

    /// For each model and id, the places of its targets in the list of all.
    private let candidates: [String: [Int]]

    /// The models and ids that a caller may ask for, each once, in declared order.
    public let names: [String]

    public init(_ targets: [Option], fallback: FallbackPlan) {
        var names: [String] = []
        var candidates: [String: [Int]] = [:]
        for name in targets.flatMap({ [$0.model, $0.id] }) where candidates[name] == nil {
            names.append(name)
            let serves = { (target: Option) in target.model == name || target.id == name }
            let available = targets.indices.filter { targets[$0].isAvailable }
            let own = available.filter { serves(targets[$0]) }
            let others = fallback.isEnabled ? available.filter { !serves(targets[$0]) } : []
            candidates[name] = own + others.prefix(fallback.maxFallbackAttempts)
        }
        self.names = names
        self.candidates = candidates
    }

    /// The targets for a request, as places in the list of all: those whose model or id it asks for, in declared order,
    /// then those that may stand in.
    ///
    /// - Returns: nil when no target bears that name; nothing when none of them is available.
    public func candidates(for model: String) -> [Int]? { candidates[model] }
}
