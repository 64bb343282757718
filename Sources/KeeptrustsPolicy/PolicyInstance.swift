public import KeeptrustsCore

extension PolicyChain {
    /// One entry of `policies.chain`: a kind with its own id, settings and place.
    public struct Instance: Sendable, Equatable {
        /// Its name in records and errors; the kind's, unless the entry says otherwise.
        public var id: String
        public var kind: PolicyKind

        /// The phases that it judges.
        public var on: Set<Phase>
        public var mode: Mode
        public var onError: OnError

        /// How much of a streamed text it must see before it can say anything.
        public var streaming: PolicyKind.Streaming

        /// How long it waits for the service that it asks; nil when it asks none.
        public var timeout: Duration?

        /// It observes and asks nobody, so that no stream waits for it.
        ///
        /// What it must see whole it judges when the answer is there in full.
        var watches: Bool { mode == .observe && timeout == nil }

        /// The phases whose texts a streamed answer must be held for, a bit for each.
        var phasesHeld: Int { watches ? 0 : phasesOfWholeTexts }

        /// The phases whose texts are kept beside a streamed answer, to be judged at its end; a bit for each.
        var phasesWatched: Int { watches ? phasesOfWholeTexts : 0 }

        /// The phases whose texts it must see whole, a bit for each.
        ///
        /// Nobody acts on half a call, and its arguments hide texts behind escapes of their own.
        private var phasesOfWholeTexts: Int {
            let call = streaming != .none && on.contains(.toolCall) ? Phase.toolCall.bit : 0
            return streaming == .whole ? on.reduce(call) { $0 | $1.bit } : call
        }
    }

    /// What a judgement must know of an instance for each text, without a reference in it.
    struct Stance: Sendable {
        let enforces: Bool
        let seesBlocked: Bool

        /// It judges by code.
        let examines: Bool

        /// It changes texts after all others.
        let revises: Bool

        /// It asks services outside.
        let asks: Bool

        /// It remembers something of earlier exchanges.
        let remembers: Bool

        /// It judges each text by rules and a classifier.
        let weighs: Bool
        let readsCodeOnly: Bool
        let phases: Int

        /// The phases whose texts a streamed answer must be held for, a bit for each.
        let phasesHeld: Int

        /// The phases whose texts it judges at the end of a streamed answer that is not held for others, a bit for each.
        let phasesWatched: Int
        private let roles: Int

        init(_ instance: Instance, _ policy: any Policy) {
            enforces = instance.mode == .enforce
            seesBlocked = instance.kind.seesBlocked
            examines = policy.examines
            revises = policy.revises
            asks = policy.asks
            remembers = policy.needs.memory
            weighs = policy.classifier != nil
            readsCodeOnly = policy.readsCodeOnly
            phases = instance.on.reduce(0) { $0 | $1.bit }
            phasesHeld = instance.phasesHeld
            phasesWatched = instance.phasesWatched
            roles = Segment.Role.allCases.reduce(0) { policy.reads($1) ? $0 | $1.bit : $0 }
        }

        func runs(on phase: Phase) -> Bool { phases & phase.bit != 0 }

        /// Whether it has an opinion on texts of a phase and a role.
        func judges(_ phase: Phase, _ role: Segment.Role) -> Bool { runs(on: phase) && roles & role.bit != 0 }
    }

    /// What a verdict does.
    public enum Mode: String, Sendable, CaseIterable { case enforce, observe }

    /// What becomes of a text when a policy fails.
    public enum OnError: String, Sendable, CaseIterable { case block, allow }
}

extension PolicyChain.Instance {
    private enum Key: String, ConfigKey {
        case id, kind, on, mode
        case onError = "on_error"
        case timeout = "timeout_ms"
    }

    /// What to write in the place of keys that other documents show.
    private static let hints: [String: String] = {
        var hints = [
            "apply_to": "say 'on'.", "on_escalate": "an escalation is always answered at once; remove the key",
        ]
        for kind in PolicyKinds.all.map(\.name) {
            hints[kind] = "write '\(kind)' alone, and put its settings under 'policy: {\(kind): {…}}'"
        }
        return hints
    }()

    /// Reads an entry of `policies.chain`: the name of a kind, or a mapping.
    ///
    /// - Parameters:
    ///   - entry: The entry.
    ///   - settings: The section `policy`.
    ///   - failMode: What a kind that is not a security kind does when it fails, unless its entry says.
    /// - Returns: The instance and its policy.
    /// - Throws: ``ConfigError`` for the first mistake.
    static func read(
        _ entry: ConfigNode, settings: ConfigNode?, failMode: PolicyChain.OnError
    ) throws(ConfigError) -> (instance: Self, policy: any Policy) {
        if case .string(let name) = entry.value {
            return try make(kindNode: entry, id: name, settings: settings, failMode: failMode)
        }
        let own = (id(of: entry) ?? "<id>").shown
        let mapping = try entry.mapping(
            Key.self, hints: hints, otherwise: "put the settings of a policy under 'policy: {\(own): {…}}'")
        let kindNode = try mapping.required(.kind)
        kindNode.expect(.choice(PolicyKinds.all.map(\.name)))
        var id = try kindNode.string()
        if let node = mapping[.id] { id = try identifier(node) }
        var (instance, policy) = try make(kindNode: kindNode, id: id, settings: settings, failMode: failMode)
        if let on = mapping[.on] {
            instance.on = try phases(on, of: instance.kind)
            try check(on, of: instance, holds: policy.neededPhases)
        }
        if let mode = mapping[.mode] { instance.mode = try mode.choice(["enforce": .enforce, "observe": .observe]) }
        if let onError = mapping[.onError] {
            instance.onError = try onError.choice(["block": .block, "allow": .allow])
        }
        if let timeout = mapping[.timeout] { try instance.wait(timeout) }
        return (instance, policy)
    }

    /// The id that an entry has, or would have if the rest of it were right.
    static func id(of entry: ConfigNode) -> String? {
        if case .string(let name) = entry.value { return name }
        guard let node = (try? entry.member("id")) ?? (try? entry.member("kind")) else { return nil }
        return try? node.string()
    }

    private static func make(
        kindNode: ConfigNode, id: String, settings: ConfigNode?, failMode: PolicyChain.OnError
    ) throws(ConfigError) -> (instance: Self, policy: any Policy) {
        var own = try settings?.member(id)
        if own == nil { own = try settings?.member(try kindNode.string()) }
        let policy = try PolicyKinds.policy(of: kindNode, settings: own, id: id)
        let kind = type(of: policy).kind
        let onError: PolicyChain.OnError = kind.isSecurity ? .block : failMode
        // Code sees a whole text or none: it has no matches in progress that could be waited for.
        let usesCode = policy.examines || policy.revises
        let isWhole = policy.asks || usesCode && policy.streaming == .window
        let instance = Self(
            id: id, kind: kind, on: kind.phases, mode: .enforce, onError: onError,
            streaming: isWhole ? .whole : policy.streaming, timeout: policy.asks ? policy.timeout : nil)
        return (instance, policy)
    }

    private static func check(
        _ on: ConfigNode, of instance: Self, holds phases: Set<Phase>
    ) throws(ConfigError) {
        guard let missing = Phase.allCases.first(where: { phases.contains($0) && !instance.on.contains($0) }) else {
            return
        }
        throw ConfigError(
            .conflict, at: on.location,
            "'\(on.path)' leaves out '\(missing.rawValue)', which the settings of '\(instance.id)' need.",
            hint: "add '\(missing.rawValue)', or remove 'on'")
    }

    /// Reads how long the instance waits for its service (milliseconds).
    private mutating func wait(_ node: ConfigNode) throws(ConfigError) {
        let milliseconds = try node.integer(in: 1...60_000)
        guard timeout != nil else {
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' has no effect: this policy asks no service.",
                hint: "remove the key")
        }
        timeout = .milliseconds(milliseconds)
    }

    private static func identifier(_ node: ConfigNode) throws(ConfigError) -> String {
        let id = try node.string()
        let allowed = id.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
        }
        guard allowed, (1...64).contains(id.utf8.count) else {
            let rule = "1 to 64 characters of a-z, 0-9, '-' and '_'"
            throw ConfigError(.outOfRange, at: node.location, "'\(node.path)' must be \(rule).")
        }
        return id
    }

    private static func phases(_ node: ConfigNode, of kind: PolicyKind) throws(ConfigError) -> Set<Phase> {
        var phases: Set<Phase> = []
        for entry in try node.list() {
            let phase: Phase = try entry.choice([
                "request": .request, "response": .response, "tool_call": .toolCall, "tool_result": .toolResult,
            ])
            guard kind.capable.contains(phase) else {
                let able = Phase.allCases.filter { kind.capable.contains($0) }.map(\.rawValue)
                throw ConfigError(
                    .unknownValue, at: entry.location, "'\(kind.name)' has nothing to judge on '\(phase.rawValue)'.",
                    hint: "It can run on \(able.joined(separator: ", ")).")
            }
            phases.insert(phase)
        }
        guard !phases.isEmpty else {
            throw ConfigError(.outOfRange, at: node.location, "'\(node.path)' names no phase.")
        }
        return phases
    }
}
