import KeeptrustsCore

/// Reads a part of a document again and again, each time without what was wrong with it the last time, so that all of its
/// mistakes are found and not only the first.
///
/// What only follows from a mistake that is known is no mistake of its own: a key that was taken out and must be there gets
/// a value that would do, and two settings that exclude each other are tried with other values of what was taken out.
struct Rereading {
    /// How many mistakes of one part are looked for.
    static let mostProblems = 32

    /// How often a part is read at most.
    private static let mostReadings = 400

    /// Values that are read for the mistakes of one document at most, and patterns that are compiled, and their weight:
    /// further mistakes of a large one show when these are mended.
    static let mostValues = 4_000_000
    static let mostPatterns = 60_000
    static let mostWeight = 1_000_000

    private(set) var problems: [ConfigError] = []

    /// What is left of the part.
    private(set) var node: ConfigNode
    private var readings = 0
    private var removals: [Removal] = []

    init(_ node: ConfigNode) { self.node = node }

    /// Takes note of a mistake, and takes it out.
    ///
    /// - Parameters:
    ///   - problem: The mistake.
    ///   - mistake: Reads a part that differs a little; what is wrong with it, or nil.
    /// - Returns: Whether it is worth reading again.
    mutating func isWorthwhile(after problem: ConfigError, _ mistake: (ConfigNode) -> ConfigError?) -> Bool {
        readings += 1
        guard readings < Self.mostReadings, problems.count < Self.mostProblems else { return false }
        if let index = removals.lastIndex(where: { $0.standsIn(at: problem.location) }) { return standIn(index) }
        switch problem.kind {
        case .missingKey:
            return supply(problem, mistake)
        case .conflict:
            if !follows(problem, mistake) { problems.append(problem) }
            return remove(problem)
        case .outOfRange:
            // A list that has become empty goes too.
            if !removals.contains(where: { $0.container == problem.location }) { problems.append(problem) }
            return remove(problem)
        case .disabled:
            problems.append(problem)
            return false
        case .notYAML, .unknownKey, .wrongType, .unknownValue, .duplicate, .retired, .unsupported, .limit:
            problems.append(problem)
            return remove(problem)
        }
    }

    private mutating func remove(_ problem: ConfigError) -> Bool {
        guard let pruned = node.pruned(at: problem.location) else { return false }
        node = pruned.node
        removals.append(Removal(of: pruned.entry, from: pruned.container, for: problem))
        return true
    }

    /// Puts in what a mapping lacks; one that lacks it whatever is put in is taken out as a whole.
    private mutating func supply(_ problem: ConfigError, _ mistake: (ConfigNode) -> ConfigError?) -> Bool {
        let taken = removals.lastIndex { removal in
            removal.container == problem.location && !removal.isSpent
                && removal.entry.map { problem.message.contains("'\($0.key)'") } == true
        }
        if let taken { return standIn(taken) }
        guard case .mapping? = node.node(at: problem.location)?.value,
            let key = problem.quotedWords(after: "needs the key").first
        else {
            if !follows(problem, mistake) { problems.append(problem) }
            return remove(problem)
        }
        let hidesKey = removals.contains { $0.container == problem.location && $0.isOfUnknownKey && $0.isInert }
        if !hidesKey, !follows(problem, mistake) { problems.append(problem) }
        // No line of a file is line 0: what is wrong there is wrong with the stand-in.
        let place = SourceLocation(file: problem.location.file, line: 0, column: removals.count)
        let entry = (key: key, keyLocation: place, value: ConfigNode(.null, at: place, path: key))
        removals.append(Removal(of: entry, from: problem.location, for: problem))
        return standIn(removals.count - 1)
    }

    /// Puts the next candidate in the place of what is missing; after the last one, the mapping that wants it goes.
    private mutating func standIn(_ index: Int) -> Bool {
        if let entry = removals[index].nextCandidate() {
            node = node.with(entry, in: removals[index].container)
            return true
        }
        guard let pruned = node.pruned(mapping: removals[index].container) else { return false }
        node = pruned.node
        removals.append(Removal(of: pruned.entry, from: pruned.container, isGivenUp: true))
        return true
    }

    /// Whether a mistake comes of what was taken out: whether another value there ends it.
    private mutating func follows(_ problem: ConfigError, _ mistake: (ConfigNode) -> ConfigError?) -> Bool {
        for removal in removals where !removal.isInert {
            if removal.hides(problem) { return true }
            guard let entry = removal.entry else {
                if node.dependsOnItems(at: removal.container, problem.location) { return true }
                continue
            }
            for value in removal.candidates where readings < Self.mostReadings {
                readings += 1
                var other = entry
                other.value = value
                guard let next = mistake(node.with(other, in: removal.container)) else { return true }
                // In block style a mapping begins where its first key does.
                let isOfKey = next.location == other.keyLocation && next.kind != .missingKey
                guard next.location != value.location, !isOfKey else { continue }
                if next != problem { return true }
            }
        }
        return false
    }
}

/// An entry or item that was taken out, and what has been tried in its place.
private struct Removal {
    let container: SourceLocation

    /// Nil for an item of a list.
    private(set) var entry: ConfigNode.Entry?

    /// What may stand in its place when it must be there.
    private(set) var candidates: [ConfigNode] = []

    /// Whether nothing else can depend on it: a key that there is not, or one of two that exclude each other.
    private(set) var isInert = false

    /// Whether its key is none, so that another one may have been meant.
    private(set) var isOfUnknownKey = false
    private var tried = 0

    /// Whether it is a mapping that was sound but for what it lacks, so that nobody is to be told that it is not there.
    private let isGivenUp: Bool

    var isSpent: Bool { tried == candidates.count }

    init(
        of entry: ConfigNode.Entry?, from container: SourceLocation, for problem: ConfigError? = nil,
        isGivenUp: Bool = false
    ) {
        self.container = container
        self.isGivenUp = isGivenUp
        self.entry = entry
        guard var entry else { return }
        var values = Self.values
        if let problem {
            switch problem.kind {
            case .unknownKey, .retired, .unsupported:
                isOfUnknownKey = true
                let words = problem.quotedWords(after: "did you mean") + problem.quotedWords(after: "say")
                guard let meant = words.first.map({ String($0.prefix { $0 != ":" }) }), !meant.contains(".") else {
                    isInert = true
                    return
                }
                entry.key = meant
                self.entry = entry
                values = [entry.value.value] + values
            case .conflict:
                isInert = true
            case .notYAML, .missingKey, .wrongType, .outOfRange, .unknownValue, .duplicate, .disabled, .limit:
                values = problem.quotedWords(after: "not one of").map { .string($0) } + values
            }
        }
        let place = entry.value.location
        let variable = (key: "env", keyLocation: place, value: ConfigNode(.string("A"), at: place, path: "env"))
        values += [.mapping([variable]), .list([ConfigNode(.mapping([]), at: place, path: "")])]
        candidates = values.map { ConfigNode($0, at: place, path: entry.value.path) }
    }

    /// Values of which one passes for most keys that must be there.
    private static let values: [ConfigNode.Value] =
        [
            "a", "demo", "1.0.0", "https://api.example.com", "request", "allow", "audit-logger", "10.0.0.0/8",
            "openai:chat:a",
        ]
        .map { .string($0) } + [.boolean(true), .boolean(false), .integer(1), .mapping([])]

    /// Whether a mistake is only that of a mapping which is read as if it were empty.
    func hides(_ problem: ConfigError) -> Bool {
        guard isGivenUp, let path = entry?.value.path else { return false }
        return problem.kind == .missingKey || problem.message.hasPrefix("'\(path.shown)")
    }

    /// Whether what was put in its place stands at `place`.
    func standsIn(at place: SourceLocation) -> Bool { tried > 0 && entry?.value.location == place }

    mutating func nextCandidate() -> ConfigNode.Entry? {
        guard var entry, !isSpent else { return nil }
        entry.value = candidates[tried]
        tried += 1
        return entry
    }
}

extension ConfigError {
    /// The words in single quotes that its text and its hint have after a phrase.
    fileprivate func quotedWords(after phrase: String) -> [String] {
        let text = [message, hint ?? ""].first { $0.contains(phrase) } ?? ""
        guard let range = text.firstRange(of: phrase) else { return [] }
        let parts = text[range.upperBound...].split(separator: "'", omittingEmptySubsequences: false)
        return parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }
    }
}
