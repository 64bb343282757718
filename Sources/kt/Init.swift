import ArgumentParser
import Foundation
import KeeptrustsConfig
import KeeptrustsCore

/// The command `kt init`.
struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a policy configuration to start from, with its tests.",
        discussion: """
            Nothing is written over: a file that is there already ends the command. No folder is made but tests/. Exits with 0; \
            1 when a file is there or cannot be written; 2 for wrong usage, such as a template that does not exist.
            """
    )

    @Option(help: "The template; --list shows them.")
    var template = "minimal"

    @Option(help: "The config to write; its tests go to tests/ beside it. '-' prints the config only.")
    var output = "policy-config.yaml"

    @Flag(help: "List the templates.")
    var list = false

    @Flag(help: "Print what was written, or the list, as JSON.")
    var json = false

    func run() throws {
        let templates = ConfigTemplate.all(in: Assets.all)
        guard !list else { return Output.line(Listing(templates).text(asJSON: json)) }
        guard let chosen = templates.first(where: { $0.name == template }) else {
            let names = templates.map(\.name)
            let hint = ConfigNode.hint(for: template, among: names, are: "templates").map { ": \($0)" } ?? ""
            throw ValidationError("There is no template '\(template)'\(hint).")
        }
        guard output != "-" else {
            return Output.line(json ? Listing.json(["config": chosen.config]) : String(chosen.config.dropLast()))
        }
        let folder = output.lastIndex(of: "/").map { output[...$0] } ?? ""
        var files = [(output, chosen.config)]
        files += chosen.tests.map { ("\(folder)tests/\($0.name)", $0.text) }
        try write(files)
        let names = files.map(\.0)
        Output.line(json ? Listing.json(["files": names]) : names.map { "wrote \($0)" }.joined(separator: "\n"))
    }

    /// Writes all files, or none when one of them is there.
    private func write(_ files: [(path: String, text: String)]) throws {
        for file in files where FileManager.default.fileExists(atPath: file.path) {
            throw UnwritableFile(path: file.path, cause: "it is there already")
        }
        let place = URL(filePath: output).deletingLastPathComponent()
        guard FileManager.default.fileExists(atPath: place.path) else {
            throw UnwritableFile(path: output, cause: "there is no folder '\(place.relativePath)'")
        }
        for file in files {
            let folder = URL(filePath: file.path).deletingLastPathComponent()
            try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            try OutputFile(file.path).write(file.text)
        }
    }
}

/// The templates, for people or programs.
private struct Listing {
    private let templates: [ConfigTemplate]

    init(_ templates: [ConfigTemplate]) { self.templates = templates }

    func text(asJSON: Bool) -> String {
        guard !asJSON else {
            return Self.json(["templates": templates.map { ["name": $0.name, "summary": $0.summary] }])
        }
        let width = templates.map(\.name.count).max() ?? 0
        return templates.map { template in
            template.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + template.summary
        }.joined(separator: "\n")
    }

    static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: (try? encoder.encode(value)) ?? Data(), as: UTF8.self)
    }
}
