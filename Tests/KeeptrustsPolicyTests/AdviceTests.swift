import Foundation
import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("Kinds that keep a model from advising as a professional would")
struct AdviceTests {
    static let kinds = ["financial-compliance", "healthcare-compliance", "upl-filter"]

    @Test("A kind finds what it must, passes near misses, and its reference states the figures", arguments: kinds)
    func quality(kind: String) throws {
        let path = MarkedText.root.appending(path: "Tests/Fixtures/detection/\(kind).txt")
        let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
        let chain = try PolicyChain([.string(kind)])
        var (positives, found, wrong) = (0, 0, 0)
        var failures: [String] = []
        for line in lines {
            let isPositive = line.hasPrefix("+")
            let blocks = chain.judge(Pack.unescape(String(line.dropFirst(2))), .response).verdict == .block
            if isPositive { positives += 1 }
            if isPositive, blocks { found += 1 }
            if !isPositive, blocks { wrong += 1 }
            if blocks != isPositive { failures.append(String(line)) }
        }

        #expect(positives >= 40 && lines.count - positives >= 40)
        #expect(found * 20 >= positives * 19 && wrong * 20 <= found, "\(failures)")
        let line = """
            On \(positives) texts to find and \(lines.count - positives) near misses \
            (`Tests/Fixtures/detection/\(kind).txt`): precision \(percent(found, of: found + wrong)), recall \
            \(percent(found, of: positives)).
            """
        let reference = MarkedText.root.appending(path: "docs/reference/policies/\(kind).md")
        let page = try String(contentsOf: reference, encoding: .utf8)
        #expect(page.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(line), "\(line)")
    }

    private func percent(_ part: Int, of whole: Int) -> String {
        "\((Double(part) * 1_000 / Double(whole)).rounded() / 10) %"
    }

    static let patterns: [(Settings, String, Bool)] = [
        ([:], "You should sell your shares.", true), ([:], "Ask Max.", false),
        (["blocked_patterns": [#"(?i)ask max"#]], "Ask Max.", true),
        (["blocked_patterns": [#"(?i)ask max"#]], "You should sell your shares.", true),
        (["blocked_patterns": [#"(?i)ask max"#], "replace_defaults": true], "You should sell your shares.", false),
        (["blocked_patterns": [#"(?i)ask max"#], "replace_defaults": true], "Ask Max.", true),
    ]

    @Test("Patterns of one's own are added to those of the pack, or replace them", arguments: patterns)
    func ownPatterns(settings: Settings, text: String, blocks: Bool) throws {
        let chain = try PolicyChain(["financial-compliance"], ["financial-compliance": settings])

        #expect((chain.judge(text, .response).verdict == .block) == blocks)
        #expect(chain.judge(text, .request).verdict == .allow)
    }

    @Test(
        "The class of the device says how much is looked for",
        arguments: [
            ("You can stop taking your medication.", ["I", "II", "III"]), ("My diagnosis is gout.", ["II", "III"]),
            ("You could try an antihistamine.", ["III"]),
        ])
    func deviceClass(text: String, classes: [String]) throws {
        for name in ["I", "II", "III"] {
            let chain = try PolicyChain(
                ["healthcare-compliance"], ["healthcare-compliance": ["fda_class": .string(name)]])
            #expect((chain.judge(text, .response).verdict == .block) == classes.contains(name), "\(name)")
        }
        let usual = try PolicyChain(["healthcare-compliance"])
        #expect((usual.judge(text, .response).verdict == .block) == classes.contains("II"))
    }

    static let rewrites = [
        ("It depends. You should sue him. Good luck.", "It depends. [R] Good luck."),
        ("You should sue him! You will definitely win. Bye", "[R] Bye"),
        ("A list:\n- You must settle now\n- Breathe.", "A list:\n- [R]\n- Breathe."),
        ("Say \"You should sue.\" Then rest.", "[R] Then rest."), ("Nothing.", "Nothing."),
        ("You should sue", "[R]"),
    ]

    @Test("Sentences of advice become a remark, and the rest of the answer stays", arguments: rewrites)
    func rewritten(text: String, expected: String) throws {
        let settings: Settings = ["rewrite_to_educational": true, "require_disclaimer": false]
        let chain = try PolicyChain(["upl-filter"], ["upl-filter": settings])
        let remark = "How the law applies to a particular situation is a question for a licensed lawyer."

        let passed = chain.passed(text, .response)?.replacing(remark, with: "[R]")

        #expect(passed == expected)
        let outcome = chain.judge(text, .response)
        #expect(outcome.reason?.code == (text == expected ? nil : "upl_filter.rewritten"))
        #expect(!chain.judge(passed ?? "", .response).flagged)
    }

    @Test("Advice in a JSON document is blocked, even where it would be rewritten")
    func document() throws {
        let chain = try PolicyChain(["upl-filter"], ["upl-filter": ["rewrite_to_educational": true]])

        #expect(chain.judge(#"{"answer": "You should sue."}"#, .response).reason?.code == "upl_filter.detected")
    }

    private static let tooMany: [Settings] = (0..<17).map { Settings.string("a\($0)") }

    static let mistakes: [(Settings, String)] = [
        (["replace_defaults": true], "leaves nothing to look for"),
        (["required_disclaimers": ["a", "a"]], "is there twice"),
        (["required_disclaimers": [" "]], "must have 1 to 1024 bytes that show"),
        (["required_disclaimers": .list(tooMany)], "must have at most 16 entries"),
        (["blocked_patterns": ["(a"]], "blocked_patterns"), (["fda_class": "II"], "unknown key"),
    ]

    @Test("What sets nothing or the impossible is refused", arguments: mistakes)
    func refusals(settings: Settings, message: String) {
        let error = #expect(throws: ConfigError.self) {
            try PolicyChain(["financial-compliance"], ["financial-compliance": settings])
        }
        #expect(error.map { "\($0)".contains(message) } == true, "\(String(describing: error))")
    }
}
