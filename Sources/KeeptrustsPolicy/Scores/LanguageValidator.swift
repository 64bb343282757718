import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// The kind `language-validator`: lets texts pass that are in allowed languages, as a small identifier of its own tells.
struct LanguageValidator: Policy {
    static let kind = PolicyKind(
        "language-validator", streaming: .whole, isSecurity: false, phases: [.request, .response],
        capable: [.request, .response, .toolResult])

    let rules: [Rule] = []
    private let table: LanguageTable

    /// Languages, a bit for each.
    private let denied: UInt64
    private let allowed: UInt64
    private let leastConfidence: Double
    private let action: Action

    private enum Action { case block, escalate, log }

    private enum Key: String, ConfigKey {
        case action
        case allowed = "allowed_languages"
        case denied = "denied_languages"
        case confidence = "min_confidence"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        try config.refuse([
            "apply_to": "say 'on' in the entry of 'policies.chain': [request], [response], or both.",
            "languages": "say 'allowed_languages' or 'denied_languages'.",
        ])
        let mapping = try config.mapping(Key.self)
        do { table = try LanguageTable.builtIn.get() } catch {
            let problem = "The pack '\(error.pack)' is broken: \(error.message)."
            throw ConfigError(.unknownValue, at: config.location, problem)
        }
        allowed = try Self.languages(mapping[.allowed], table)
        denied = try Self.languages(mapping[.denied], table)
        leastConfidence = try mapping[.confidence]?.number(in: 0...1) ?? 0.5
        action = try mapping[.action]?.choice(["block": .block, "escalate": .escalate, "log": .log]) ?? .block
    }

    /// Codes that stand for others of the table.
    private static let otherCodes = ["nb": "no", "nn": "no", "fil": "tl", "iw": "he", "in": "id"]

    private static func languages(_ node: ConfigNode?, _ table: LanguageTable) throws(ConfigError) -> UInt64 {
        var languages: UInt64 = 0
        for entry in try node?.list() ?? [] {
            let name = try entry.string()
            let code = name.lowercased().split(separator: "-").first.map(String.init) ?? ""
            guard let index = table.codes.firstIndex(of: otherCodes[code] ?? code) else {
                throw ConfigError(
                    .unknownValue, at: entry.location,
                    "'\(entry.path)' is \(quoted(name)), which is no language known here.",
                    hint: "Known are \(table.codes.sorted().joined(separator: ", ")).")
            }
            languages |= 1 << UInt64(index)
        }
        return languages
    }

    var examines: Bool { allowed | denied != 0 }

    /// What an operator tells the model may be in any language.
    func reads(_ role: Segment.Role) -> Bool { role != .system }

    func examine(_ examination: Examination) -> Opinion {
        var findings: [LocatedFinding] = []
        for segment in texts(examination) {
            let text = examination.segments[segment].text
            let guess = text.withUnsafeReadableBytes { LanguageGuess($0, table) }
            guard let guess, guess.confidence >= leastConfidence, !passes(guess.language) else { continue }
            let finding = Finding(
                "language.\(table.codes[guess.language])", at: 0..<text.readableBytes, confidence: guess.confidence)
            findings.append(LocatedFinding(segment: segment, finding))
        }
        guard !findings.isEmpty else { return .clean }
        return Opinion(decision: decision, findings: findings)
    }

    /// What it judges: of an answer what its caller reads, and of a provider's error nothing.
    private func texts(_ examination: Examination) -> [Int] {
        switch examination.stage {
        case .request: examination.own
        case .answer:
            examination.answers.flatMap(\.segments)
                + examination.own.filter { examination.segments[$0].phase != .response }
        case .failure: []
        }
    }

    private func passes(_ language: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(language)
        return denied & bit == 0 && (allowed == 0 || allowed & bit != 0)
    }

    private var decision: Decision {
        let reason = Reason(
            code: "language_validator.not_allowed", message: "The text is in a language that is not allowed here.")
        return switch action {
        case .block: Decision(verdict: .block, reason: reason)
        case .escalate: Decision(verdict: .escalate, reason: reason)
        case .log: Decision(flagged: true, reason: reason)
        }
    }
}
