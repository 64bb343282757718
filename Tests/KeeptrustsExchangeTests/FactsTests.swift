import Foundation
import KeeptrustsExchange
import NIOCore
import Testing

@Suite("What policies may believe of a caller")
struct FactsTests {
    /// Two keys: one that may say for whom it asks, and one that may not.
    private static func play(_ policy: String, _ settings: String, trusted: Bool) throws -> Play {
        try Play(
            """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: [\(policy)]}
            policy: {\(policy): \(settings)}
            consumer_groups:
              - {name: tests, key_ref: {env: KEY}, may_assert_identity: \(trusted)}
            providers:
              targets:
                - {id: first, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1"}
            """, allowsAnonymous: true)
    }

    private static func code(_ play: Play, _ fields: [String], _ body: String = ChatTests.ping) throws -> String? {
        try play.head("POST /v1/chat/completions", fields, length: body.utf8.count)
        return play.tell(.body(ByteBuffer(string: body))).record?["error_code"] as? String
    }

    private static let key = "authorization: Bearer \(Play.key)"

    @Test(
        "Headers of identity count only from a key that may assert them, and only once",
        arguments: [
            (true, ["X-User-Id: ada"], nil), (false, ["X-User-Id: ada"], "rbac.missing_header"),
            (true, [], "rbac.missing_header"),
        ] as [(Bool, [String], String?)])
    func users(trusted: Bool, fields: [String], code: String?) throws {
        let play = try Self.play("rbac", "{}", trusted: trusted)

        #expect(try Self.code(play, [Self.key] + fields) == code)
    }

    @Test(
        "A role counts only from a key that may assert it",
        arguments: [
            (true, ["x-user-role: analyst"], nil), (false, ["x-user-role: analyst"], "rbac.too_sensitive"),
            (true, ["X-USER-ROLE: analyst", "x-user-role: intern"], "rbac.too_sensitive"),
            (true, ["x-user-role: intern"], "rbac.too_sensitive"),
        ] as [(Bool, [String], String?)])
    func roles(trusted: Bool, fields: [String], code: String?) throws {
        let settings = "{deny_if_missing: [], data_access: {analyst: {max_sensitivity: restricted}}}"
        let play = try Self.play("rbac", settings, trusted: trusted)

        #expect(try Self.code(play, [Self.key, "x-data-sensitivity: confidential"] + fields) == code)
    }

    @Test(
        "The files of a request are known to the policy that asks for them",
        arguments: [
            ("data:image/png;base64,iVBORw0KGgo=", nil),
            ("data:image/png;base64,UEsDBBQAAAAA", "document_analyzer.type_not_allowed"),
        ] as [(String, String?)])
    func documents(url: String, code: String?) throws {
        let play = try Self.play("document-analyzer", "{allowed_mime_types: [image/png]}", trusted: false)
        let body = """
            {"model":"gpt-4o","messages":[{"role":"user","content":[
            {"type":"image_url","image_url":{"url":"\(url)"}}]}]}
            """

        #expect(try Self.code(play, [Self.key], body) == code)
    }

    @Test("A token of consent lets personal data pass")
    func consent() throws {
        let body = #"{"model":"gpt-4o","messages":[{"role":"user","content":"I am ada@mail.example"}]}"#
        let play = try Self.play("gdpr-compliance", "{}", trusted: false)
        let other = try Self.play("gdpr-compliance", "{}", trusted: false)

        #expect(try Self.code(play, [Self.key], body) == "gdpr_compliance.no_consent")
        #expect(try Self.code(other, [Self.key, "X-Consent-Token: c-17"], body) == nil)
    }

    @Test("A caller without a key is nobody")
    func anonymous() throws {
        let play = try Self.play("cjis-mode", "{}", trusted: true)

        #expect(try Self.code(play, ["x-user-id: ada"]) == "cjis_mode.unauthenticated")
    }

    @Test("An access stands in the record with the user's name")
    func record() throws {
        let play = try Self.play("cjis-mode", "{}", trusted: true)
        try play.head(
            "POST /v1/chat/completions", [Self.key, "x-user-id: ada"], length: ChatTests.ping.utf8.count)
        play.tell(.body(ByteBuffer(string: ChatTests.ping)))

        let record = try #require(play.answer(ChatTests.pong).record)

        #expect(record["user_id"] as? String == "ada")
        let policies = try #require(record["policies"] as? [[String: Any]])
        #expect(policies.map { $0["reason_code"] as? String } == ["cjis_mode.access_logged", nil])
        #expect(policies.map { $0["skipped"] as? Bool } == [nil, true])
        #expect(record["flagged"] as? Bool == false)
    }

    @Test("What policies remember outlives an exchange and a reload")
    func memory() throws {
        let play = try Self.play("bot-detector", "{max_requests_per_window: 2, action: block}", trusted: true)
        var codes: [String?] = []
        for _ in 0..<3 {
            play.begin()
            codes.append(try Self.code(play, [Self.key]))
            play.around.current = LoopSnapshot(play.around.current.snapshot)
        }

        #expect(codes == [nil, nil, "bot_detector.detected"])
        play.now += .seconds(121)
        play.begin()
        #expect(try Self.code(play, [Self.key]) == nil)
    }

    @Test("The price of the target that answers is known to policies", arguments: [nil, "USD", "EUR"])
    func price(currency: String?) throws {
        let pricing = currency.map { ", pricing: {input: 2, output: 10, currency: \($0)}" } ?? ""
        let play = try Play(
            """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: [tool-budget]}
            policy: {tool-budget: {budgets: {find: {max_cost_usd: 1}}}}
            providers:
              targets:
                - {id: first, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1"\(pricing)}
            """, allowsAnonymous: true)
        try play.head("POST /v1/chat/completions", [], length: ChatTests.ping.utf8.count)
        play.tell(.body(ByteBuffer(string: ChatTests.ping)))

        let record = try #require(
            play.answer(
                #"{"id":"c","model":"gpt-4o","choices":[{"index":0,"finish_reason":"tool_calls","message":"#
                    + #"{"role":"assistant","tool_calls":[{"id":"t","type":"function","function":"#
                    + #"{"name":"find","arguments":"{}"}}]}}]}"#
            ).record)

        #expect(record["error_code"] as? String == (currency == "USD" ? nil : "tool_budget.failed"))
    }
}
