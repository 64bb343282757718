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

    private enum Key: String, ConfigKey { case name, description, target, cases }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(
            Key.self, hints: ["assertions": "say 'expected' of a case; 'assertions' is not in this version"])
        name = try mapping.required(.name).label(upTo: 200)
        description = try mapping[.description].map { node throws(ConfigError) in
            try node.label(upTo: 1_000, allowingLines: true)
        }
        target = try mapping[.target]?.string()
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

    /// The keys of the section `testing`.
    enum SectionKey: String, ConfigKey { case suites }

    static let sectionHints = [
        "default_threshold": "'default_threshold' is not in this version",
        "plugins": "'plugins' is not in this version", "strategies": "'strategies' is not in this version",
    ]
}
