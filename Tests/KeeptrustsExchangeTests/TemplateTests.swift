import Foundation
import KeeptrustsConfig
import KeeptrustsExchange
import Testing

/// Every template is one to start from: valid, without a warning, and with tests that reach all of its policies.
struct TemplateTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let templates: [ConfigTemplate] = {
        let folder = root.appending(path: ConfigTemplate.folder).resolvingSymlinksInPath()
        var files: [String: String] = [:]
        for path in (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? [] {
            let text = try? String(contentsOf: folder.appending(path: path), encoding: .utf8)
            files[ConfigTemplate.folder + path] = text
        }
        return ConfigTemplate.all(in: files)
    }()

    @Test("The templates of the first release are there")
    func names() {
        #expect(
            Set(Self.templates.map(\.name)).isSuperset(of: [
                "minimal", "finance", "healthcare", "legal", "government", "education", "eu-ai-act", "rag", "agents",
                "zero-retention",
            ]))
    }

    @Test("A template is valid, without a warning, and says what it is for", arguments: templates.map(\.name))
    func lint(name: String) throws {
        let template = try #require(Self.templates.first { $0.name == name })

        let report = LintReport(
            [ConfigLayer(name: "\(name).yaml", text: template.config)], cacheDirectory: TestPatterns.directory)

        #expect(report.remarks == "")
        #expect(report.isValid)
        #expect(template.summary.count > 20 && template.summary.hasSuffix("."))
        #expect(try PolicyConfig(yaml: template.config, file: "f").pack.name == name)
    }

    @Test("A template passes its tests, and they make each of its policies act", arguments: templates.map(\.name))
    func tests(name: String) throws {
        let template = try #require(Self.templates.first { $0.name == name })
        let suites = try template.tests.map { try TestSuite(file: ConfigLayer(name: $0.name, text: $0.text)) }

        let run = try TestRun(
            suites, of: PolicyConfig(yaml: template.config, file: "\(name).yaml"),
            cacheDirectory: TestPatterns.directory)

        #expect(run.isGood, "\(run.summary)")
        #expect(!run.summary.contains("no case makes these act"), "\(run.summary)")
    }

    @Test("Folders without a config, and other files, are no templates")
    func others() {
        let files = [
            "packs/templates/a/tests/t.yaml": "x", "packs/templates/b/policy-config.yaml": "# B: one.\npack: {}\n",
            "docs/c.md": "",
        ]

        #expect(ConfigTemplate.all(in: files).map(\.name) == ["b"])
        #expect(ConfigTemplate.all(in: files).map(\.summary) == ["B: one."])
    }
}
