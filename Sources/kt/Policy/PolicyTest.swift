import ArgumentParser
import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange

/// The command `kt policy test`.
struct PolicyTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Play the tests of a policy configuration.",
        discussion: """
            The cases are those of the config's section 'testing' and those of the files tests/*.json, *.yaml and *.yml beside \
            it. Each is played through the gateway's own course of an exchange, without a network. Exits with 0 when all \
            cases pass; 1 when one fails, when there is none, or when config or tests are not valid; 2 for wrong usage or an \
            unreadable file.
            """
    )

    @Option(help: "The folder with policy-config.yaml and tests/.")
    var packDir = "."

    @Option(
        name: [.customLong("policy-config"), .customLong("config")],
        help: "The config, when it is another; given several times, later files win.")
    var policyConfig: [String] = []

    @Option(help: "Also write the results to this file, in the form of JUnit.")
    var junit: String?

    @Flag(help: "Print the results as JSON.")
    var json = false

    func run() throws {
        let config = try ChainOptions.read(policyConfig.isEmpty ? ["\(packDir)/policy-config.yaml"] : policyConfig)
        let run = try TestRun(
            config.testSuites + fileSuites(), of: config, cacheDirectory: PatternCache.directory)
        if let junit { try OutputFile(junit).write(run.junit) }
        Output.line(json ? run.json : run.summary)
        guard run.count > 0 else {
            Output.problem("error: there are no tests in '\(packDir)/tests' and none in the config")
            throw ExitCode(1)
        }
        guard run.isGood else { throw ExitCode(1) }
    }

    /// The suites of the files in `tests/`, in the order of their names.
    private func fileSuites() throws -> [TestSuite] {
        let folder = "\(packDir)/tests"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let files = names.filter { name in [".json", ".yaml", ".yml"].contains { name.hasSuffix($0) } }
        return try ConfigLayer.read(files.sorted().map { "\(folder)/\($0)" }).map { try TestSuite(file: $0) }
    }
}
