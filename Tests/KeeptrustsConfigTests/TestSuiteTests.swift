import KeeptrustsConfig
import KeeptrustsCore
import Testing

struct TestSuiteTests {
    private func suite(_ text: String, _ name: String = "t.yaml") throws -> TestSuite {
        try TestSuite(file: ConfigLayer(name: name, text: text))
    }

    /// What is wrong with a file of tests.
    private func problem(_ text: String, _ name: String = "t.yaml") -> String? {
        do {
            _ = try suite(text, name)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("A case reads the same from YAML and from JSON")
    func formats() throws {
        let yaml = """
            name: card is masked
            input:
              messages: [{role: user, content: "pay with 4111 1111 1111 1111\\n\\U0001F600"}]
              headers: {X-User-ID: u1}
              upstream_response: "done"
            expected: {verdict: redact, reason_code: pii_detector.redacted, flagged: false, lacks: ["4111"]}
            """
        let json = """
            {"name":"card is masked",
            \t"input":{"messages":[{"role":"user","content":"pay with 4111 1111 1111 1111\\n\\ud83d\\ude00"}],
             "headers":{"X-User-ID":"u1"}, "upstream_response":"done"},
             "expected":{"verdict":"redact","reason_code":"pii_detector.redacted","flagged":false,"lacks":["4111"]}}
            """

        for suite in [try suite(yaml), try suite(json, "t.json")] {
            let test = try #require(suite.cases.first)
            #expect(suite.cases.count == 1)
            #expect(test.name == "card is masked")
            #expect(
                test.input.request.canonicalJSON
                    == #"[{"content":"pay with 4111 1111 1111 1111\n😀","role":"user"}]"#)
            #expect(test.input.headers.map(\.name) == ["X-User-ID"])
            #expect(test.expected.verdict == .redact)
            #expect(test.expected.reasonCode == "pii_detector.redacted")
            #expect(test.expected.flagged == false)
            #expect(test.expected.lacks == ["4111"])
        }
    }

    @Test("A file may hold a list of cases, each with its place")
    func list() throws {
        let text = """
            [{"name":"a","input":{"request":{}},"expected":{"verdict":"allow"}},
             {"name":"b","input":{"request":{"x":[1,2.50,true,false,null,[],{}]}},"expected":{"verdict":"block"}}]
            """

        let cases = try suite(text, "t.json").cases

        #expect(cases.map(\.name) == ["a", "b"])
        #expect(cases.map(\.location.description) == ["t.json:1:2", "t.json:2:2"])
        #expect(cases[1].input.request.canonicalJSON == #"{"x":[1,2.5,true,false,null,[],{}]}"#)
    }

    @Test(
        "A mistake is named with its place",
        arguments: [
            ("name: a", "t.yaml:1:1: error: the document needs the key 'input'."),
            (
                "name: a\ninput: {messages: [{role: user}]}\nexpected: {verdict: blok}",
                "t.yaml:3:21: error: 'expected.verdict' is 'blok', not one of 'allow', 'redact', 'escalate', 'block'.\n  hint: did you mean 'block'?"
            ),
            (
                "name: a\ninput: {}\nexpected: {verdict: block}",
                "t.yaml:2:8: error: 'input' needs the key 'messages' or 'request'.\n  hint: write 'messages: [{role: user, content: …}]'"
            ),
            (
                "name: a\ninput: {messages: [], request: {}}\nexpected: {verdict: block}",
                "t.yaml:2:8: error: 'input' has both 'messages' and 'request'.\n  hint: keep one"
            ),
            (
                "name: a\ninput: {messages: []}\nexpected: {verdict: block}",
                "t.yaml:2:19: error: 'input.messages' must not be empty."
            ),
            (
                "name: a\ninput: {request: {}, team_slugs: [a]}\nexpected: {verdict: block}",
                "t.yaml:2:22: error: unknown key 'input.team_slugs'.\n  hint: 'team_slugs' is not in this version"
            ),
            (
                "name: a\ninput: {request: {}, headers: {\"a b\": c}}\nexpected: {verdict: block}",
                "t.yaml:2:32: error: 'input.headers.a b' is no header field of printable ASCII."
            ),
            (
                "name: a\ninput: {request: {}, headers: {a: \"c\\r\\nd: e\"}}\nexpected: {verdict: block}",
                "t.yaml:2:32: error: 'input.headers.a' is no header field of printable ASCII."
            ),
            (
                "name: a\ninput: {request: {}, upstream_response: [1]}\nexpected: {verdict: block}",
                "t.yaml:2:41: error: 'input.upstream_response' must be the text of an answer, or its whole body."
            ),
            ("[]", "t.yaml:1:1: error: the document must not be empty."),
            ("a: [", "t.yaml:1:5: error: did not find expected node content."),
        ]
    )
    func mistakes(text: String, expected: String) {
        #expect(problem(text)?.hasPrefix(String(expected.prefix(20))) == true)
        if !expected.contains("node content") { #expect(problem(text) == expected) }
    }

    @Test(
        "JSON that is none is refused with its place",
        arguments: [
            ("{\n \"a\": ", "t.json:2:7: error: this is not JSON as it is accepted: unexpected end."),
            ("{\"é\":1,\"é\":2}", "t.json:1:8: error: this is not JSON as it is accepted: duplicate key."),
            ("", "t.json:1:1: error: this is not JSON as it is accepted: unexpected end."),
        ]
    )
    func badJSON(text: String, expected: String) {
        #expect(problem(text, "t.json") == expected)
    }

    @Test("Bytes that are no text, and what is nested too deep, are refused")
    func hostile() {
        let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
        #expect(throws: ConfigError.self) { try suite(deep, "t.json") }
        #expect(throws: ConfigError.self) {
            try TestSuite(file: ConfigLayer(name: "t.json", bytes: [0x22, 0xFF, 0x22]))
        }
        #expect(throws: ConfigError.self) {
            try TestSuite(
                file: ConfigLayer(name: "t.json", bytes: Array(repeating: 0x20, count: ConfigLayer.maxBytes + 1)))
        }
    }

    @Test("A long line of JSON takes time in proportion to its length")
    func longLine() throws {
        let one = #"{"name":"a","input":{"request":{"é":"ü"}},"expected":{"verdict":"allow"}}"#
        let text = "[" + Array(repeating: one, count: 20_000).joined(separator: ",") + "]"

        let cases = try suite(text, "t.json").cases

        #expect(cases.count == 20_000)
        #expect(cases[1].location.column == 2 + one.count + 1)
    }

    @Test("A config holds suites, and their targets must be in the chain")
    func inline() throws {
        let testing = """
            testing:
              suites:
                - name: smoke
                  description: All is well
                  target: audit-logger
                  cases:
                    - {name: a, input: {messages: [{role: user, content: hi}]}, expected: {verdict: allow}}
            """

        let config = try PolicyConfig(yaml: document(testing), file: "f")

        #expect(config.testSuites.map(\.name) == ["smoke"])
        #expect(config.testSuites.first?.target == "audit-logger")
        #expect(
            problems(document(testing.replacing("target: audit-logger", with: "target: audit-loger"))) == [
                "9:15: error: the suite 'smoke' tests 'audit-loger', which is not in the chain.\n  hint: did you mean 'audit-logger'?"
            ])
    }

    @Test(
        "What a suite cannot do yet is refused",
        arguments: [
            (
                "testing: {default_threshold: 0.5, suites: []}",
                "5:11: error: unknown key 'testing.default_threshold'.\n  hint: 'default_threshold' is not in this version"
            ),
            (
                "testing: {plugins: [], suites: []}",
                "5:11: error: unknown key 'testing.plugins'.\n  hint: 'plugins' is not in this version"
            ),
            (
                "testing: {strategies: [], suites: []}",
                "5:11: error: unknown key 'testing.strategies'.\n  hint: 'strategies' is not in this version"
            ),
            ("testing: {}", "5:10: error: 'testing' needs the key 'suites'."),
            (
                "testing: {suites: [{name: a, cases: []}]}",
                "5:37: error: 'testing.suites.0.cases' must not be empty."
            ),
            (
                "testing: {suites: [{name: a, cases: [], assertions: []}]}",
                "5:41: error: unknown key 'testing.suites.0.assertions'.\n  hint: say 'expected' of a case; 'assertions' is not in this version"
            ),
        ]
    )
    func refused(section: String, expected: String) {
        #expect(problems(document(section)).contains(expected))
    }
}
