import KeeptrustsCore
import KeeptrustsMatching

/// Which rules of one policy look for which patterns of the chain.
struct PatternUses: Sendable {
    /// The patterns, as bits.
    var mask: [UInt64] = []

    /// Of each pattern, the rules that look for it.
    var rules: [Int: [Int]] = [:]

    /// The patterns whose matches count only behind words of the text that speak for them, as bits; and these words.
    var inContext: [UInt64] = []
    var contexts = ContextIndex()

    /// The ways in which the policy reads a text.
    var readings = ReadingBits([])

    /// Whether any of its rules may match what a scan suspects.
    func concern(_ suspect: MatchScratch.Suspect) -> Bool {
        guard readings.contain(suspect.reading) else { return false }
        for word in mask.indices where suspect.hits[word] & mask[word] != 0 { return true }
        return false
    }
}

/// Ways of reading a text, a bit for each: asked for every suspect, where a set costs a hash.
struct ReadingBits: Sendable {
    private let bits: Int

    init(_ readings: Set<Reading>) { bits = readings.reduce(0) { $0 | 1 << $1.rawValue } }

    func contain(_ reading: Reading) -> Bool { bits >> reading.rawValue & 1 != 0 }
}

/// An instance that looks for a pattern.
struct PatternUser: Sendable {
    var instance: Int

    /// Which of its policy's rules look for it.
    var rules: [Int]
    var readings: ReadingBits
    var stance: PolicyChain.Stance

    /// A match may change the text, so that a stream must wait for its end.
    var holds: Bool

    /// Bytes behind a match that its rules look at, beside what the pattern does.
    var bytesAhead: Int

    func runs(on phase: Phase) -> Bool { stance.runs(on: phase) }

    /// Whether it looks for the pattern in a reading of texts of a phase.
    func reads(_ reading: Reading, on phase: Phase) -> Bool { stance.runs(on: phase) && readings.contain(reading) }
}

/// The rules of all policies of a chain, each pattern once.
struct CompiledRules {
    private(set) var patterns: [Pattern] = []
    private(set) var uses: [PatternUses] = []

    /// Of each pattern, where the user wrote it.
    private var sources: [ConfigNode?] = []

    init(_ policies: [any Policy]) {
        var known: [Pattern: Int] = [:]
        for policy in policies {
            var own = PatternUses()
            own.readings = ReadingBits(policy.readings)
            for (index, rule) in policy.rules.enumerated() {
                let pattern = known[rule.pattern] ?? patterns.count
                if pattern == patterns.count {
                    known[rule.pattern] = pattern
                    patterns.append(rule.pattern)
                    sources.append(rule.source)
                }
                own.rules[pattern, default: []].append(index)
            }
            uses.append(own)
        }
        let words = max(1, (patterns.count + 63) / 64)
        for index in uses.indices {
            uses[index].mask = [UInt64](repeating: 0, count: words)
            uses[index].inContext = uses[index].mask
            for pattern in uses[index].rules.keys { uses[index].mask[pattern / 64] |= 1 << UInt64(pattern % 64) }
        }
    }

    /// The uses of each instance, with the words that its patterns need.
    ///
    /// - Parameters:
    ///   - policies: The policies.
    ///   - set: The patterns, compiled.
    /// - Returns: The uses.
    func usesInContext(_ policies: [any Policy], _ set: PatternSet) -> [PatternUses] {
        zip(uses, policies).map { uses, policy in
            var uses = uses
            for (pattern, rules) in uses.rules where set.findsWholeWords(pattern) {
                let contexts = rules.compactMap { policy.rules[$0].needsContext ? policy.rules[$0].context : nil }
                guard contexts.count == rules.count else { continue }
                uses.inContext[pattern / 64] |= 1 << UInt64(pattern % 64)
                let beginsWithLetter = set.mayBeginWithLetter(pattern)
                for context in contexts { uses.contexts.add(context, of: pattern, beginsWithLetter: beginsWithLetter) }
            }
            return uses
        }
    }

    /// Of each pattern, the instances that look for it.
    func users(_ instances: [PolicyChain.Instance], _ policies: [any Policy]) -> [[PatternUser]] {
        var users = [[PatternUser]](repeating: [], count: patterns.count)
        for (index, instance) in instances.enumerated() {
            let policy = policies[index]
            let stance = PolicyChain.Stance(instance, policy)
            let ahead = policy.rules.map { $0.validator?.bytesAhead ?? 0 }
            // Of matches at one place the strongest counts: none is decided on before the others can be.
            let most = policy.picksStrongest ? ahead.max() ?? 0 : 0
            for (pattern, rules) in uses[index].rules {
                users[pattern].append(
                    PatternUser(
                        instance: index, rules: rules, readings: uses[index].readings, stance: stance,
                        holds: stance.enforces && !policy.isPassive,
                        bytesAhead: rules.reduce(most) { max($0, ahead[$1]) }))
            }
        }
        return users
    }

    func patternSet(cacheDirectory: String?, at entries: ConfigNode) throws(ConfigError) -> PatternSet {
        try checkTotals()
        do { return try PatternSet(patterns, cacheDirectory: cacheDirectory) } catch {
            throw Self.refusal(error, at: sources[error.pattern] ?? entries)
        }
    }

    /// The most expressions that a user may write in one chain, and what all of them may weigh together.
    static let mostOwn = 2_000
    static let mostOwnWeight = 400_000

    /// The same of terms: each is short, and mostly found by its words.
    static let mostTerms = 20_000
    static let mostTermWeight = 2_000_000

    /// With how many others of its kind Hyperscan compares a pattern that it cannot find by any of its characters.
    static let mostCompared = 200

    /// Refuses more patterns than may be compiled for one chain.
    ///
    /// - Throws: ``ConfigError`` at the first that is one too many.
    func checkTotals() throws(ConfigError) {
        // They are counted first, for weighing takes time.
        var (own, terms) = (0, 0)
        for (pattern, source) in zip(patterns, sources) {
            guard let source else { continue }
            if pattern.mustBeLinear { own += 1 } else { terms += 1 }
            if own > Self.mostOwn { throw Self.tooMany(at: source) }
            if terms > Self.mostTerms { throw Self.tooManyTerms(at: source) }
        }
        var (weight, termWeight, compared) = (0, 0, 0)
        for (pattern, source) in zip(patterns, sources) {
            guard let source else { continue }
            let weighed = pattern.weighed()
            guard pattern.mustBeLinear else {
                termWeight += weighed.weight
                if termWeight > Self.mostTermWeight { throw Self.tooManyTerms(at: source) }
                continue
            }
            if weighed.comparison > 0 { compared += 1 }
            weight += weighed.weight + weighed.comparison * min(compared, Self.mostCompared)
            if weight > Self.mostOwnWeight { throw Self.tooMany(at: source) }
        }
    }

    static let hint = "Look for less, or have another gateway look for a part of it."

    static func tooMany(at node: ConfigNode) -> ConfigError {
        ConfigError(
            .limit, at: node.location,
            "'\(node.path)' is one pattern too many: all patterns may be \(mostOwn), and weigh \(mostOwnWeight) together.",
            hint: hint)
    }

    private static func tooManyTerms(at node: ConfigNode) -> ConfigError {
        ConfigError(
            .limit, at: node.location,
            "'\(node.path)' is one term too many: all terms may be \(mostTerms), and weigh \(mostTermWeight) together.",
            hint: hint)
    }

    /// Looks at each pattern that a user wrote by itself, and at how many there are.
    ///
    /// - Throws: ``ConfigError`` for the first that cannot be used.
    func checkOwnPatterns() throws(ConfigError) {
        try checkTotals()
        for (pattern, source) in zip(patterns, sources) {
            guard let source else { continue }
            do { try PatternSet.check(pattern) } catch { throw Self.refusal(error, at: source) }
        }
    }

    private static func refusal(_ error: PatternError, at node: ConfigNode) -> ConfigError {
        ConfigError(error, at: node)
    }
}

extension ConfigError {
    /// A pattern that a user wrote cannot be used.
    init(_ error: PatternError, at node: ConfigNode) {
        switch error.reason {
        case .unusable:
            self.init(
                .unknownValue, at: node.location, "'\(node.path)' is no pattern that can be used: \(error.message)",
                hint: "Patterns must match in linear time: no look-around, no back-references.")
        case .tooMany:
            self.init(
                .limit, at: node.location, "'\(node.path)' is one pattern too many: \(error.message)",
                hint: CompiledRules.hint)
        case .tooHeavy:
            self.init(
                .limit, at: node.location,
                "'\(node.path)' is a pattern that takes too long to compile: \(error.message)",
                hint: "Repeat less often, name fewer alternatives, and say ranges for properties such as \\p{L}.")
        }
    }
}
