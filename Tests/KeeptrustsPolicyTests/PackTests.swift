import Testing

@testable import KeeptrustsMatching
@testable import KeeptrustsPolicy

struct PackTests {
    static let names =
        PIIDetector.packs + [
            "secrets.txt", "classification.txt", "prompt-injection.txt", "dangerous-code.txt", "safety.txt",
            "export-control.txt", "mnpi.txt", "legal-privilege.txt", "bias.txt", "oversight.txt",
            "financial-advice.txt", "medical-advice.txt", "legal-advice.txt",
            "phi.txt", "student.txt", "case.txt", "gdpr.txt", "eu-ai-act.txt",
        ]

    /// The fewest rules that a pack may have: an emptied pack is no pack.
    static let fewest = [
        "pii.txt": 30, "pii-national.txt": 75, "pii-context.txt": 30, "secrets.txt": 66, "classification.txt": 4,
        "prompt-injection.txt": 80, "dangerous-code.txt": 18, "safety.txt": 12, "export-control.txt": 5, "mnpi.txt": 5,
        "legal-privilege.txt": 3, "bias.txt": 12, "oversight.txt": 15,
        "financial-advice.txt": 10, "medical-advice.txt": 7, "legal-advice.txt": 6,
        "phi.txt": 20, "student.txt": 14, "case.txt": 7, "gdpr.txt": 13, "eu-ai-act.txt": 8,
    ]

    struct Case: CustomTestStringConvertible, Sendable {
        var pack: String
        var rule: PackRule
        var testDescription: String { "\(pack) \(rule.id)" }
    }

    static let cases: [Case] = names.flatMap { name in
        ((try? Pack(named: name))?.rules ?? []).map { Case(pack: name, rule: $0) }
    }

    @Test("A pack is read, says its version and is not empty", arguments: names)
    func isRead(name: String) throws {
        let pack = try Pack(named: name)

        #expect(Int(pack.version) ?? 0 >= 1)
        #expect(pack.rules.count >= Self.fewest[name] ?? .max)
    }

    @Test("A rule finds the texts that it must find, and passes those that it must pass", arguments: cases)
    func examples(_ example: Case) throws {
        let rule = example.rule.rule
        let patterns = try PatternSet([rule.pattern], cacheDirectory: nil)

        for text in example.rule.matching { #expect(try finds(rule, in: text, patterns), "must match: \(text)") }
        for text in example.rule.passing { #expect(try !finds(rule, in: text, patterns), "must pass: \(text)") }
    }

    @Test("Every pattern is one whose short cuts are known", arguments: cases)
    func isUnderstood(_ example: Case) throws {
        let pattern = example.rule.rule.pattern

        #expect(SyntaxReader.read(pattern.expression, ignoresCase: pattern.ignoresCase) != nil)
    }

    private func finds(_ rule: Rule, in text: String, _ patterns: PatternSet) throws -> Bool {
        let scratch = try #require(PatternScratch(for: patterns))
        var bytes = Array(text.utf8)
        return try bytes.withUnsafeMutableBytes { buffer in
            let text = UnsafeRawBufferPointer(buffer)
            try patterns.scan(scratch.read(text), for: patterns.wholeScope, using: scratch)
            guard scratch.hits(word: 0) & 1 != 0 else { return false }
            var found = false
            try patterns.matches(of: 0, in: text, within: scratch.regions, using: scratch) { span in
                let part = rule.accepted(span, in: text)
                found = found || part != nil
                return part
            }
            return found
        }
    }

    @Test(
        "A broken pack is refused",
        arguments: [
            ("", "it has no rules"),
            ("rule: a\ncategory: b\npattern: c\n", "'a' lacks a pattern, a category or a text"),
            ("rule: a\ncategory: b\nmatch: c\n", "'a' lacks a pattern, a category or a text"),
            ("rule: a\nwhat: b\n", "'what' is not known or malformed"),
            ("rule: a\nvalidator: b\n", "'validator' is not known or malformed"),
            ("rule: a\npattern: {{X}}\n", "'pattern' is not known or malformed"),
            ("nothing\n", "there is no colon"),
        ]
    )
    func refusals(text: String, message: String) {
        let error = #expect(throws: PackError.self) {
            let pack = try Pack("test.txt", text: text)
            if pack.rules.isEmpty { throw PackError(pack: "test.txt", line: 0, message: "it has no rules") }
        }

        #expect(error?.message == message)
    }
}
