import Foundation
import KeeptrustsExchange
import NIOCore
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
            (#"{"name":"find","arguments":{}}"#, nil), (#"{"name":"find","arguments":{"q":1}}"#, "invalid_arguments"),
            (#"{"arguments":{"q":1},"name":"find"}"#, "invalid_arguments"),
            (#"{"name":"find","arguments":[{"q":1}]}"#, "invalid_arguments"),
            (#"{"name":"find","arguments":7}"#, "invalid_arguments"),
            (#"{"name":"find","arguments":1234567890}"#, "invalid_arguments"),
            (#"{"arguments":"{}"}"#, "malformed_call"), (#"{"name":"","arguments":"{}"}"#, "malformed_call"),
            (#"{"name":null}"#, "malformed_call"), ("{}", "malformed_call"),
            (#"[{"name":"find","arguments":"{}"}]"#, "malformed_call"), (#""find""#, "malformed_call"),
        ] as [(String, String?)])
    func answers(function: String, cause: String?) throws {
        let play = try Self.play("{schemas: {find: {type: object, additionalProperties: false}}}")
        try play.chat(Self.ask())

        let actions = play.answer(
            #"{"choices":[{"message":{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":\#(function)}]}}]}"#
        )

        #expect(actions.record?["reason_code"] as? String == cause.map { "tool_validation.\($0)" })
        #expect(actions.record?["status"] as? Int == (cause == nil ? 200 : 409))
    }

    /// Calls in forms of which others take some; nil for one that is read, and of a tool that may be called.
    static let forms: [(String, String?)] = [
        (#""tool_calls":{"id":"a","function":{"name":"find","arguments":"{}"}}"#, "malformed_call"),
        (#""tool_calls":[[{"id":"a","function":{"name":"find","arguments":"{}"}}]]"#, "malformed_call"),
        (#""tool_calls":["find"]"#, "malformed_call"),
        (#""tool_calls":[{"id":"a","type":"other","other":{"name":"send"}}]"#, "malformed_call"),
        (#""content":[{"type":"tool_use","id":"a","name":"send","input":{"q":1}}]"#, "malformed_call"),
        (#""tool_calls":[{"id":"a","function":{"name":"send","arguments":"{}"},"name":"find"}]"#, "malformed_call"),
        (#""tool_calls":[{"id":"a","type":"function","name":"send","arguments":"{}"}]"#, "undeclared"),
        (#""tool_calls":[{"id":"a","type":"mcp","mcp":{"name":"send","arguments":"{}"}}]"#, "undeclared"),
        (#""tool_calls":[{"id":"a","type":"function","name":"find","arguments":{}}]"#, nil),
        (
            #""tool_calls":[{"id":"a","function":{"name":"find","arguments":{"q":1}},"arguments":"{}"}]"#,
            "invalid_arguments"
        ),
        (#""function_call":{"name":"find","arguments":{"q":1}}"#, "invalid_arguments"),
        (#""function_call":{"name":"find","arguments":{}}"#, nil), (#""tool_calls":[],"function_call":null"#, nil),
        (#""tool_calls":null"#, nil),
    ]

    @Test("A call in no form that is known passes nowhere", arguments: forms)
    func oddCalls(member: String, cause: String?) throws {
        let settings = "{declared_tools: [find], schemas: {find: {additionalProperties: false}}}"
        let code = cause.map { "tool_validation.\($0)" }

        let whole = try Self.play(settings)
        try whole.chat(Self.ask())
        let actions = whole.answer(#"{"choices":[{"message":{"role":"assistant",\#(member)}}]}"#)
        #expect(actions.record?["reason_code"] as? String == code)

        let stream = try Self.play(settings)
        try stream.chat(Self.ask(stream: true))
        stream.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))
        let events = [(member, "null"), (#""content":"""#, #""stop""#)].map { delta, finish in
            #"data: {"id":"c","choices":[{"index":0,"delta":{\#(delta)},"finish_reason":\#(finish)}]}"# + "\n\n"
        }
        let end = stream.tell(.upstreamBody(ByteBuffer(string: events.joined() + "data: [DONE]\n\n")))
        #expect(end.record?["reason_code"] as? String == code)

        let history = try Self.play(settings)
        let body =
            #"{"model":"gpt-4o","messages":[{"role":"user","content":"x"},{\#(member),"role":"assistant"},{"role":"user","content":"y"}]}"#
        let request = try history.chat(body)
        #expect(request.record?["error_code"] as? String == code)
        #expect((request.call == nil) == (cause != nil))
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
