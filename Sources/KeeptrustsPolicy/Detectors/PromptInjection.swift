import KeeptrustsCore
import KeeptrustsMatching

/// The kind `prompt-injection`: finds texts that try to override what the model was told.
///
/// Judges what users and tools say, and what an assistant is claimed to have said; never the system's own message. Each
/// rule that matches counts its weight once per text, and a classifier reads the whole text; ``AttackOdds`` says what they
/// come to together. Answers are judged whole: neither a classifier nor a disguise of words goes by the beginning of a text.
struct PromptInjection: Policy {
    static let kind = PolicyKind("prompt-injection", streaming: .whole, phases: [.request, .toolResult])

    let rules: [Rule]
    let readings: Set<Reading>
    let classifier: Classifier?

    /// Attacks that texts are compared with, and how near they must be; nil where they are not.
    private let similar: (attacks: ReferenceTexts, threshold: Double)?
    private let action: Action
    private let message: String
    let logLevel: DetectionLevel?

    /// What a pattern of a user's own counts: enough by itself.
    private static let ownWeight = 3

    private enum Action { case block, escalate, log }

    private enum Key: String, ConfigKey { case backend, detection, encoding, boundaries, response }
    private enum DetectionKey: String, ConfigKey {
        case attackPatterns = "attack_patterns"
        case embeddingThreshold = "embedding_threshold"
    }
    private enum EncodingKey: String, ConfigKey {
        case base64 = "decode_base64"
        case unicode = "normalize_unicode"
        case homoglyphs = "detect_homoglyphs"
    }
    private enum BoundariesKey: String, ConfigKey {
        case delimiters = "enforce_delimiters"
        case fakeBoundaries = "reject_fake_boundaries"
    }
    private enum ResponseKey: String, ConfigKey {
        case action, message
        case logLevel = "log_level"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        try config.refuse([
            "action": "say 'response.action'.", "threshold": "say 'detection.attack_patterns' for more patterns.",
            "attack_patterns": "say 'detection.attack_patterns'.",
            "embedding_threshold": "say 'detection.embedding_threshold'.",
        ])
        let mapping = try config.mapping(Key.self)
        _ = try mapping[.backend]?.choice(["local": true])
        let detection = try mapping[.detection]?.mapping(DetectionKey.self)
        rules = try Self.rules(
            own: detection?[.attackPatterns], boundaries: mapping[.boundaries], for: mapping[.detection])
        similar = try detection?[.embeddingThreshold].map { node throws(ConfigError) in try Self.similar(node) }
        readings = try Self.readings(mapping[.encoding])
        classifier = Classifier(model: try Packs.model("prompt-injection.model", for: config), alarm: AttackOdds.alarm)
        var action = Action.block
        var logLevel: DetectionLevel?
        var message = "The text tries to override the model's instructions."
        if let response = mapping[.response] {
            let mapping = try response.mapping(ResponseKey.self)
            logLevel = try mapping[.logLevel]?.choice(
                of: DetectionLevel.self, hints: ["warning": "say 'warn'", "none": "leave the key out"])
            if let node = mapping[.action] {
                action = try node.choice(["block": .block, "escalate": .escalate, "log": .log])
            }
            if let node = mapping[.message] { message = try node.string() }
        }
        self.action = action
        self.message = message
        self.logLevel = logLevel
    }

    private static func rules(
        own: ConfigNode?, boundaries: ConfigNode?, for node: ConfigNode?
    ) throws(ConfigError) -> [Rule] {
        var left: Set<String> = []
        if let boundaries {
            let mapping = try boundaries.mapping(BoundariesKey.self)
            if try mapping[.delimiters]?.boolean() == false { left.insert("injection.delimiter") }
            if try mapping[.fakeBoundaries]?.boolean() == false { left.insert("injection.boundary") }
        }
        var rules = try Packs.rules(of: "prompt-injection.txt", for: node ?? boundaries)
        rules.removeAll { left.contains($0.category) }
        for node in try own?.list() ?? [] {
            rules.append(try Rule(category: "injection.custom", written: node, weight: ownWeight))
        }
        return rules
    }

    private static func similar(
        _ node: ConfigNode
    ) throws(ConfigError) -> (attacks: ReferenceTexts, threshold: Double) {
        let threshold = try node.number(in: 0...1)
        guard threshold > 0 else {
            throw ConfigError(
                .outOfRange, at: node.location, "'\(node.path)' must be above 0: every text would be an attack.")
        }
        return (knownAttacks, threshold)
    }

    /// The attacks of the pack `attacks.txt`.
    private static let knownAttacks = ReferenceTexts(
        (Assets.all["attacks.txt"] ?? "").split(separator: "\n\n", maxSplits: 1).dropFirst().flatMap {
            $0.split(separator: "\n").map { Array($0.utf8) }
        })

    private static func readings(_ encoding: ConfigNode?) throws(ConfigError) -> Set<Reading> {
        var readings: Set<Reading> = [.plain, .folded, .lookalike, .decoded, .undisguised]
        guard let mapping = try encoding?.mapping(EncodingKey.self) else { return readings }
        if try mapping[.base64]?.boolean() == false { readings.remove(.decoded) }
        if try mapping[.unicode]?.boolean() == false { readings.remove(.folded) }
        if try mapping[.homoglyphs]?.boolean() == false { readings.remove(.lookalike) }
        return readings
    }

    var isPassive: Bool { action == .log }

    func reads(_ role: Segment.Role) -> Bool { role != .system }

    func decide(on matches: [RuleMatch]) -> Decision {
        decide(AttackOdds(points: points(Set(matches.map(\.rule))), strongest: nil, role: .assistant))
    }

    func weigh(_ evidence: Evidence) -> Weighing {
        let own = Set(evidence.matches.map(\.rule))
        // An attack may come in two parts; a text without any sign of its own is no part.
        let all = own.isEmpty ? own : own.union(evidence.before.map(\.rule))
        let odds = AttackOdds(
            points: points(all), strongest: evidence.strongest?.logOdds, role: evidence.role)
        var weighing = Weighing(decision: decide(odds), score: odds.score)
        if let strongest = evidence.strongest, odds.isAttack, own.isEmpty || strongest.logOdds > 0 {
            weighing.finding = Finding("injection.learned", at: strongest.span, confidence: odds.score)
        }
        return weighing
    }

    var examines: Bool { similar != nil }

    /// Compares texts with known attacks, beside what rules and classifier say of them.
    func examine(_ examination: Examination) -> Opinion {
        var opinion = Opinion()
        guard let similar else { return opinion }
        for segment in examination.own {
            for place in examination.places(in: segment, near: similar.attacks, atLeast: similar.threshold) {
                let finding = Finding("injection.similar", at: place.span, confidence: place.score)
                opinion.findings.append(LocatedFinding(segment: segment, finding))
            }
        }
        if !opinion.findings.isEmpty { opinion.decision = detected }
        return opinion
    }

    private func points(_ matched: Set<Int>) -> Int { matched.reduce(0) { $0 + rules[$1].weight } }

    private func decide(_ odds: AttackOdds) -> Decision { odds.isAttack ? detected : .allow }

    /// What becomes of an attack.
    private var detected: Decision {
        let reason = Reason(code: "prompt_injection.detected", message: message)
        return switch action {
        case .block: Decision(verdict: .block, reason: reason)
        case .escalate: Decision(verdict: .escalate, reason: reason)
        case .log: Decision(flagged: true, reason: reason)
        }
    }
}
