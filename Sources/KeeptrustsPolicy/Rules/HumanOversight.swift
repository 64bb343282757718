import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// The kind `human-oversight`: answers on certain matters, or that are not sure, wait for a person.
struct HumanOversight: Policy {
    static let kind = PolicyKind(
        "human-oversight", streaming: .whole, phases: [.response], capable: [.response])

    let rules: [Rule]
    private let wantsAll: Bool
    private let verdict: Verdict

    /// For whom an answer waits, and how long; nil where none waits.
    private let terms: EscalationTerms?

    /// An answer that is less sure waits; nil for any.
    private let leastConfidence: Double?

    private enum Key: String, ConfigKey {
        case categories = "require_human_for"
        case action
        case confidence = "confidence_threshold"
        case assignee = "default_assignee"
        case timeout = "timeout_seconds"
        case onTimeout = "on_timeout"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        verdict = try mapping[.action]?.choice(["escalate": .escalate, "block": .block]) ?? .escalate
        terms = verdict == .escalate ? try Self.terms(mapping) : nil
        if let node = mapping[.assignee] ?? mapping[.timeout] ?? mapping[.onTimeout], verdict != .escalate {
            throw ConfigError(.conflict, at: node.location, "'\(node.path)' is for 'action: escalate'.")
        }
        leastConfidence = try mapping[.confidence]?.number(in: 0...1)
        let all = try Packs.rules(of: "oversight.txt", for: config)
        let known = Set(all.map(\.category)).sorted()
        var wanted: Set<String> = []
        for node in try mapping[.categories]?.list() ?? [] {
            let name = try node.string()
            guard name == "*" || known.contains(name) else {
                throw ConfigError(
                    .unknownValue, at: node.location,
                    "'\(node.path)' is \(quoted(name)), which is no matter that is known.",
                    hint: nearestName(to: name, among: known).map { "did you mean '\($0)'?" }
                        ?? "say '*' or one of \(known.joined(separator: ", "))")
            }
            wanted.insert(name)
        }
        wantsAll = wanted.contains("*")
        rules = all.filter { wanted.contains($0.category) }
    }

    private static func terms(_ mapping: ConfigMapping<Key>) throws(ConfigError) -> EscalationTerms {
        let assignee = try mapping[.assignee]?.string()
        if let assignee, let node = mapping[.assignee] {
            let isPlain = assignee.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            guard isPlain, (1...254).contains(assignee.utf8.count) else {
                throw ConfigError(
                    .outOfRange, at: node.location, "'\(node.path)' must have 1 to 254 bytes, on one line.")
            }
        }
        // Nothing goes out that nobody has seen.
        _ = try mapping[.onTimeout]?.choice(["block": true])
        return EscalationTerms(
            assignee: assignee, timeout: try mapping[.timeout]?.integer(in: 60...2_592_000) ?? 86_400)
    }

    var examines: Bool { true }

    func examine(_ examination: Examination) -> Opinion {
        guard examination.stage == .answer else { return .clean }
        // Whatever it is: text, calls of tools, or nothing at all.
        if wantsAll { return hold("required", "Every answer here waits for a person.") }
        for number in examination.own where examination.length(of: number) > 0 {
            let matches = examination.matches(in: number)
            if let match = matches.first {
                let category = rules[match.match.rule].category
                return hold("category", "Answers on this matter (\(category)) wait for a person.")
            }
        }
        return holdUnsure(examination) ?? .clean
    }

    /// Holds an answer that is not sure enough; nil where none is.
    private func holdUnsure(_ examination: Examination) -> Opinion? {
        guard let least = leastConfidence else { return nil }
        for answer in examination.answers {
            let confidence = Hedging.confidence(of: Array(answer.text.readableBytesView))
            guard confidence < least else { continue }
            let finding = Finding(
                "oversight.low_confidence", at: 0..<examination.length(of: answer.segment), confidence: 1 - confidence)
            return hold(
                "low_confidence", "The answer is not sure enough to go out unseen.",
                [LocatedFinding(segment: answer.segment, finding)])
        }
        return nil
    }

    private func hold(_ cause: String, _ message: String, _ findings: [LocatedFinding] = []) -> Opinion {
        let reason = Reason(code: "human_oversight.\(cause)", message: message)
        return Opinion(
            decision: Decision(verdict: verdict, reason: reason, escalation: terms), findings: findings)
    }
}

/// How sure an answer says it is.
enum Hedging {
    /// One, less the share of its sentences that say that they are not sure; 1 for an answer without sentences.
    static func confidence(of text: [UInt8]) -> Double {
        let worded = WordReader.read(text)
        guard !worded.sentences.isEmpty else { return 1 }
        let unsure = worded.sentences.count { sentence in
            let words = worded.words[sentence.words]
            if words.contains(where: { hedges.contains($0.hash) }) { return true }
            return zip(words, words.dropFirst()).contains { pairs.contains(($0.hash &* 31) ^ $1.hash) }
        }
        return 1 - Double(unsure) / Double(worded.sentences.count)
    }

    private static let hedges = Set(
        [
            "maybe", "perhaps", "possibly", "probably", "presumably", "unsure", "uncertain", "unclear", "guess",
            "roughly", "might",
        ]
        .map { WordHash.of($0.utf8) })

    /// Two words that say it together.
    private static let pairs = Set(
        [
            "not sure", "not certain", "i think", "i believe", "i assume", "could be", "may be", "not know",
            "don't know",
            "hard to", "it seems", "it appears", "appears to", "seems to",
        ].map { phrase in
            let words = phrase.split(separator: " ").map { word in
                word == "don't" ? WordHash.of("do".utf8) : WordHash.of(word.utf8)
            }
            return (words[0] &* 31) ^ words[1]
        })
}
