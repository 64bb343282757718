import Foundation
import KeeptrustsConfig
import KeeptrustsExchange
import Testing

struct TestRunTests {
    /// Plays cases against a chain of `pii-detector`, `dlp-filter` that blocks a term, and `audit-logger`.
    private func run(_ cases: String, suite: String = "", more: String = "") throws -> TestRun {
        let config = try TestChain.config(
            "[pii-detector, dlp-filter, {id: trial, kind: pii-detector, mode: observe}, audit-logger]",
            "{dlp-filter: {action: block, blocked_terms: [bluebird]}, trial: {action: block, entities: [IBAN]}}",
            """
            \(more)
            testing: {suites: [{name: s, \(suite)cases: [\(cases)]}]}
            """)
        return try TestRun(config.testSuites, of: config, cacheDirectory: TestPatterns.directory)
    }

    private func test(_ text: String, _ expected: String, _ more: String = "") -> String {
        #"{name: t, input: {messages: [{role: user, content: "\#(text)"}]\#(more)}, expected: {\#(expected)}}"#
    }

    /// What is not as expected, of each case.
    private func failures(_ cases: String, suite: String = "", more: String = "") throws -> [String] {
        let text = try run(cases, suite: suite, more: more).summary
        return text.split(separator: "\n").filter { $0.hasPrefix("      ") }.map { String($0.dropFirst(6)) }
    }

    @Test(
        "What is as expected passes",
        arguments: [
            ("hello", "verdict: allow, flagged: false, categories: [], contains: [hello]", ""),
            (
                "I am jane@example.com",
                "verdict: redact, reason_code: pii_detector.redacted, policy: pii-detector, categories: [EMAIL], contains: ['I am [EMAIL_REDACTED]'], lacks: [jane]",
                ""
            ),
            ("say \\\"bluebird\\\"", "verdict: block, policy: dlp-filter, lacks: [bluebird]", ""),
            ("IBAN DE89 3704 0044 0532 0130 00", "verdict: redact, flagged: true", ""),
            (
                "hello", "verdict: redact, contains: ['write to [EMAIL_REDACTED] now'], lacks: [bob, hello]",
                ", upstream_response: 'write to bob@example.com now'"
            ),
            ("hello", "verdict: block, lacks: [bluebird]", ", upstream_response: 'the bluebird flies'"),
            (
                "hello", "verdict: allow, contains: [hi there]",
                ", headers: {X-User-ID: u1, X-Forwarded-For: 10.0.0.1}, upstream_response: 'hi there'"
            ),
        ])
    func passes(text: String, expected: String, more: String) throws {
        #expect(try failures(test(text, expected, more)) == [])
    }

    @Test(
        "What is not as expected is named",
        arguments: [
            (
                "jane@example.com", "verdict: allow",
                ["expected the verdict 'allow', got 'redact (pii_detector.redacted)'"]
            ),
            (
                "hello", "verdict: block, policy: dlp-filter",
                ["expected the verdict 'block', got 'allow'", "expected the policy 'dlp-filter', got 'none'"]
            ),
            (
                "jane@example.com", "verdict: redact, reason_code: x.y",
                ["expected the reason_code 'x.y', got 'pii_detector.redacted'"]
            ),
            (
                "jane@example.com", "verdict: redact, categories: [PHONE]",
                ["expected the categories 'PHONE', got 'EMAIL'"]
            ),
            ("hello", "verdict: allow, flagged: true", ["expected the flagged 'true', got 'false'"]),
            (
                "hello", "verdict: allow, contains: [bye], lacks: [hell]",
                ["what goes on does not hold 'bye'", "what goes on holds 'hell'"]
            ),
        ])
    func fails(text: String, expected: String, failures: [String]) throws {
        #expect(try self.failures(test(text, expected)) == failures)
        #expect(try !run(test(text, expected)).isGood)
    }

    @Test("A suite with a target looks at that policy only")
    func target() throws {
        let iban = test(
            "IBAN DE89 3704 0044 0532 0130 00", "verdict: block, reason_code: pii_detector.detected, categories: [IBAN]"
        )

        #expect(try failures(iban, suite: "target: trial, ") == [])
        #expect(try failures(test("jane@example.com", "verdict: allow"), suite: "target: trial, ") == [])
        #expect(try failures(test("jane@example.com", "verdict: redact"), suite: "target: pii-detector, ") == [])
        #expect(
            try failures(test("bluebird", "verdict: allow, contains: [blue, bird]"), suite: "target: pii-detector, ")
                == ["nothing goes on, since 'dlp-filter' blocks it"])
    }

    @Test("Nothing that a test says acts on a terminal")
    func terminal() throws {
        let text = try run(
            #"{name: "c\u202e", input: {messages: [{role: user, content: hi}]}, expected: {verdict: block, contains: ["zz\e[31m"], reason_code: "q\e[31m", policy: "p\e"}}"#
        ).summary

        #expect(text.contains("FAIL  c\u{FFFD} (") && text.contains("'q\u{FFFD}[31m'"))
        #expect(!text.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
    }

    @Test("A whole request may be given, and is streamed when it says so")
    func stream() throws {
        let request = "{stream: true, messages: [{role: user, content: hi}]}"
        let answer = "write to bob@example.com, or to bluebird"
        let expected = "{verdict: redact, contains: ['write to [EMAIL_REDACTED], or'], lacks: [bob]}"

        #expect(
            try failures(
                "{name: a, input: {request: \(request), upstream_response: '\(answer.dropLast(10))ute'}, expected: \(expected)}"
            ) == [])
        #expect(
            try failures(
                "{name: a, input: {request: \(request), upstream_response: '\(answer)'}, expected: {verdict: block, lacks: [bob, bluebird], contains: ['write to [EMAIL_REDACTED], or to ']}}"
            ) == [])
    }

    @Test(
        "What a gateway would not serve is a failure of the test, whatever it expects",
        arguments: [
            (
                "{request: {model: gpt-none, messages: [{role: user, content: hi}]}}",
                "the gateway does not serve this: 404 (model_not_found)"
            ),
            ("{request: {messages: hi}}", "the gateway does not serve this: 400 (request.wrong_type)"),
            (
                "{messages: [{role: user, content: hi}], headers: {Authorization: Bearer nobody}}",
                "the request cannot be read, or its key is not accepted"
            ),
            (
                "{messages: [{role: user, content: hi}], upstream_response: {a: 1}}",
                "the gateway does not serve this: 502 (upstream_malformed)"
            ),
            (
                "{request: {stream: true, messages: [{role: user, content: hi}]}, upstream_response: {a: 1}}",
                "the gateway does not serve this: 502 (upstream_malformed)"
            ),
        ])
    func unserved(input: String, failure: String) throws {
        let found = try failures("{name: a, input: \(input), expected: {verdict: block}}")

        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(String(failure.prefix(38))) == true, "\(found)")
    }

    @Test("A test may come with the key of a consumer group, which is the name of its variable")
    func group() throws {
        let more = "consumer_groups: [{name: few, key_ref: {env: FEW_KEY}, allowed_models: [other]}]"
        let headers = ", headers: {Authorization: Bearer FEW_KEY}"

        let found = try failures(test("hello", "verdict: allow", headers), more: more)

        #expect(found == ["the gateway does not serve this: 403 (model_not_allowed)"])
    }

    @Test("The summary counts, and says what no case reaches")
    func coverage() throws {
        let run = try run(test("hello", "verdict: allow") + ", " + test("jane@example.com", "verdict: block"))

        #expect(
            run.summary.split(separator: "\n").suffix(3).joined(separator: "\n") == """
                1 of 2 passed
                policies: 2 of 4 covered; no case makes these act: dlp-filter, trial
                reason codes: 1 of 3 seen; never seen: dlp-filter: dlp_filter.detected, trial: pii_detector.detected
                """)
    }

    @Test(
        "A policy whose service nobody asks is not covered",
        arguments: [
            ("external-moderation", "{endpoint: 'http://127.0.0.1:9'}"),
            (
                "quality-scorer",
                "{providers: [{id: j, model: m, endpoint: 'http://127.0.0.1:9'}], assertions: [{type: llm-rubric, value: good}]}"
            ),
        ])
    func unasked(kind: String, settings: String) throws {
        let input = test("hello", "verdict: allow", ", upstream_response: 'A quiet day.'")
        let config = try TestChain.config(
            "[{id: outside, kind: \(kind)}]", "{outside: \(settings)}",
            "testing: {suites: [{name: s, cases: [\(input)]}]}")
        let run = try TestRun(config.testSuites, of: config, cacheDirectory: TestPatterns.directory)

        #expect(run.summary.contains("policies: 0 of 1 covered; no case makes these act: outside"))
    }

    @Test("Programs read results and coverage")
    func json() throws {
        let run = try run(test("jane@example.com", "verdict: redact"))

        let json = try #require(try JSONSerialization.jsonObject(with: Data(run.json.utf8)) as? [String: Any])
        let result = try #require((json["results"] as? [[String: Any]])?.first)
        let coverage = try #require((json["coverage"] as? [String: Any])?["policies"] as? [[String: Any]])
        #expect(json["ok"] as? Bool == true)
        #expect(result["verdict"] as? String == "redact")
        #expect(result["reason_code"] as? String == "pii_detector.redacted")
        #expect(result["passed"] as? Bool == true)
        #expect(((result["details"] as? [String: Any])?["policy_results"] as? [[String: Any]])?.count == 4)
        #expect(coverage.first?["covered"] as? Bool == true)
        #expect(coverage.first?["reason_codes"] as? [String] == ["pii_detector.redacted"])
    }

    @Test("JUnit's form holds every case, and no character that XML forbids")
    func junit() throws {
        let cases =
            #"{name: "a <&> \"b\"", input: {messages: [{role: user, content: hi}]}, expected: {verdict: block}}, "#

        let run = try run(cases + test("hello", "verdict: allow"))

        #expect(
            run.junit == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites name="kt policy test" tests="2" failures="1">
                  <testsuite name="s" tests="2" failures="1">
                    <testcase classname="s" name="a &lt;&amp;&gt; &quot;b&quot;"><failure message="expected the verdict 'block', got 'allow'">test.yaml:6:38</failure></testcase>
                    <testcase classname="s" name="t"/>
                  </testsuite>
                </testsuites>

                """)
    }

    @Test("No cases are no success")
    func none() throws {
        let config = try TestChain.config("[audit-logger]")

        #expect(try !TestRun([], of: config, cacheDirectory: TestPatterns.directory).isGood)
    }
}
