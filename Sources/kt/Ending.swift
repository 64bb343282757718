import ArgumentParser
import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsStorage

/// How the process ends after an error: what it says, and its exit code.
struct Ending {
    private let error: any Error

    /// The command that was running; nil when its arguments were not right.
    private let command: (any ParsableCommand.Type)?

    init(_ error: any Error, of command: (any ParsableCommand.Type)?) {
        self.error = error
        self.command = command
    }

    /// Prints what there is to say, and gives the code to exit with.
    func report() -> Int32 {
        if let error = error as? UnreadableFile {
            Output.problem("error: \(error)")
            return 2
        }
        if let error = error as? StorageError {
            // With its cause: whoever starts a server is its operator.
            Output.problem("error: \(String(reflecting: error))")
            return Self.code(error.category)
        }
        if let error = error as? any UserFacingError {
            let namesPlaces = error is ConfigError || error is ConfigMistakes
            Output.problem(namesPlaces ? "\(error)" : "error: \(error)")
            return Self.code(error.category)
        }
        let code = KT.exitCode(for: error)
        guard code == .validationFailure || code == .success else {
            if !(error is ExitCode) { Output.problem("error: \(KT.message(for: error))") }
            return code.rawValue
        }
        guard code != .success else {
            Output.line(KT.fullMessage(for: error))
            return 0
        }
        Output.problem(usageProblem)
        return 2
    }

    /// What is wrong with how a command was called, what may have been meant, and how it is called.
    private var usageProblem: String {
        if let command {
            let text = "error: \(KT.message(for: error))\nUsage: \(KT.usageString(for: command))"
            return "\(text)\n  See '\(KT.names(of: command).joined(separator: " ")) --help' for more information."
        }
        var lines = KT.fullMessage(for: error).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines[0].hasPrefix("Error: ") { lines[0] = "e" + lines[0].dropFirst() }
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let hint = StrayArgument(KT.message(for: error), among: arguments)?.hint {
            lines.insert("  hint: \(hint)", at: min(1, lines.count))
        }
        return lines.joined(separator: "\n")
    }

    private static func code(_ category: ErrorCategory) -> Int32 {
        switch category {
        case .unauthenticated, .forbidden: 3
        case .notFound: 4
        case .invalidInput, .unprocessable, .conflict, .policyViolation, .escalationRequired, .budgetExceeded,
            .tooLarge, .limited, .upstreamFailed, .upstreamTimedOut, .unavailable, .internalFailure:
            1
        }
    }
}

/// An argument that no command expects, or an option that there is not: what may have been meant by it.
private struct StrayArgument {
    private let word: String
    private let command: any ParsableCommand.Type

    /// Reads it from what the parser says of it; nil when the parser says something else.
    init?(_ message: String, among arguments: [String]) {
        let isStray = ["Unexpected argument", "unexpected arguments", "Unknown option"].contains {
            message.contains($0)
        }
        let parts = message.split(separator: "'", omittingEmptySubsequences: false)
        guard isStray, parts.count > 2, !message.contains("Did you mean") else { return nil }
        word = String(parts[1])
        command = KT.command(named: arguments)
    }

    var hint: String? {
        if word.hasPrefix("-") { return nearOption.map { "did you mean '\($0)'?" } }
        guard command.configuration.subcommands.isEmpty else {
            if let elsewhere = KT.leaves.first(where: { $0.configuration.commandName == word }), command == KT.self {
                return "say '\(KT.names(of: elsewhere).joined(separator: " "))'"
            }
            let names = command.configuration.subcommands.compactMap { $0.configuration.commandName }
            return nearestName(to: word, among: names).map { "did you mean '\($0)'?" }
        }
        return fileOption.map { "a file goes to \($0): say '\($0) \(word)'" }
    }

    /// The options of the command, as its help lists them: all names of each, before two spaces.
    private var options: [String] {
        KT.helpMessage(for: command).split(separator: "\n").flatMap { line -> [String] in
            let entry = line.drop { $0 == " " }
            guard entry.hasPrefix("-") else { return [] }
            let names = entry.firstRange(of: "  ").map { entry[..<$0.lowerBound] } ?? entry
            return names.split { " ,/".contains($0) }.map(String.init).filter { $0.hasPrefix("--") }
        }
    }

    /// The option that begins as the word does, or ends so.
    private var nearOption: String? {
        let name = word.prefix { $0 != "=" }
        guard name.utf8.count > 4 else { return nil }
        return options.first { $0.hasPrefix(name) || name.hasPrefix($0) || $0.hasSuffix(name.dropFirst(2)) }
    }

    /// The option that takes a file such as this one.
    private var fileOption: String? {
        let isRows = word.hasSuffix(".jsonl")
        let isFile =
            isRows || FileManager.default.fileExists(atPath: word)
            || [".yaml", ".yml", ".json"].contains { word.hasSuffix($0) }
        guard isFile else { return nil }
        let wanted = isRows ? ["--input", "--events"] : ["--policy-config", "--file", "--output"]
        return wanted.first { options.contains($0) }
    }
}

extension KT {
    /// All commands that do something.
    fileprivate static var leaves: [any ParsableCommand.Type] { leaves(of: KT.self) }

    private static func leaves(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        let parts = command.configuration.subcommands
        return parts.isEmpty ? [command] : parts.flatMap(leaves)
    }

    /// The innermost command that arguments name.
    fileprivate static func command(named arguments: [String]) -> any ParsableCommand.Type {
        var command: any ParsableCommand.Type = KT.self
        for word in arguments {
            guard let next = command.configuration.subcommands.first(where: { $0.configuration.commandName == word })
            else { break }
            command = next
        }
        return command
    }

    /// The words that call a command, such as `kt policy lint`.
    fileprivate static func names(of command: any ParsableCommand.Type) -> [String] {
        func path(from parent: any ParsableCommand.Type) -> [String]? {
            let name = parent.configuration.commandName ?? ""
            if parent == command { return [name] }
            return parent.configuration.subcommands.lazy.compactMap { path(from: $0) }.first.map { [name] + $0 }
        }
        return path(from: KT.self) ?? ["kt"]
    }
}
