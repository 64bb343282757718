import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import Testing

/// Every configuration that we show is one that works.
struct ExampleTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func layer(_ path: String) throws -> ConfigLayer {
        ConfigLayer(name: path, bytes: Array(try Data(contentsOf: root.appending(path: path))))
    }

    @Test(
        "The examples are valid, without a warning",
        arguments: [
            ["examples/policy-config.yaml"], ["examples/fallback.yaml"], ["examples/self-hosted.yaml"],
            ["examples/consumer-groups.yaml"], ["examples/layers/base.yaml"],
            ["examples/layers/base.yaml", "examples/layers/production.yaml"],
        ])
    func examples(paths: [String]) throws {
        let report = LintReport(try paths.map(Self.layer), cacheDirectory: TestPatterns.directory)

        #expect(report.remarks == "")
        #expect(report.isValid)
    }

    @Test("No example is left out")
    func allExamples() throws {
        let folder = Self.root.appending(path: "examples").resolvingSymlinksInPath()
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        #expect(
            Set(files) == [
                "policy-config.yaml", "fallback.yaml", "self-hosted.yaml", "consumer-groups.yaml", "layers/base.yaml",
                "layers/production.yaml",
            ])
    }

    @Test("The sample serves a demo at once, and what keys there are")
    func sample() throws {
        let config = try PolicyConfig(layers: [Self.layer("examples/policy-config.yaml")])

        #expect(config.targets.first.map { [$0.provider, $0.model] } == ["demo", "demo"])
        #expect(Set(config.targets.compactMap(\.secretVariable?.name)) == ["OPENAI_API_KEY", "ANTHROPIC_API_KEY"])
        #expect(config.targets.allSatisfy { $0.price != nil })
    }

    /// Every page of documentation, by its path from the root.
    private static let pages: [String] = {
        let folder = root.resolvingSymlinksInPath()
        let docs = (try? FileManager.default.subpathsOfDirectory(atPath: folder.appending(path: "docs").path)) ?? []
        let top = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return (top + docs.map { "docs/\($0)" }).filter { $0.hasSuffix(".md") }.sorted()
    }()

    /// The blocks of YAML in a page; those without a pack are laid over the least that a document needs.
    private static func blocks(_ path: String) throws -> [[ConfigLayer]] {
        let page = String(decoding: try layer(path).bytes, as: UTF8.self)
        var blocks: [[ConfigLayer]] = []
        var lines: [Substring]?
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            let text = line.drop { $0 == " " }
            if let open = lines {
                guard text.hasPrefix("```") else {
                    lines?.append(line)
                    continue
                }
                let block = ConfigLayer(name: "\(path), block \(blocks.count + 1)", text: open.joined(separator: "\n"))
                let base = ConfigLayer(name: "base", text: document())
                blocks.append(open.contains { $0.hasPrefix("pack:") } ? [block] : [base, block])
                lines = nil
            } else if text.hasPrefix("```yaml") || text.hasPrefix("```yml") {
                lines = []
            }
        }
        return blocks
    }

    @Test("Every block of YAML in the documentation is valid, without a warning", arguments: pages)
    func blocks(page: String) throws {
        for block in try Self.blocks(page) {
            #expect(LintReport(block, cacheDirectory: TestPatterns.directory).remarks == "")
        }
    }

    @Test("The pages with configurations are among those that are looked at")
    func blocksAreFound() throws {
        #expect(try Self.blocks("README.md").count >= 1)
        #expect(try Self.blocks("docs/reference/config.md").count >= 7)
        #expect(try Self.blocks("docs/reference/cli.md").count >= 1)
        #expect(Set(Self.pages).isSuperset(of: ["README.md", "docs/reference/config.md", "docs/reference/lint.md"]))
    }

    @Test("The page of each kind of policy shows it in a chain")
    func kindsAreShown() throws {
        let folder = "docs/reference/policies/"
        let kinds = Self.pages.filter { $0.hasPrefix(folder) && !$0.hasSuffix("README.md") }
            .map { String($0.dropFirst(folder.count).dropLast(3)) }
        #expect(kinds.count >= 38)
        for kind in kinds {
            let chains = try Self.blocks("\(folder)\(kind).md").map { ConfigReading($0).config?.chainKinds }
            #expect(chains.contains { $0?.contains(kind) == true }, "\(kind)")
        }
    }

    @Test("The reference knows every key that the reader of an unknown key is told of")
    func everyKeyIsDocumented() throws {
        let page = String(decoding: try Self.layer("docs/reference/config.md").bytes, as: UTF8.self)
        let target = "targets: [{id: demo, provider: demo, model: demo}]"
        let places = [
            document("zzzzzz: 1"), document("size_limits: {zzzzzz: 1}"), document("record: {zzzzzz: 1}"),
            document("keys: {zzzzzz: 1}"), document("consumer_groups: [{zzzzzz: 1}]"),
            document("routes: [{zzzzzz: 1}]"),
            document().replacing("{name: test,", with: "{zzzzzz: 1, name: test,"),
            document().replacing("{chain:", with: "{zzzzzz: 1, chain:"),
            document(providers: "\(target)\nzzzzzz: 1"), document(providers: "\(target)\nretry: {zzzzzz: 1}"),
            document(providers: "\(target)\nfallback: {zzzzzz: 1}"),
            document(providers: "\(target)\nrouting: {zzzzzz: 1}"),
            document(providers: "\(target)\ncircuit_breaker: {zzzzzz: 1}"),
            document(providers: "targets: [{zzzzzz: 1}]"),
            document(providers: "targets: [{id: a, provider: openai, model: m, timeouts: {zzzzzz: 1}}]"),
            document(providers: "targets: [{id: a, provider: openai, model: m, pricing: {zzzzzz: 1}}]"),
        ]
        for place in places {
            let mistake = try #require(problems(place).first { $0.contains("zzzzzz") })
            let list = try #require(mistake.components(separatedBy: "the keys are ").last)
            for key in list.split(separator: ",").map({ $0.trimmingCharacters(in: CharacterSet(charactersIn: " '")) }) {
                #expect(page.contains("\(key)`") || page.contains("\(key)."), "\(key)")
            }
        }
    }
}
