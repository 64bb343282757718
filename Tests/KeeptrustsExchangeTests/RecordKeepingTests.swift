import Foundation
import KeeptrustsConfig
import KeeptrustsExchange
import NIOCore
import Testing

@Suite("What a record says by the settings of audit-logger")
struct RecordKeepingTests {
    private static func yaml(_ settings: String, chain: String = "[pii-detector, audit-logger]") -> String {
        """
        pack: {name: play, version: 1.2.3, enabled: true}
        policies: {chain: \(chain)}
        policy: {audit-logger: \(settings)}
        consumer_groups:
          - {name: tests, key_ref: {env: KEY}, may_assert_identity: true}
        providers:
          retry: {max_attempts: 1}
          targets:
            - {id: first, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1", pricing: {input: 2, output: 10, currency: USD}}
        """
    }

    /// The record of an exchange of a known user.
    private static func record(
        _ settings: String, chain: String = "[pii-detector, audit-logger]", answer: String = "pong", status: Int = 200
    ) throws -> [String: Any] {
        let play = try Play(yaml(settings, chain: chain))
        try play.head(
            "POST /v1/chat/completions", ["authorization: Bearer \(Play.key)", "x-user-id: ada", "x-team-id: red"],
            length: ChatTests.ping.utf8.count)
        play.tell(.body(ByteBuffer(string: ChatTests.ping)))
        let body = ChatTests.pong.replacing("pong to jane@example.com", with: answer)
        return try #require(play.answer(status: status, body).record)
    }

    @Test(
        "It says how long it is kept, and how long nobody may change it",
        arguments: [
            ("{}", nil, 365), ("{retention_days: 30}", 30, 30), ("{retention_days: 30, immutable: false}", 30, nil),
            ("{immutable: false}", nil, nil), ("{hipaa_audit_controls: true}", nil, 2_192),
        ] as [(String, Int?, Int?)])
    func days(settings: String, retention: Int?, guarded: Int?) throws {
        let record = try Self.record(settings)

        #expect(record["retention_days"] as? Int == retention)
        #expect(record["immutable_days"] as? Int == guarded)
    }

    @Test("Without the kind it says nothing of that; a refused exchange does")
    func others() throws {
        let without = try Self.record("{retention_days: 30}", chain: "[pii-detector]")
        let refused = try Play(Self.yaml("{retention_days: 30}")).chat(#"{"model":"none","messages":[]}"#)

        #expect(without["retention_days"] == nil && without["immutable_days"] == nil)
        #expect(refused.record?["outcome"] as? String == "refused")
        #expect(refused.record?["retention_days"] as? Int == 30)
    }

    @Test("It says for whom an escalated answer waits, and until when", arguments: [true, false])
    func escalation(hasAssignee: Bool) throws {
        let assignee = hasAssignee ? ", default_assignee: 'care \"team\"'" : ""
        let play = try Play(
            """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: [human-oversight]}
            policy: {human-oversight: {require_human_for: ["*"], timeout_seconds: 3600\(assignee)}}
            consumer_groups: [{name: tests, key_ref: {env: KEY}}]
            providers: {targets: [{id: first, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1"}]}
            """)
        try play.chat(ChatTests.ping)

        let record = try #require(play.answer(ChatTests.pong).record)

        let escalation = try #require(record["escalation"] as? [String: Any])
        #expect(record["verdict"] as? String == "escalate")
        #expect(escalation["expires_at"] as? String == "2023-11-14T23:13:20.000000Z")
        #expect(escalation["on_timeout"] as? String == "block")
        #expect(escalation["assignee"] as? String == (hasAssignee ? "care \"team\"" : nil))
        let end = try #require(play.tell(.recorded(true)).end?.text)
        #expect(end.hasPrefix("HTTP/1.1 409 ") && end.contains(#""type":"escalation_required""#))
        #expect(!end.contains("care"))
    }

    @Test("An exchange in which nothing happened is recorded shortly where that is wanted, with all that accounts need")
    func short() throws {
        let (full, short) = (try Self.record("{}"), try Self.record("{log_all_access: false}"))

        #expect((full["policies"] as? [Any])?.count == 4)
        #expect(full["user_id"] as? String == "ada")
        for key in ["policies", "findings", "attempts"] { #expect((short[key] as? [Any])?.isEmpty == true) }
        #expect(short["user_id"] == nil)
        #expect(Set((short["timings"] as? [String: Any] ?? [:]).keys) == ["total_us", "policy_us"])
        let left = Set(full.keys).subtracting(short.keys)
        #expect(left == ["user_id"])
        for key in ["key_id", "team_id", "consumer_group", "model", "target", "verdict", "outcome", "status"] {
            #expect("\(short[key] ?? "none")" == "\(full[key] ?? "missing")", "\(key)")
        }
        #expect((short["usage"] as? [String: Any])?["input_tokens"] as? Int == 1_000)
        #expect((short["cost"] as? [String: Any])?["micros"] as? Int == 4_000)
    }

    @Test(
        "An exchange in which something happened is recorded in full",
        arguments: [
            ("[pii-detector, audit-logger]", "jane@example.com", 200, "redact"),
            ("[{kind: pii-detector, mode: observe}, audit-logger]", "jane@example.com", 200, "allow"),
            ("[pii-detector, audit-logger]", "pong", 500, "allow"),
            ("[cjis-mode, audit-logger]", "pong", 200, "allow"),
        ])
    func eventful(chain: String, answer: String, status: Int, verdict: String) throws {
        let record = try Self.record("{log_all_access: false}", chain: chain, answer: answer, status: status)

        #expect(record["verdict"] as? String == verdict)
        #expect(record["user_id"] as? String == "ada")
        #expect((record["policies"] as? [Any])?.isEmpty == false)
    }

    @Test("Who comes without a key is blocked where every record must name who asked")
    func anonymous() throws {
        func code(_ settings: String) throws -> String? {
            let play = try Play(Self.yaml(settings), allowsAnonymous: true)
            try play.head("POST /v1/chat/completions", [], length: ChatTests.ping.utf8.count)
            return play.tell(.body(ByteBuffer(string: ChatTests.ping))).record?["error_code"] as? String
        }

        #expect(try code("{hipaa_audit_controls: true}") == "audit_logger.no_identity")
        #expect(try code("{}") == nil)
    }

    @Test("A test run shows what each policy said, whatever is recorded")
    func rehearsal() throws {
        let config = try TestChain.config(
            "[pii-detector, audit-logger]", "{audit-logger: {log_all_access: false}}",
            "testing: {suites: [{name: s, cases: [{name: t, input: {messages: [{role: user, content: hi}]}, expected: {verdict: allow}}]}]}"
        )

        let run = try TestRun(config.testSuites, of: config, cacheDirectory: TestPatterns.directory)

        #expect(run.summary.contains("no case makes these act: pii-detector\n"))
    }
}
