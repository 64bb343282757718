import ArgumentParser
import KeeptrustsConfig
import KeeptrustsCore

/// The command `kt config effective`.
struct ConfigEffective: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "effective",
        abstract: "Print the configuration that several files make together.",
        discussion: """
            Later files win. A comment after each value says in which file and line it was written. Exits with 0 when the \
            result is valid, 1 when it is not, 2 when a file cannot be read.
            """
    )

    @Option(help: "A file; repeat it to lay files over each other.")
    var policyConfig = ["policy-config.yaml"]

    @Flag(inversion: .prefixedNo, help: "Say where each value was written.")
    var origins = true

    func run() throws {
        var reading = ConfigReading(try ConfigLayer.read(policyConfig))
        reading.compile()
        guard let config = reading.config else {
            for problem in reading.problems { Output.problem(problem.description) }
            throw ExitCode(1)
        }
        for warning in config.warnings { Output.problem(warning.description) }
        Output.line("# \(config.pack.name) \(config.pack.version), digest \(config.digest)")
        Output.line(String(config.effectiveYAML(withOrigins: origins).dropLast()))
    }
}
