/// What is wrong with a piece of an answer.
struct GroundingProblem: Equatable {
    enum Cause: String, CaseIterable {
        /// A citation of a source that the request does not have.
        case unknownSource = "citation.unknown_source"

        /// A work or an address that the request does not have.
        case unknownReference = "citation.unknown_reference"

        /// A quotation that no source has.
        case quotation = "citation.quotation"

        /// A number that the source does not have.
        case number = "citation.number"

        /// A name that the source does not have.
        case name = "citation.name"

        /// Another source says it, and not the one that is cited.
        case wrongSource = "citation.wrong_source"

        /// The source says the opposite.
        case contradiction = "citation.contradiction"

        /// No source says anything like it.
        case unsupported = "citation.unsupported"
    }

    var cause: Cause

    /// Where it stands in the answer (byte offsets).
    var span: Range<Int>

    /// How sure it is, 0...1.
    var confidence: Double

    /// The claim is less sure than the settings ask for, and that is all.
    var isBelowDemand = false

    /// Whether the answer says something that its sources do not, and is not merely unproven.
    var isHallucination: Bool { cause != .unsupported }
}

/// Compares claims with sources.
struct ClaimCheck {
    private let sources: Sources

    /// What is compared in all, so that no answer takes long.
    private var steps = 0
    static let mostSteps = 5_000_000

    init(_ sources: Sources) { self.sources = sources }

    /// How far a claim is supported, 0...1, and what is wrong with it.
    typealias Result = (support: Double, problem: GroundingProblem?)

    /// Checks a claim.
    ///
    /// - Parameter claim: The claim.
    /// - Returns: How far it is supported, and what is wrong with it.
    /// - Throws: ``GroundingFailure`` when there is too much to compare.
    mutating func check(_ claim: Claim) throws(GroundingFailure) -> Result {
        let cited = claim.cited.flatMap { sources.places(of: $0) }
        // A citation of works, or of sources that are not there, leaves all that are there.
        let isOpen = cited.isEmpty
        let own = isOpen ? Array(sources.passages.indices) : cited
        steps += claim.words.count * (sources.passages.count + 1)
        try spend()
        if let problem = try numbers(claim, own, isOpen) { return (0, problem) }
        if let problem = names(claim, own, isOpen) { return (0, problem) }
        if let problem = contradiction(claim, own) { return (0, problem) }
        return support(claim, own, isOpen)
    }

    private func spend() throws(GroundingFailure) {
        guard steps <= Self.mostSteps else { throw .tooLarge }
    }

    private mutating func numbers(_ claim: Claim, _ own: [Int], _ isOpen: Bool) throws(GroundingFailure)
        -> GroundingProblem?
    {
        for word in claim.words {
            guard case .number(let number) = word.kind else { continue }
            steps += sources.passages.reduce(0) { $0 + $1.numbers.count }
            try spend()
            if own.contains(where: { sources.passages[$0].says(number) }) { continue }
            if sources.context.contains(where: { $0.says(number) }) { continue }
            let isElsewhere = !isOpen && sources.passages.contains { $0.says(number) }
            return GroundingProblem(
                cause: isElsewhere ? .wrongSource : .number, span: word.span, confidence: isElsewhere ? 0.9 : 0.95)
        }
        return nil
    }

    private func names(_ claim: Claim, _ own: [Int], _ isOpen: Bool) -> GroundingProblem? {
        guard !sources.nounsAreCapital else { return nil }
        // `It` and `the company` in a source stand for what the answer calls by its name.
        var isSubject = claim.isSubjectFirst
        for word in claim.words {
            guard word.kind == .name else {
                if word.hasContent { isSubject = false }
                continue
            }
            guard !word.roles.contains(.title), !word.roles.contains(.meta) else { continue }
            if own.contains(where: { sources.passages[$0].names(word) }) { continue }
            if sources.context.contains(where: { $0.names(word) }) { continue }
            let isElsewhere = !isOpen && sources.passages.contains { $0.names(word) }
            if isElsewhere, isSubject { continue }
            return GroundingProblem(
                cause: isElsewhere ? .wrongSource : .name, span: word.span, confidence: isElsewhere ? 0.85 : 0.9)
        }
        return nil
    }

    /// The share of a claim's meaning that a passage has, and how much meaning there is.
    private func share(_ claim: Claim, _ places: [Int], withoutNames: Bool = false) -> (share: Double, weight: Double) {
        var (has, all) = (0.0, 0.0)
        for word in claim.words where word.hasContent {
            let weight: Double
            switch word.kind {
            case .number: weight = withoutNames ? 0 : 3
            case .name: weight = withoutNames ? 0 : 2
            case .plain: weight = 1
            }
            all += weight
            let isThere = places.contains { place in
                let passage = sources.passages[place]
                if case .number(let number) = word.kind { return passage.says(number) }
                return word.kind == .name ? passage.names(word) : passage.has(word)
            }
            if isThere { has += weight }
        }
        return all == 0 ? (1, 0) : (has / all, all)
    }

    private func support(_ claim: Claim, _ own: [Int], _ isOpen: Bool) -> Result {
        let (share, weight) = share(claim, own)
        if !isOpen, share < 0.5 {
            let best = sources.passages.indices.map { self.share(claim, [$0]).share }.max() ?? 0
            if best >= 0.5, best >= share + 0.3 {
                return (0, GroundingProblem(cause: .wrongSource, span: claim.span, confidence: 0.8))
            }
        }
        let plain = self.share(claim, own, withoutNames: true)
        // Names are what a sentence is about; the other words are what it says.
        let isBare = isOpen ? plain.weight >= 2 && plain.share < 0.34 : weight >= 3 && share < 0.2
        guard isBare else { return (weight < 3 ? 1 : min(1, 0.6 + 0.8 * share), nil) }
        return (0.3 * share, GroundingProblem(cause: .unsupported, span: claim.span, confidence: 0.7))
    }
}

extension ClaimCheck {
    /// A clause of a source that says much the same, but denies it or names another of two that exclude each other.
    private func contradiction(_ claim: Claim, _ own: [Int]) -> GroundingProblem? {
        let contents = claim.words.filter(\.hasContent)
        guard contents.count >= 2, claim.words.count <= Self.longest else { return nil }
        let isNegated = claim.words.filter { $0.roles.contains(.negation) }.count % 2 == 1
        let isDoubtful = claim.words.contains { $0.roles.contains(.doubt) }
        for place in own {
            let passage = sources.passages[place]
            for clause in Self.near(contents, passage) where clause.words.count <= Self.longest {
                if clause.isNegated == isNegated {
                    guard let word = opposite(claim.words, clause, passage) else { continue }
                    return GroundingProblem(cause: .contradiction, span: word.span, confidence: 0.8)
                }
                guard !isDoubtful, !clause.isDoubtful, isNegated || covers(contents, clause, passage) else { continue }
                // Another clause may say it as the claim does.
                guard !isSaid(contents, isNegated, own) else { return nil }
                return GroundingProblem(cause: .contradiction, span: claim.span, confidence: 0.8)
            }
        }
        return nil
    }

    /// Words of a claim or a clause that are compared for what they exclude; more say too much to exclude each other.
    private static let longest = 96

    /// The clauses that share most with a claim: at least six of ten of its words.
    private static func near(_ contents: [Word], _ passage: Passage) -> [Passage.Clause] {
        var counts: [Int32: Int] = [:]
        var seen: Set<UInt64> = []
        for word in contents where seen.insert(word.stem).inserted {
            for clause in passage.clauses(with: word.stem) { counts[clause, default: 0] += 1 }
        }
        let least = max(2, (seen.count * 3 + 4) / 5)
        return counts.filter { $0.value >= least }.keys.sorted().map { passage.clauses[Int($0)] }
    }

    /// Whether a clause has little that the claim has not.
    private func covers(_ contents: [Word], _ clause: Passage.Clause, _ passage: Passage) -> Bool {
        let stems = Set(contents.map(\.stem))
        let own = Set(passage.text.words[clause.words].filter(\.hasContent).map(\.stem))
        return own.intersection(stems).count * 5 >= own.count * 3
    }

    /// Whether a clause says the claim's words, as often denied as the claim does.
    private func isSaid(_ contents: [Word], _ isNegated: Bool, _ own: [Int]) -> Bool {
        own.contains { place in
            Self.near(contents, sources.passages[place]).contains { $0.isNegated == isNegated }
        }
    }

    /// A word of the claim in whose place the clause has one that excludes it.
    private func opposite(_ words: [Word], _ clause: Passage.Clause, _ passage: Passage) -> Word? {
        let theirs = passage.text.words[clause.words]
        for word in words where !word.senses.isEmpty && !theirs.contains(where: { $0.stem == word.stem }) {
            for other in theirs where !other.senses.isEmpty && !words.contains(where: { $0.stem == other.stem }) {
                let excludes = word.senses.contains { sense in
                    other.senses.contains { $0.group == sense.group && $0.member != sense.member }
                }
                let agrees = word.senses.contains { sense in other.senses.contains(sense) }
                if excludes, !agrees { return word }
            }
        }
        return nil
    }
}
