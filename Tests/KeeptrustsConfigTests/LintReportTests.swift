import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import Testing

struct LintReportTests {
    private func report(_ yaml: String) -> LintReport {
        LintReport([ConfigLayer(name: "f.yaml", text: yaml)], cacheDirectory: TestPatterns.directory)
    }

    @Test("A valid file is summed up, with its chain and how answers stream")
    func valid() {
        let report = report(document().replacing("[audit-logger]", with: "[pii-detector, audit-logger]"))

        #expect(report.isValid)
        #expect(!report.hasWarnings)
        #expect(report.remarks == "")
        #expect(
            report.summary == """
                f.yaml: ok: test 1.0.0, 2 policies: pii-detector → audit-logger
                streaming: window (text of an answer waits only while a match may be going on)
                """)
    }

    @Test("An invalid file is counted, and each mistake named")
    func invalid() {
        let report = report(document("zz: 1\nyy: 2").replacing("[audit-logger]", with: "[]"))

        #expect(!report.isValid)
        #expect(report.summary == "f.yaml: 2 errors")
        #expect(report.remarks.hasPrefix("f.yaml:5:1: error: unknown key 'zz'."))
    }

    @Test("A mistake in a policy is found by compiling the chain")
    func policies() {
        let report = report(document().replacing("[audit-logger]", with: "[pii-detectr]"))

        #expect(report.summary == "f.yaml: 1 error")
        #expect(report.remarks.hasPrefix("f.yaml:2:20: error: unknown policy kind 'pii-detectr'."))
    }

    @Test(
        "Nothing that a file says acts on a terminal",
        arguments: [
            document().replacing("[audit-logger]", with: #"["x\e]0;T\a"]"#),
            document(#""x\u202e": 1"#),
            document(#"policy: {pii-detector: {entities: ["x\e[2J"]}}"#).replacing(
                "audit-logger", with: "pii-detector"),
            document(#"policy: {language-validator: {allowed_languages: ["x\e[2J"]}}"#)
                .replacing("audit-logger", with: "language-validator"),
            document(#"policy: {"x\u202e": {}}"#),
            document(#"testing: {suites: [{name: "a\u202e", target: "b\e", cases: []}]}"#),
            document().replacing("name: test", with: #"name: "t\u202e\u2066""#),
        ])
    func terminal(yaml: String) {
        let report = report(yaml)
        let text = report.remarks + report.summary

        #expect(text.contains("\u{FFFD}"))
        #expect(
            !text.unicodeScalars.contains {
                $0 != "\n" && ($0.value < 0x20 || "\u{202E}\u{2066}".unicodeScalars.contains($0))
            })
    }

    @Test("As JSON, a valid file")
    func validJSON() throws {
        let json = try object(report(document("policy: {dlp-filter: {}}")).json)

        #expect(json["valid"] as? Bool == true)
        #expect(json["file"] as? String == "f.yaml")
        #expect(json["pack"] as? [String: String] == ["name": "test", "version": "1.0.0"])
        #expect(json["chain"] as? [String] == ["audit-logger"])
        #expect(json["policy_count"] as? Int == 1)
        #expect(json["streaming"] as? String == "none")
        #expect((json["digest"] as? String)?.count == 64)
        let warning = try #require((json["warnings"] as? [[String: Any]])?.first)
        #expect(warning["code"] as? String == "W003")
        #expect(warning["name"] as? String == "config.block_unused")
        #expect(warning["path"] as? String == "policy.dlp-filter")
        #expect(warning["line"] as? Int == 5)
        #expect(warning["column"] as? Int == 10)
        #expect(json["errors"] == nil)
    }

    @Test(
        "As JSON, each mistake has a code, a path and a place",
        arguments: [
            (document().replacing("[audit-logger]", with: "[pii-detectr]"), "E001", "policies.chain.0"),
            (document("policy: {audit-logger: {zzz: 1}}"), "E002", "policy.audit-logger.zzz"),
            (document("record: {}").replacing("name: test, ", with: ""), "E004", "pack"),
            (document("record: {mode: 3}"), "E005", "record.mode"),
            (document("record: {max_bytes: 3}"), "E006", "record.max_bytes"),
            (document("record: {mode: never}"), "E007", "record.mode"),
            (
                document(providers: "targets: [{id: a, provider: demo, model: m}, {id: a, provider: demo, model: m}]"),
                "E008", "providers.targets.1.id"
            ),
            (document("consumer_groups: [{name: a, key_ref: {env: A}, key_hash: b}]"), "E009", "consumer_groups.0"),
            ("a: [", "E010", ""), ("\(String(repeating: "k", count: 129)): 1", "E011", ""),
        ]
    )
    func invalidJSON(yaml: String, code: String, path: String) throws {
        let json = try object(report(yaml).json)

        #expect(json["valid"] as? Bool == false)
        let error = try #require((json["errors"] as? [[String: Any]])?.first)
        #expect(error["code"] as? String == code)
        #expect(error["path"] as? String == path)
        #expect((error["message"] as? String)?.isEmpty == false)
        #expect(error["file"] as? String == "f.yaml")
        #expect(json["chain"] == nil)
    }

    private func object(_ json: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }
}

/// What lint says beyond the first mistake.
struct LintCollectionTests {
    private func remarks(_ yaml: String) -> [String] {
        LintReport([ConfigLayer(name: "f", text: yaml)], cacheDirectory: TestPatterns.directory).remarks.split(
            separator: "\n"
        ).map(String.init)
    }

    @Test("All mistakes of all sections are reported at once, in the order of the file")
    func all() {
        let yaml = """
            pack: {name: "", version: one, enabled: maybe}
            policies: {chain: [pii-detectr, {kind: dlp-filter, on: [everywhere], mod: observe}, audit-logger]}
            policy:
              pii-detector: {action: delete, pci_mode: 3, entities: [EMIL]}
              dlp-filter: {detect_patterns: ['(', 'a(?=b)', 'ok'], sensitivity_level: 2}
            record: {mode: 1, max_bytes: 2}
            providers: {targets: [{id: a b, provider: opnai, model: ""}]}
            """

        #expect(
            remarks(yaml).filter { !$0.hasPrefix("  hint") }.map { line in
                line.split(separator: " ").first.map(String.init) ?? ""
            } == [
                "f:1:14:", "f:1:27:", "f:1:41:", "f:2:20:", "f:2:57:", "f:2:70:", "f:5:34:", "f:5:39:", "f:5:75:",
                "f:6:16:", "f:6:30:", "f:7:28:", "f:7:43:", "f:7:57:",
            ])
    }

    @Test("What only follows from a mistake is not reported")
    func consequences() {
        #expect(
            remarks(document("record: {mode: 1}").replacing("version: 1.0.0", with: "version: 1")) == [
                "f:1:29: error: 'pack.version' must be a text. [E005]", "  hint: write \"1.0.0\"",
                "f:5:16: error: 'record.mode' must be a text. [E005]", "  hint: put it in quotes: \"1\"",
            ])
        #expect(
            remarks(document("consumer_groups: [{name: a, key_ref: KEY}]")).filter { !$0.hasPrefix("  hint") } == [
                "f:5:38: error: 'consumer_groups.0.key_ref' must be a mapping, not a text. [E005]"
            ])
    }

    @Test("A hundred mistakes in one section are cut, and end")
    func bound() {
        let keys = (0..<100).map { "k\($0): 1" }.joined(separator: ", ")

        #expect(remarks(document("record: {\(keys)}")).filter { $0.contains("error") }.count == 32)
    }

    @Test(
        "Policies that do nothing, and an order that misleads, are warnings",
        arguments: [
            (
                "[{id: a, kind: pii-detector}, {id: b, kind: pii-detector}]",
                "{a: {action: block}, b: {action: block}}",
                ["f:2:49: warning: 'b' is never reached: 'a' blocks all that it looks for, and ends the chain. [W008]"]
            ),
            (
                "[{id: a, kind: pii-detector}, {id: b, kind: pii-detector}]",
                "{a: {action: redact}, b: {action: block}}",
                ["f:2:20: warning: 'a' has no effect: 'b' blocks all that it would let go on. [W009]"]
            ),
            (
                "[{id: a, kind: pii-detector}, {id: b, kind: pii-detector}]", "{b: {entities: [EMAIL]}}",
                ["f:2:49: warning: 'b' finds nothing that 'a' has not found. [W010]"]
            ),
            ("[{id: a, kind: pii-detector}, {id: b, kind: pii-detector, mode: observe}]", "{}", []),
            ("[{id: a, kind: pii-detector, on: [request]}, {id: b, kind: pii-detector, on: [response]}]", "{}", []),
            (
                "[{id: a, kind: pii-detector}, {id: b, kind: pii-detector}]",
                "{a: {entities: [EMAIL]}, b: {entities: [IBAN]}}", []
            ),
            (
                "[dlp-filter]", "{dlp-filter: {detect_patterns: ['A[0-9]{9}', 'B[0-9]{9}', 'A[0-9]{9}']}}",
                [
                    "f:3:67: warning: 'policy.dlp-filter.detect_patterns.2' finds nothing new: its policy looks for that already. [W011]"
                ]
            ),
            (
                "[audit-logger, pii-detector]", "{}",
                ["f:2:20: warning: 'audit-logger' stands before policies whose verdicts it sees all the same. [W012]"]
            ),
            (
                "[{kind: pii-detector, mode: observe}, audit-logger]", "{}",
                ["f:2:20: warning: no policy of the chain can change what goes on: they only observe or flag. [W013]"]
            ),
            ("[{kind: pii-detector, mode: observe}, rbac]", "{}", []),
            ("[{kind: pii-detector, mode: observe}, flagged-review]", "{flagged-review: {mode: escalate}}", []),
            (
                "[{kind: pii-detector, mode: observe}, flagged-review]", "{flagged-review: {mode: audit_only}}",
                ["f:2:20: warning: no policy of the chain can change what goes on: they only observe or flag. [W013]"]
            ),
            ("[pii-detector, audit-logger]", "{}", []), ("[audit-logger]", "{}", []),
            (
                "[quality-scorer]",
                "{quality-scorer: {mock_scoring: true, assertions: [{type: llm-rubric, value: kind}]}}",
                ["f:2:20: warning: 'quality-scorer' asks no model: its scores are made up. [W015]"]
            ),
        ])
    func warnings(chain: String, settings: String, expected: [String]) {
        let yaml = document().replacing("[audit-logger]}", with: "\(chain)}\npolicy: \(settings)")

        #expect(remarks(yaml).filter { !$0.hasPrefix("  hint") } == expected)
    }

    @Test("A policy that another one makes useless has something to do where that does not judge")
    func selected() {
        let yaml = document().replacing(
            "[audit-logger]}", with: "[{id: all, kind: dlp-filter}, {id: few, kind: dlp-filter, mode: observe}]}"
        )
        let settings = "policy: {dlp-filter: {action: block, blocked_terms: [bluebird]}}\n"

        #expect(remarks(yaml + settings).contains { $0.contains("[W008]") })
        let few = remarks(yaml + settings + "routes: [{name: a, path: /, policies: [few]}]\n")
        #expect(!few.contains { $0.contains("[W008]") })
        #expect(remarks(yaml + settings + "routes: [{name: a, path: /, policies: [all]}]\n").count > 0)
    }

    @Test("Where no target promises enough, what is said of requests is true of selections")
    func noTarget() {
        let yaml = document().replacing(
            "[audit-logger]}",
            with: "[data-routing-policy, audit-logger]}\npolicy: {data-routing-policy: {require_no_training: true}}")
        let start = "f:2:20: warning: no target promises what the chain wants: every request"

        #expect(remarks(yaml).first == "\(start) will be blocked. [W014]")
        #expect(
            remarks(yaml + "\nroutes: [{name: a, path: /, policies: [audit-logger]}]\n")
                .contains("\(start) that the whole chain judges will be blocked. [W014]"))
    }

    @Test(
        "A route by headers that any caller may send is a warning where it leaves out an enforcing policy",
        arguments: [
            ("{name: a, path: /, headers: {x-b: c}, policies: [audit-logger]}", true),
            ("{name: a, path: /, headers: {x-b: c}, policies: [audit-logger]}, {name: b, path: /}", true),
            ("{name: a, path: /, headers: {x-b: c}, policies: [pii-detector]}", false),
            ("{name: a, path: /, headers: {x-b: c}}", false),
            ("{name: a, path: /, policies: [audit-logger]}", false),
            ("{name: a, path: /, headers: {x-b: c, X-User-Id: d}, policies: [audit-logger]}", false),
            (
                "{name: a, path: /, headers: {x-b: c}, policies: [audit-logger]}, {name: b, path: /, policies: [audit-logger]}",
                false
            ),
        ])
    func openRoute(routes: String, isWarned: Bool) {
        let chain = "[pii-detector, {id: seen, kind: dlp-filter, mode: observe}, audit-logger]}"
        let yaml = document("routes: [\(routes)]").replacing("[audit-logger]}\n", with: "\(chain)\n")

        let said = remarks(yaml).filter { $0.contains("[W018]") }

        #expect(
            said
                == (isWarned
                    ? [
                        "f:5:10: warning: any caller may take the route 'a' by its headers, and is not judged by 'pii-detector' there. [W018]"
                    ] : []))
    }

    @Test(
        "Groups and routes that leave out all that enforces are said to",
        arguments: [
            (
                "consumer_groups: [{name: g, key_ref: {env: K}, policies: [seen, audit-logger]}]", [58],
                "the callers of the consumer group 'g'"
            ),
            ("routes: [{name: r, path: /, policies: [audit-logger]}]", [39], "what takes the route 'r'"),
            ("routes: [{name: r, path: /, policies: [pii-detector]}]", [], ""),
            (
                "routes: [{name: r, path: /, policies: [pii-detector]}]\nconsumer_groups: [{name: g, key_ref: {env: K}, policies: [dlp]}]",
                [39],
                "what callers of the consumer group 'g' send on the route 'r', since only what both name does"
            ),
            (
                "routes: [{name: r, path: /, policies: [pii-detector]}]\nconsumer_groups: [{name: g, key_ref: {env: K}}]",
                [], ""
            ),
        ])
    func idle(sections: String, columns: [Int], whose: String) {
        let chain =
            "[pii-detector, {id: dlp, kind: dlp-filter}, {id: seen, kind: dlp-filter, mode: observe}, audit-logger]}"
        let yaml = document(sections).replacing("[audit-logger]}\n", with: "\(chain)\n")

        let said = remarks(yaml).filter { $0.contains("[W019]") }

        #expect(said == columns.map { "f:5:\($0): warning: no policy that enforces anything judges \(whose). [W019]" })
    }

    @Test("Every code is explained in the reference")
    func documented() throws {
        let page = try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/reference/lint.md"),
            encoding: .utf8)

        for code in LintCode.allCases { #expect(page.contains("| `\(code.rawValue)` |"), "\(code.rawValue)") }
        #expect(page.components(separatedBy: "\n| `").count - 1 == LintCode.allCases.count)
    }
}
