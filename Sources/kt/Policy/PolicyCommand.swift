import ArgumentParser

/// The command `kt policy`.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Check policy configurations.",
        subcommands: [PolicyLint.self]
    )
}
