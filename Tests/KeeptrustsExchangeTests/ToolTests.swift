import Foundation
import KeeptrustsExchange
import Testing

@Suite("Calls of tools in an exchange")
struct ToolTests {
    /// A gateway whose only policy is `tool-validation`.
    static func play(_ settings: String = "{}") throws -> Play {
        try Play(
            """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: [tool-validation]}
            policy: {tool-validation: \(settings)}
            consumer_groups:
              - {name: tests, key_ref: {env: KEY}}
            providers:
              targets:
                - {id: first, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1"}
            """)
    }

    static func ask(stream: Bool = false) -> String {
        #"{"model":"gpt-4o","stream":\#(stream),"messages":[{"role":"user","content":"ping"}],"#
            + #""tools":[{"type":"function","function":{"name":"find","parameters":{}}}]}"#
    }

    @Test(
        "An answer may call what its request declares",
        arguments: [
            (#"{"name":"find","arguments":"{}"}"#, nil), (#"{"name":"send","arguments":"{}"}"#, "undeclared"),
            (#"{"name":"send"}"#, "undeclared"), (#"{"arguments":"","name":"send"}"#, "undeclared"),
            (#"{"name":"find","arguments":"{\"q\":1}"}"#, "invalid_arguments"),
        ] as [(String, String?)])
    func answers(function: String, cause: String?) throws {
        let play = try Self.play("{schemas: {find: {additionalProperties: false}}}")
        try play.chat(Self.ask())

        let actions = play.answer(
            #"{"choices":[{"message":{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":\#(function)}]}}]}"#
        )

        #expect(actions.record?["reason_code"] as? String == cause.map { "tool_validation.\($0)" })
        #expect(actions.record?["status"] as? Int == (cause == nil ? 200 : 409))
    }

    @Test("A call in a request's history is judged before the request goes on")
    func requests() throws {
        let play = try Self.play("{declared_tools: [find]}")
        let body =
            #"{"model":"gpt-4o","messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"send"}}]}]}"#

        let actions = try play.chat(body)

        #expect(actions.call == nil)
        #expect(actions.record?["error_code"] as? String == "tool_validation.undeclared")
    }
}
