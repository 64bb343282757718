import ArgumentParser
import KeeptrustsConfig

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

    @OptionGroup var config: ChainOptions

    @Flag(inversion: .prefixedNo, help: "Say where each value was written.")
    var origins = true

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        let config = try config.read()
        guard !json else { return Output.line(config.effectiveJSON(withOrigins: origins)) }
        for warning in config.warnings { Output.problem(warning.description) }
        Output.line("# \(config.pack.name) \(config.pack.version), digest \(config.digest)")
        Output.line(String(config.effectiveYAML(withOrigins: origins).dropLast()))
    }
}
