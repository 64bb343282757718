import ArgumentParser
import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsGateway
import KeeptrustsPolicy

/// The config whose policies a command runs, and where compiled patterns are kept.
struct ChainOptions: ParsableArguments {
    @Option(
        name: [.customLong("policy-config"), .customLong("config")],
        help: "The config; given several times, later files win.")
    var policyConfig = ["policy-config.yaml"]

    /// Reads the config, also one that is switched off.
    ///
    /// - Throws: ``UnreadableFile``; or exit code 1 when there are mistakes, after saying what they are.
    func read() throws -> PolicyConfig {
        try Self.read(policyConfig)
    }

    static func read(_ paths: [String]) throws -> PolicyConfig {
        var reading = ConfigReading(try ConfigLayer.read(paths))
        PatternCache.note.given { reading.compile(cacheDirectory: PatternCache.directory) }
        guard let config = reading.config else {
            for problem in reading.problems { Output.problem(problem.description) }
            throw ExitCode(1)
        }
        return config
    }

    /// Compiles the chain, or its policies of one kind.
    func chain(ofKind kind: String? = nil) throws -> PolicyChain {
        let config = try read()
        guard let kind else { return try config.compileChain(cacheDirectory: PatternCache.directory) }
        let kinds = config.chainKinds
        let wanted = kinds.indices.filter { kinds[$0] == kind }
        guard !wanted.isEmpty else {
            let hint = ConfigNode.hint(for: kind, among: kinds, are: "kinds").map { ": \($0)" } ?? ""
            throw ValidationError("No policy of the kind '\(kind)' is in the chain\(hint).")
        }
        return try config.compileChain(only: Set(wanted), cacheDirectory: PatternCache.directory)
    }
}

/// Where commands keep compiled patterns, so that the next one need not compile them.
enum PatternCache {
    /// nil when there is no such folder, and none can be made.
    static let directory: String? = {
        let environment = ProcessInfo.processInfo.environment
        let home = environment.value("KEEPTRUSTS_STATE_DIR") ?? HomeDirectory.keeptrusts(environment)
        let path = environment.value("KEEPTRUSTS_PATTERN_DIR") ?? home + "/patterns"
        // One that is there may be read, also where nothing can be written to it.
        try? OwnFolder.make(path)
        return FileManager.default.isReadableFile(atPath: path + "/.") ? path : nil
    }()

    /// What people read who wait for a command.
    static let note = CompilingNote {
        let place = directory.map { "; they are kept in \($0) for the next time" } ?? ""
        Output.problem("compiling patterns, which may take some seconds\(place)")
    }
}
