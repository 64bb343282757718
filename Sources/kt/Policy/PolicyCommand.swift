import ArgumentParser

/// The command `kt policy`.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Check policy configurations, and try them out.",
        subcommands: [
            PolicyLint.self, PolicyScan.self, PolicyTest.self, PolicyExplain.self, PolicyBench.self, PolicyReplay.self,
        ]
    )
}
