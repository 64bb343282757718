import KeeptrustsCore
import KeeptrustsMatching

/// One thing that an answer must be, as `assertions` of `quality-scorer` says it.
struct QualityAssertion: Sendable {
    /// What it is called in findings.
    var name: String
    var weight = 1.0
    var mode = Mode.enforce
    var severity: Severity
    private var check: QualityCheck?

    /// What a model judges in the place of a check.
    private(set) var judged: JudgedAssertion?
    private var threshold: Double
    private var isNegated = false

    /// What a failure does.
    enum Mode: String, CaseIterable, Sendable {
        /// It counts.
        case enforce

        /// It flags the exchange.
        case audit

        /// It stands among the findings only.
        case shadow
    }

    enum Severity: String, CaseIterable, Sendable {
        /// It fails the answer.
        case critical

        /// It flags the exchange.
        case warning

        /// It stands among the findings only.
        case info
    }

    private enum Key: String, ConfigKey {
        case type, name, value, rubric, config, threshold, weight, enabled, mode, severity, negate, provider, pack
        case isCaseSensitive = "case_sensitive"
    }

    /// Reads an entry of `assertions`: an assertion, or a set of them.
    ///
    /// - Parameters:
    ///   - node: The entry.
    ///   - severity: The severity, unless the entry says.
    ///   - judges: The models that judge.
    /// - Returns: Those that are not switched off.
    /// - Throws: ``ConfigError`` for the first mistake.
    static func read(
        _ node: ConfigNode, otherwise severity: Severity, judges: Judges
    ) throws(ConfigError) -> [QualityAssertion] {
        let mapping = try node.mapping(Key.self)
        guard let pack = mapping[.pack] else {
            return try [QualityAssertion(node, mapping, otherwise: severity, judges)].compactMap(\.self)
        }
        let set = try pack.choice(of: QualityPack.self)
        for key in Key.allCases where ![.pack, .weight, .mode, .severity, .enabled].contains(key) {
            guard let other = mapping[key] else { continue }
            throw ConfigError(
                .conflict, at: other.location, "'\(other.path)' stands beside 'pack', which is a set of assertions.",
                hint: "remove one of the two")
        }
        let own = try node.members().filter { $0.key != Key.pack.rawValue }
        var assertions: [QualityAssertion] = []
        for members in set.members(at: pack) {
            let entry = ConfigNode(.mapping(members + own), at: node.location, path: node.path)
            let assertion = try QualityAssertion(entry, entry.mapping(Key.self), otherwise: severity, judges)
            if let assertion { assertions.append(assertion) }
        }
        return assertions
    }

    /// Reads one assertion; nil for one that is switched off.
    private init?(
        _ node: ConfigNode, _ mapping: ConfigMapping<Key>, otherwise severity: Severity, _ judges: Judges
    ) throws(ConfigError) {
        let typeNode = try mapping.required(.type)
        var type = try typeNode.string()
        if type.hasPrefix("not-") {
            type = String(type.dropFirst(4))
            isNegated = true
        }
        let isSensitive = try mapping[.isCaseSensitive]?.boolean() ?? true
        let settings = CheckSettings(
            typeNode: typeNode, value: mapping[.value], config: mapping[.config], isCaseSensitive: isSensitive)
        if let kind = JudgedAssertion.Kind(rawValue: type) {
            let model = try judges.number(of: mapping[.provider], for: typeNode)
            judged = try JudgedAssertion(kind, rubric: mapping[.rubric], settings, model: model)
        } else {
            if let node = mapping[.rubric] ?? mapping[.provider] {
                throw ConfigError(
                    .conflict, at: node.location, "'\(node.path)' has no effect: no model judges this type.",
                    hint: "remove the key")
            }
            check = try QualityCheck(type, settings)
        }
        if mapping[.isCaseSensitive] != nil, check?.knowsCase != true {
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' has a 'case_sensitive' that changes nothing.")
        }
        name = try mapping[.name]?.string() ?? type
        threshold =
            try mapping[.threshold]?.number(in: 0...1) ?? check?.usualThreshold ?? judged?.kind.usualThreshold ?? 0.5
        weight = try mapping[.weight]?.number(in: 0...10) ?? 1
        mode = try mapping[.mode]?.choice(of: Mode.self) ?? .enforce
        self.severity = try mapping[.severity]?.choice(of: Severity.self) ?? severity
        if try mapping[.negate]?.boolean() ?? false { isNegated.toggle() }
        guard try mapping[.enabled]?.boolean() ?? true else { return nil }
    }

    /// What became of an assertion.
    struct Result {
        /// How far the answer is what it must be, 0...1.
        var score: Double
        var passes: Bool
    }

    /// Checks an answer; nil where there is nothing to compare it with.
    ///
    /// - Throws: ``MatchFailure`` when a search for a pattern was given up.
    func check(_ answer: AnswerUnderTest, using scratch: PatternScratch) throws -> Result? {
        try check?.score(answer, using: scratch).map(result)
    }

    /// What a score means, 0...1.
    func result(_ score: Double) -> Result {
        let passes = (score >= threshold) != isNegated
        return Result(score: isNegated ? 1 - score : score, passes: passes)
    }
}

/// What an assertion is read from.
struct CheckSettings {
    var typeNode: ConfigNode
    var value: ConfigNode?
    var config: ConfigNode?
    var isCaseSensitive: Bool

    func required() throws(ConfigError) -> ConfigNode {
        guard let value else {
            throw ConfigError(.missingKey, at: typeNode.location, "'\(typeNode.path)' needs a 'value' beside it.")
        }
        return value
    }

    /// The value as one text or several; never none.
    func texts() throws(ConfigError) -> [String] {
        let value = try required()
        guard case .list = value.value else { return [try value.string()] }
        let texts = try value.strings()
        guard !texts.isEmpty else { throw ConfigError(.outOfRange, at: value.location, "'\(value.path)' is empty.") }
        return texts
    }

    /// The value or `config` as a range: a number is both ends, `min` and `max` are one each.
    func range() throws(ConfigError) -> ClosedRange<Double> {
        let node: ConfigNode
        if let given = value ?? config { node = given } else { node = try required() }
        let any = -1_000_000.0...1_000_000_000
        if case .mapping = node.value {
            let mapping = try node.mapping(RangeKey.self)
            let least = try mapping[.min]?.number(in: any) ?? any.lowerBound
            let most = try mapping[.max]?.number(in: any) ?? any.upperBound
            guard least <= most else {
                throw ConfigError(.conflict, at: node.location, "'\(node.path)' has a 'min' above its 'max'.")
            }
            return least...most
        }
        let number = try node.number(in: any)
        return number...number
    }

    private enum RangeKey: String, ConfigKey { case min, max }
}
