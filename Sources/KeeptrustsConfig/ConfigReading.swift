public import KeeptrustsCore
public import KeeptrustsPolicy

/// What a configuration turns out to be: everything that is wrong with it, and the configuration when nothing is.
public struct ConfigReading: Sendable {
    /// nil when there are problems.
    public private(set) var config: PolicyConfig?

    /// Every mistake that can be told apart, by file, line and column.
    public private(set) var problems: [ConfigError] = []

    /// The compiled policies, once ``compile(cacheDirectory:)`` has succeeded.
    public private(set) var chain: PolicyChain?

    /// The document, as far as it is YAML; for paths in reports.
    public private(set) var document: ConfigNode?

    private let files: [String]

    /// The chain and the settings of its policies, as far as they are there.
    private var policies: (entries: ConfigNode, settings: ConfigNode?)?

    /// Reads files of which later ones win; the policies' settings are read by ``compile(cacheDirectory:)``.
    ///
    /// - Parameter layers: At least one file.
    public init(_ layers: [ConfigLayer]) {
        files = layers.map(\.name)
        var problems = ConfigProblems()
        let documents = layers.compactMap { layer in Self.read(layer, &problems) }
        guard problems.all.isEmpty, let first = documents.first else {
            if layers.isEmpty { problems.add(Self.nothing(at: SourceLocation(file: "", line: 1, column: 1))) }
            self.problems = problems.sorted(by: files)
            return
        }
        let document = documents.dropFirst().reduce(first) { $0.overlaid(with: $1) }
        self.document = document
        for problem in RetiredShapes.problems(in: document) { problems.add(problem) }
        let sections = ConfigSections(document, &problems)
        policies = sections.chain.map { ($0, sections.settings) }
        var warnings: [ConfigWarning] = []
        if let chain = sections.chain {
            let review = ConfigReview(sections, chain: chain, document: document).findings()
            for problem in review.problems { problems.add(problem) }
            warnings = review.warnings
        }
        self.problems = problems.sorted(by: files)
        guard self.problems.isEmpty, let chain = sections.chain, let pack = sections.pack else { return }
        config = PolicyConfig(
            sections, document: document, files: files, entries: chain, settings: sections.settings,
            warnings: warnings, pack: pack)
    }

    /// Reads the policies without compiling their patterns, and takes note of all mistakes that they have.
    mutating func readPolicies() {
        guard let (entries, settings) = policies else { return }
        var problems = ConfigProblems(problems)
        problems.collectPolicies(entries, settings)
        self.problems = problems.sorted(by: files)
        if !self.problems.isEmpty { config = nil }
    }

    /// Compiles the policies, and takes note of all mistakes that they have, or of what they do in vain.
    ///
    /// - Parameter cacheDirectory: Where compiled patterns are kept; nil compiles them anew.
    public mutating func compile(cacheDirectory: String? = nil) {
        guard let (entries, settings) = policies, problems.isEmpty else { return readPolicies() }
        var problems = ConfigProblems()
        chain = problems.collect { () throws(ConfigError) in
            try PolicyChain(entries: entries, settings: settings, cacheDirectory: cacheDirectory)
        }
        guard let chain else {
            self.problems = problems.all
            // What is wrong with the set of all patterns shows only when they are compiled; all else does before.
            return readPolicies()
        }
        if let mistakes = config?.isolationMistakes(of: chain), !mistakes.isEmpty {
            for mistake in mistakes { problems.add(mistake) }
            self.problems = problems.sorted(by: files)
            config = nil
            return
        }
        guard let config else { return }
        let selections = config.consumerGroups.compactMap(\.policies) + config.routes.compactMap(\.policies)
        let review = ChainReview(
            chain, entries: entries, targets: config.targets.map(\.facts), selections: selections.map { Set($0) })
        self.config?.warnings += review.warnings
    }

    /// The problems, as whoever wanted to run the configuration is told of them.
    var mistakes: ConfigMistakes {
        let place = SourceLocation(file: files.first ?? "", line: 1, column: 1)
        return ConfigMistakes(problems.first ?? Self.nothing(at: place), Array(problems.dropFirst()))
    }

    private static func nothing(at place: SourceLocation) -> ConfigError {
        ConfigError(.missingKey, at: place, "there is no configuration.")
    }

    private static func read(_ layer: ConfigLayer, _ problems: inout ConfigProblems) -> ConfigNode? {
        do throws(ConfigProblems) {
            let node = try ConfigNode(yaml: layer)
            switch node.value {
            case .mapping: return node
            case .null: return ConfigNode(.mapping([]), at: node.location, path: "")
            case .boolean, .integer, .number, .string, .list:
                problems.add(node.wrongType("must be a mapping"))
                return nil
            }
        } catch {
            for problem in error.all { problems.add(problem) }
            return nil
        }
    }
}
