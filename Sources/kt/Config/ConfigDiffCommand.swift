import ArgumentParser
import KeeptrustsConfig

/// The command `kt config diff`.
struct ConfigDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare two policy configurations, key by key.",
        discussion: """
            Layout, comments and the order of keys do not count; targets and other items with an id or a name are compared \
            with their namesakes. Exits with 0 when there is no difference, 1 when there is one or a file is not valid, 2 \
            when a file cannot be read.
            """
    )

    @Argument(help: "The configuration before.")
    var before: String

    @Argument(help: "The configuration after.")
    var after: String

    @Option(help: "A file that lies beneath both; repeat it for several, later files winning.")
    var base: [String] = []

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        let (old, new) = (try ChainOptions.read(base + [before]), try ChainOptions.read(base + [after]))
        let diff = ConfigDiff(from: old.document, to: new.document)
        Output.line(json ? diff.json : diff.summary)
        guard diff.isEmpty else { throw ExitCode(1) }
    }
}
