import ArgumentParser
import KeeptrustsConfig

/// The command `kt config schema`.
struct ConfigSchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of a policy configuration, for editors.",
        discussion:
            "The schema follows from the code that reads configurations, so it is that of this version. Exits with 0."
    )

    @Flag(help: "The schema is JSON already; accepted for the sake of scripts.")
    var json = false

    func run() { Output.line(ConfigSchema(reference: Assets.docs_reference_config_md).text) }
}
