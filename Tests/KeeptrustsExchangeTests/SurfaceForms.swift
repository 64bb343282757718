import Foundation
import KeeptrustsDialects
import KeeptrustsExchange
import NIOCore
import Testing

/// How the bodies of one surface are written, before one kind of provider: where callers and models put texts.
///
/// The tests that go through ``SurfaceForm/all`` hold for every surface; a new one joins them by a row.
struct SurfaceForm: CustomTestStringConvertible, Sendable {
    /// A document with a text at one place; the text is the inside of a JSON string.
    struct Place: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var write: @Sendable (String) -> String

        init(_ name: String, _ write: @escaping @Sendable (String) -> String) {
            testDescription = name
            self.write = write
        }
    }

    /// The events of an answer that says the pieces of one text at one place.
    struct StreamedPlace: CustomTestStringConvertible, Sendable {
        var testDescription: String

        /// Where the caller finds the text: a path of ``Texts``.
        var path: String
        var write: @Sendable ([String]) -> String

        init(_ name: String, _ path: String, _ write: @escaping @Sendable ([String]) -> String) {
            testDescription = name
            self.path = path
            self.write = write
        }
    }

    var testDescription: String
    var surface: Surface

    /// The kind of provider that is asked.
    var provider: String
    var requests: [Place]
    var answers: [Place]
    var streams: [StreamedPlace]

    /// A request that asks for nothing in particular.
    var ask: @Sendable (_ isStreamed: Bool) -> String

    /// Where the caller finds the text of ``answers``' first place.
    var answerPath: String

    /// A member of an answer, and one of a streamed event, that must not be there twice.
    var answerMember: String
    var eventMember: String

    static let all = [chat, chatOfAnthropic]

    /// A gateway of one model, which the provider of the form serves.
    func play(chain: String, policy: String = "") throws -> Play {
        try Play(
            """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: [\(chain)]}
            policy: {\(policy)}
            consumer_groups:
              - {name: tests, key_ref: {env: KEY}}
            providers:
              retry: {max_attempts: 1}
              targets:
                - {id: first, provider: \(provider), model: gpt-4o, base_url: "http://127.0.0.1:9/v1", secret_key_ref: {env: SECRET}}
            """)
    }
}

extension SurfaceForm {
    private static let chat = SurfaceForm(
        testDescription: "chat completions", surface: .chatCompletions, provider: "openai", requests: chatRequests,
        answers: [
            Place("content") { answer(#""content":"\#($0)""#) },
            Place("a content part") { answer(#""content":[{"type":"text","text":"\#($0)"}]"#) },
            Place("a refusal") { answer(#""content":null,"refusal":"\#($0)""#) },
            Place("thoughts") { answer(#""content":"Hm.","reasoning_content":"\#($0)""#) },
            Place("a call's arguments") { answer(#""content":null,"tool_calls":[\#(call(#"{"q":"\#($0)"}"#))]"#) },
            Place("a field that nobody knows") { answer(#""content":"Hm.","x_new":{"y":["\#($0)"]}"#) },
        ],
        streams: [
            StreamedPlace("content", "choices.0.delta.content") { pieces in
                pieces.map { event(#""content":"\#($0)""#) }.joined() + end
            },
            StreamedPlace("a refusal", "choices.0.delta.refusal") { pieces in
                pieces.map { event(#""refusal":"\#($0)""#) }.joined() + end
            },
            StreamedPlace("thoughts", "choices.0.delta.reasoning_content") { pieces in
                pieces.map { event(#""reasoning_content":"\#($0)""#) }.joined() + end
            },
            StreamedPlace("a call's arguments", "choices.0.delta.tool_calls.0.function.arguments") { pieces in
                let parts = [#"{\"q\":\""#] + pieces.map(inString) + [#"\"}"#]
                return event(#""tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"find"}}]"#)
                    + parts.map { event(#""tool_calls":[{"index":0,"function":{"arguments":"\#($0)"}}]"#) }.joined()
                    + end
            },
        ],
        ask: { #"{"model":"gpt-4o","stream":\#($0),"messages":[{"role":"user","content":"ping"}]}"# },
        answerPath: "choices.0.message.content", answerMember: "choices", eventMember: "choices")

    private static let chatRequests = [
        Place("what a user says") { request(#"{"role":"user","content":"\#($0)"}"#) },
        Place("a content part") { request(#"{"role":"user","content":[{"type":"text","text":"\#($0)"}]}"#) },
        Place("what the system says") {
            request(#"{"role":"system","content":"\#($0)"},{"role":"user","content":"ping"}"#)
        },
        Place("an answer of before") {
            request(#"{"role":"assistant","content":"\#($0)"},{"role":"user","content":"ping"}"#)
        },
        Place("a call's arguments") {
            request(#"{"role":"assistant","content":null,"tool_calls":[\#(call(#"{"q":"\#($0)"}"#))]},"# + result("ok"))
        },
        Place("a tool's result") {
            request(#"{"role":"assistant","content":null,"tool_calls":[\#(call("{}"))]},"# + result($0))
        },
        Place("a tool's description") {
            request(
                #"{"role":"user","content":"ping"}"#,
                #","tools":[{"type":"function","function":{"name":"find","description":"\#($0)","parameters":{}}}]"#)
        },
        Place("who speaks") { request(#"{"role":"user","name":"\#($0)","content":"ping"}"#) },
        Place("a field that nobody knows") {
            request(#"{"role":"user","content":"ping"}"#, #","x_new":{"y":["\#($0)"]}"#)
        },
    ]

    private static func request(_ messages: String, _ more: String = "") -> String {
        #"{"model":"gpt-4o","messages":[\#(messages)]\#(more)}"#
    }

    private static func result(_ text: String) -> String {
        #"{"role":"tool","tool_call_id":"a","content":"\#(text)"}"#
    }

    /// A call whose arguments are this JSON.
    private static func call(_ arguments: String) -> String {
        #"{"id":"a","type":"function","function":{"name":"find","arguments":"\#(inString(arguments))"}}"#
    }

    private static func inString(_ json: String) -> String {
        json.replacing("\\", with: #"\\"#).replacing("\"", with: #"\""#)
    }

    private static func answer(_ message: String) -> String {
        #"{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"#
            + #""assistant",\#(message)},"finish_reason":"stop"}]}"#
    }

    private static func event(_ delta: String, finish: String = "null") -> String {
        #"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":"#
            + #"{\#(delta)},"finish_reason":\#(finish)}]}"# + "\n\n"
    }

    private static let end = event("", finish: #""stop""#) + "data: [DONE]\n\n"

    /// The same surface before a provider of which every answer is translated.
    private static let chatOfAnthropic = SurfaceForm(
        testDescription: "chat completions by Anthropic's models", surface: .chatCompletions, provider: "anthropic",
        requests: [],
        answers: [
            Place("content") { message(#"{"type":"text","text":"\#($0)"}"#) },
            Place("thoughts") { message(#"{"type":"thinking","thinking":"\#($0)"},{"type":"text","text":"Hm."}"#) },
            Place("a call's arguments") {
                message(#"{"type":"tool_use","id":"a","name":"find","input":{"q":"\#($0)"}}"#, stop: "tool_use")
            },
        ],
        streams: [
            StreamedPlace("content", "choices.0.delta.content") { pieces in
                blocks(#"{"type":"text","text":""}"#, pieces.map { #"{"type":"text_delta","text":"\#($0)"}"# })
            },
            StreamedPlace("thoughts", "choices.0.delta.reasoning_content") { pieces in
                blocks(
                    #"{"type":"thinking","thinking":""}"#,
                    pieces.map { #"{"type":"thinking_delta","thinking":"\#($0)"}"# })
            },
            StreamedPlace("a call's arguments", "choices.0.delta.tool_calls.0.function.arguments") { pieces in
                let parts = [#"{\"q\":\""#] + pieces.map(inString) + [#"\"}"#]
                return blocks(
                    #"{"type":"tool_use","id":"a","name":"find","input":{}}"#,
                    parts.map { #"{"type":"input_json_delta","partial_json":"\#($0)"}"# }, stop: "tool_use")
            },
        ],
        ask: chat.ask, answerPath: "choices.0.message.content", answerMember: "content", eventMember: "delta")

    private static func message(_ content: String, stop: String = "end_turn") -> String {
        #"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[\#(content)],"#
            + #""stop_reason":"\#(stop)","usage":{"input_tokens":1,"output_tokens":1}}"#
    }

    private static func blocks(_ start: String, _ deltas: [String], stop: String = "end_turn") -> String {
        let begin =
            #"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","#
            + #""content":[],"usage":{"input_tokens":1,"output_tokens":1}}}"#
        let events =
            [begin, #"{"type":"content_block_start","index":0,"content_block":\#(start)}"#]
            + deltas.map { #"{"type":"content_block_delta","index":0,"delta":\#($0)}"# }
            + [
                #"{"type":"content_block_stop","index":0}"#,
                #"{"type":"message_delta","delta":{"stop_reason":"\#(stop)"},"usage":{"output_tokens":1}}"#,
                #"{"type":"message_stop"}"#,
            ]
        return events.map { "data: \($0)\n\n" }.joined()
    }
}

/// All strings of a JSON document, or of the events of a stream one behind the other, by where they stand.
struct Texts {
    private(set) var byPath: [String: String] = [:]

    /// Something that is no JSON, or the end mark.
    private(set) var others: [String] = []

    /// Reads what a caller has got: the head, and a body in one piece or in chunks.
    init(reply: String) {
        let body = reply.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n")
        let isStream = reply.contains("text/event-stream")
        let lines = isStream ? body.replacing("\r\n", with: "\n").split(separator: "\n").map(String.init) : [body]
        for line in lines where !isStream || line.hasPrefix("data: ") {
            let data = isStream ? String(line.dropFirst(6)) : line
            guard let object = try? JSONSerialization.jsonObject(with: Data(data.utf8)) else {
                others.append(data)
                continue
            }
            add(object, "")
        }
    }

    private mutating func add(_ value: Any, _ path: String) {
        let prefix = path.isEmpty ? "" : path + "."
        if let object = value as? [String: Any] {
            for (key, value) in object { add(value, prefix + key) }
        } else if let list = value as? [Any] {
            for (index, value) in list.enumerated() { add(value, prefix + "\(index)") }
        } else if let text = value as? String {
            byPath[path, default: ""] += text
        }
    }

    /// Whether any text, with what came before and behind it, says this.
    func say(_ text: String) -> Bool { (byPath.values + others).contains { $0.contains(text) } }
}

extension Play {
    /// Sends a request, hands out the provider's answer in pieces of `size` bytes, and gives what the caller gets.
    func reply(to ask: String, with answer: String, isStream: Bool, size: Int = 1 << 20) throws -> (
        reply: String, record: [String: Any]
    ) {
        begin()
        try chat(ask)
        var sent = tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: isStream))).replies
        var record: [String: Any] = [:]
        let bytes = Array(answer.utf8)
        func take(_ actions: [Exchange.Action]) {
            sent += actions.replies
            if let made = actions.record { record = made }
        }
        for start in stride(from: 0, to: bytes.count, by: size) where record.isEmpty {
            take(tell(.upstreamBody(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))))
        }
        if record.isEmpty { take(tell(.upstreamEnded(.done))) }
        return (sent + (tell(.recorded(true)).end?.text ?? ""), record)
    }
}

/// The inside of a JSON string.
func quoted(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
        switch scalar {
        case "\"": #"\""#
        case "\\": #"\\"#
        case "\n": #"\n"#
        case "\u{0}"..<" ": "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: String(scalar)
        }
    }.joined()
}
