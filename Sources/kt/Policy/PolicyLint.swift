import ArgumentParser
import KeeptrustsConfig
import KeeptrustsGateway

/// The command `kt policy lint`.
struct PolicyLint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Check a policy configuration without running it.",
        discussion: """
            Reads the file as a gateway would, compiles its policies, and says how much of a streamed answer they hold \
            back. Exits with 0 when it is valid, 1 when it is not, 2 when it cannot be read.
            """
    )

    @Option(
        name: [.customLong("file"), .customLong("policy-config"), .customLong("config")],
        help: "The file to check; repeat it to check files laid over each other, later ones winning.")
    var file = ["policy-config.yaml"]

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Flag(help: "Exit with 1 when there are warnings.")
    var strict = false

    func run() throws {
        let layers = try ConfigLayer.read(file)
        let report = PatternCache.note.given { LintReport(layers, cacheDirectory: PatternCache.directory) }
        if json {
            Output.line(report.json)
        } else {
            if !report.remarks.isEmpty { Output.problem(report.remarks) }
            Output.line(report.summary)
        }
        guard report.isValid, !(strict && report.hasWarnings) else { throw ExitCode(1) }
    }
}
