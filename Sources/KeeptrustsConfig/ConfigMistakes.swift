public import KeeptrustsCore

/// What is wrong with a configuration that was to be run: every mistake that can be told apart.
public struct ConfigMistakes: UserFacingError, Equatable {
    /// How many mistakes a text about them holds.
    public static let mostShown = 20

    /// In the order of the files; at least one.
    public let all: [ConfigError]

    init(_ first: ConfigError, _ others: [ConfigError] = []) { all = [first] + others }

    public var category: ErrorCategory { .invalidInput }
    public var code: String { all[0].code }
    public var message: String { lines.joined(separator: "\n") }

    /// The first mistakes, each as its own text, and how many more there are.
    public var lines: [String] {
        let shown = all.prefix(Self.mostShown).map(\.description)
        let rest = all.count - shown.count
        guard rest > 0 else { return shown }
        return shown + ["and \(rest) more, which `kt policy lint` lists."]
    }
}
