import ArgumentParser

/// The command `kt config`.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Look at configurations, and compare them.",
        subcommands: [ConfigEffective.self, ConfigDiffCommand.self, ConfigSchemaCommand.self]
    )
}
