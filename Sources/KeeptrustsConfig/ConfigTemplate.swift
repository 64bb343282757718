/// A configuration to start from, with the tests that it passes.
///
/// A template is a folder of `packs/templates/`: `policy-config.yaml`, whose first line is a comment that says what it is
/// for, and files in `tests/`. There is nothing else to add for a new one.
public struct ConfigTemplate: Sendable, Equatable {
    /// The folder's name.
    public var name: String

    /// What it is for, in one sentence.
    public var summary: String
    public var config: String

    /// The files of `tests/`, by their names, in order.
    public var tests: [(name: String, text: String)]

    /// The folder of all templates.
    public static let folder = "packs/templates/"

    /// Finds the templates among files that are named by their paths from the repository's root.
    ///
    /// - Returns: The templates in the order of their names.
    public static func all(in files: [String: String]) -> [ConfigTemplate] {
        files.compactMap { path, config in
            guard path.hasPrefix(folder), path.hasSuffix("/policy-config.yaml") else { return nil }
            let name = path.dropFirst(folder.count).prefix { $0 != "/" }
            let tests = files.filter { $0.key.hasPrefix("\(folder)\(name)/tests/") }
                .map { (name: String($0.key.dropFirst("\(folder)\(name)/tests/".count)), text: $0.value) }
            let line = config.prefix { !$0.isNewline }.drop { $0 == "#" || $0 == " " }
            return ConfigTemplate(
                name: String(name), summary: String(line), config: config, tests: tests.sorted { $0.name < $1.name })
        }.sorted { $0.name < $1.name }
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.name == b.name && a.config == b.config && a.tests.map(\.text) == b.tests.map(\.text)
    }
}
