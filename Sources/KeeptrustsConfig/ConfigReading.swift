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
        self.problems = problems.sorted(by: files)
        guard self.problems.isEmpty, let chain = sections.chain, let pack = sections.pack else { return }
        let (unknown, warnings) = ConfigReview(sections, chain: chain, pack: pack, document: document).findings()
        guard unknown.isEmpty else {
            self.problems = unknown
            return
        }
        config = PolicyConfig(
            sections, document: document, entries: chain, settings: sections.settings, warnings: warnings, pack: pack)
    }

    /// Compiles the policies, and takes note of the mistake when they have one.
    ///
    /// - Parameter cacheDirectory: Where compiled patterns are kept; nil compiles them anew.
    public mutating func compile(cacheDirectory: String? = nil) {
        guard let config else { return }
        do throws(ConfigError) {
            chain = try config.compileChain(cacheDirectory: cacheDirectory)
        } catch {
            self.config = nil
            problems.append(error)
        }
    }

    var firstProblem: ConfigError {
        problems.first ?? Self.nothing(at: SourceLocation(file: files.first ?? "", line: 1, column: 1))
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
