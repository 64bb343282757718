import KeeptrustsExchange
import KeeptrustsPolicy
import NIOCore
import Testing

@Suite("A model that judges flagged answers")
struct JudgeTests {
    private static func yaml(_ more: String = "") -> String {
        """
        pack: {name: play, version: 1.2.3, enabled: true}
        policies: {chain: [{kind: pii-detector, mode: observe, on: [response]}, flagged-review]}
        policy:
          flagged-review:
            mode: judge
            provider: {model: judge-1, endpoint: "https://judge.example/v1", secret_key_ref: {env: SECRET}}
            \(more)
        consumer_groups:
          - {name: tests, key_ref: {env: KEY}}
        providers:
          retry: {max_attempts: 1}
          targets:
            - {id: first, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1"}
        """
    }

    private static let ask = #"{"model":"gpt-4o","messages":[{"role":"user","content":"Whom do I write to?"}]}"#
    private static let answer =
        #"{"id":"c1","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"Write to jane@example.com."},"finish_reason":"stop"}]}"#

    /// What comes of a flagged answer to a request with some headers.
    private static func actions(_ play: Play, _ fields: [String] = []) throws -> [Exchange.Action] {
        try play.head(
            "POST /v1/chat/completions", ["authorization: Bearer \(Play.key)"] + fields, length: ask.utf8.count)
        play.tell(.body(ByteBuffer(string: ask)))
        return play.answer(answer)
    }

    private static func says(_ verdict: String, model: String = "judge-1") -> ServiceReply {
        let text =
            #"{"model":"\#(model)","choices":[{"message":{"content":"{\"verdict\":\"\#(verdict)\",\"rationale\":\"privacy\"}"}}]}"#
        return .answer(ServiceAnswer(body: ByteBuffer(string: text)))
    }

    @Test("Its question is marked, one deeper than the request that it comes from")
    func marked() throws {
        let first = try #require(try Self.actions(try Play(Self.yaml())).checks.first)
        let again = try Play(Self.yaml("recursion_depth_max: 1"))
        let second = try #require(try Self.actions(again, ["X-Keeptrusts-Judge-Depth: 1"]).checks.first)

        #expect(String(buffer: first.bytes).contains("\r\nx-keeptrusts-judge-depth: 1\r\n"))
        #expect(String(buffer: second.bytes).contains("\r\nx-keeptrusts-judge-depth: 2\r\n"))
        #expect(first.endpoint.host == "judge.example" && first.timeout == .seconds(5))
    }

    @Test("A request that is too deep asks nobody, and its flagged answer does not go out")
    func tooDeep() throws {
        let play = try Play(Self.yaml())

        let actions = try Self.actions(play, ["X-Keeptrusts-Judge-Depth: 1"])

        #expect(actions.checks.isEmpty)
        #expect(actions.record?["reason_code"] as? String == "flagged_review.too_deep")
        #expect(actions.record?["status"] as? Int == 409)
    }

    @Test(
        "The verdict decides, and the model that has written the answer has none",
        arguments: [
            (says("allow"), 200, nil), (says("block"), 409, "flagged_review.blocked"),
            (says("allow", model: "gpt-4o"), 409, "flagged_review.not_isolated"),
            (.failed(.timeout), 503, "flagged_review.service_timeout"),
        ] as [(ServiceReply, Int, String?)])
    func verdicts(reply: ServiceReply, status: Int, code: String?) throws {
        let play = try Play(Self.yaml())
        let number = try #require(try Self.actions(play).checks.first).number

        let record = try #require(play.tell(.checked(number, reply)).record)

        #expect(record["status"] as? Int == status)
        #expect(record["reason_code"] as? String == code)
    }
}
