public import KeeptrustsCore

/// Cases that belong together: one entry of `testing.suites`, or one file of tests.
public struct TestSuite: Sendable {
    /// Unique among the suites of a document; of a file, its name.
    public var name: String

    /// For people.
    public var description: String?

    /// The policy whose verdict is looked at (`target`, an id or a kind); nil for that of the exchange.
    public var target: String?
    public var cases: [TestCase]

    /// Where `target` is written.
    var targetLocation: SourceLocation?

    private enum Key: String, ConfigKey { case name, description, target, cases, assertions }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        name = try mapping.required(.name).label(upTo: 200)
        description = try mapping[.description].map { node throws(ConfigError) in
            try node.label(upTo: 1_000, allowingLines: true)
        }
        if let node = mapping[.target] { (target, targetLocation) = (try node.string(), node.location) }
        if let node = mapping[.assertions] {
            throw ConfigError(
                .unsupported, at: node.location, "'\(node.path)' is not in this version.",
                hint: "say 'expected' of a case")
        }
        cases = try Self.cases(try mapping.required(.cases))
    }

    /// Reads a file of tests: one case, or a list of them.
    ///
    /// - Parameter layer: JSON when its name ends in `.json`, else YAML.
    /// - Throws: ``ConfigError`` for the first mistake.
    public init(file layer: ConfigLayer) throws(ConfigError) {
        let node = try ConfigNode.read(layer)
        name = layer.name
        switch node.value {
        case .list: cases = try Self.cases(node)
        case .null, .boolean, .integer, .number, .string, .mapping: cases = [try TestCase(node)]
        }
    }

    private static func cases(_ list: ConfigNode) throws(ConfigError) -> [TestCase] {
        var cases: [TestCase] = []
        for node in try list.list() { cases.append(try TestCase(node)) }
        guard !cases.isEmpty else {
            throw ConfigError(.outOfRange, at: list.location, "\(list.name) must not be empty.")
        }
        return cases
    }

    /// The section `testing`.
    static func suites(_ config: ConfigNode) throws(ConfigError) -> [TestSuite] {
        let mapping = try config.mapping(SectionKey.self)
        for key in [SectionKey.threshold, .plugins, .strategies] {
            guard let node = mapping[key] else { continue }
            throw ConfigError(.unsupported, at: node.location, "'\(node.path)' is not in this version.")
        }
        var suites: [TestSuite] = []
        for node in try mapping.required(.suites).list() {
            let suite = try TestSuite(node)
            guard !suites.contains(where: { $0.name == suite.name }) else {
                throw ConfigError(.duplicate, at: node.location, "there are two suites '\(suite.name)'.")
            }
            suites.append(suite)
        }
        return suites
    }

    private enum SectionKey: String, ConfigKey {
        case suites, plugins, strategies
        case threshold = "default_threshold"
    }
}
