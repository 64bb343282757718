import Foundation
import KeeptrustsExchange
import NIOCore
import Testing

@Suite("Texts of a stream that the gateway does not know")
struct LooseTextTests {
    private static func event(_ choice: String) -> String {
        #"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,\#(choice)}]}"#
            + "\n\n"
    }

    private static let end = event(#""delta":{},"finish_reason":"stop""#) + "data: [DONE]\n\n"

    /// What goes out of a stream: before its last event, and in all; each event must be JSON.
    private static func stream(_ events: [String]) throws -> (early: String, all: String) {
        let play = try CoverageTests.play()
        try play.chat(StreamTests.ask)
        play.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: true)))
        var early = ""
        for event in events { early += play.tell(.upstreamBody(ByteBuffer(string: event))).replies }
        var all = early + play.tell(.upstreamBody(ByteBuffer(string: end))).replies
        all += play.tell(.recorded(true)).end?.text ?? ""
        for line in all.split(whereSeparator: \.isNewline) where line.hasPrefix("data: {") {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8)) }
        }
        return (early, all)
    }

    /// The strings at the key `x` of all events, joined.
    private static func text(of stream: String) -> String {
        stream.components(separatedBy: #""x":""#).dropFirst().map { $0.prefix { $0 != "\"" } }.joined()
    }

    @Test("A text at a place without a name is judged as one, wherever its pieces are cut", arguments: 1..<24)
    func pieces(cut: Int) throws {
        let text = "pay 4111111111111111 now"
        let place = text.index(text.startIndex, offsetBy: cut)
        let pieces = [text[..<place], text[place...]]
        for form in [#""delta":{"x":"TEXT"}"#, #""delta":{"parts":[{"x":"TEXT"}]}"#, #""delta":{},"x":"TEXT""#] {
            let (_, all) = try Self.stream(pieces.map { Self.event(form.replacing("TEXT", with: $0)) })

            #expect(Self.text(of: all) == "pay [CREDIT_CARD_REDACTED] now")
        }
    }

    @Test(
        "A value is judged with its key, as in a whole answer",
        arguments: [
            #""delta":{"ssn":"536228041"}"#, #""delta":{"info":{"ssn":"536228041"}}"#, #""ssn":"536228041","delta":{}"#,
        ])
    func keys(choice: String) throws {
        let (_, all) = try Self.stream([Self.event(#""delta":{"content":"x"}"#), Self.event(choice)])

        #expect(!all.contains("536228041"))
        #expect(all.contains(#""ssn":"[SSN_REDACTED]""#))
    }

    @Test("A value is judged with what names it from elsewhere", arguments: CoverageTests.distant)
    func distant(member: String, left: String) throws {
        for choice in [#""delta":{\#(member)}"#, #""delta":{},\#(member)"#] {
            let (_, all) = try Self.stream([Self.event(#""delta":{"content":"x"}"#), Self.event(choice)])

            #expect(all.contains(left))
        }
    }

    @Test(
        "Texts in two parts of a choice are two texts",
        arguments: [
            #""text":" aaa ","delta":{"content":"PIECE"}"#, #""delta":{"content":"PIECE"},"text":" aaa ""#,
            #""delta":{"content":"PIECE"},"message":{"content":" aaa "}"#,
            #""message":{"content":" aaa ","refusal":" bbb "},"delta":{"content":"PIECE"}"#,
        ])
    func parts(choice: String) throws {
        let (_, all) = try Self.stream(
            ["pay 4111111", "111111111 now"].map { Self.event(choice.replacing("PIECE", with: $0)) })

        #expect(!all.contains("111111111"))
        #expect(all.contains("[CREDIT_CARD_REDACTED]"))
    }

    @Test("A sound goes with what is taken out of its transcript")
    func sounds() throws {
        let data = String(repeating: "QUJD", count: 80)
        func event(_ said: String) -> String {
            Self.event(#""delta":{"audio":{"id":"a","data":"\#(data)","transcript":"\#(said)"}}"#)
        }
        let clean = try Self.stream(["Well ", "then."].map(event)).all
        let cut = try Self.stream(["pay 4111111", "111111111 now", " or then"].map(event)).all

        #expect(clean.components(separatedBy: data).count == 3)
        #expect(cut.components(separatedBy: data).count == 2 && cut.contains(#""data":null"#))
    }

    @Test("Texts at two such places are two texts")
    func places() throws {
        let events = ["4111111", "111111111 ok"].map { Self.event(#""delta":{"x":"\#($0)","y":"aaa bbb"}"#) }
        let (early, all) = try Self.stream(events)

        #expect(early == "")
        #expect(Self.text(of: all) == "[CREDIT_CARD_REDACTED] ok")
        #expect(all.contains(#""y":"aaa bbb""#))
    }

    @Test(
        "Data comes out with its event, when all of the text beside it is held back",
        arguments: [
            #""audio":{"id":"a","data":"DATA"}"#,
            #""reasoning_details":[{"type":"reasoning.encrypted","data":"DATA"}]"#,
        ])
    func data(member: String) throws {
        let member = member.replacing("DATA", with: String(repeating: "QUJD", count: 80))
        let events = [#""delta":{"content":"jane",\#(member)}"#, #""delta":{"content":"@example.com now"}"#]
        let (_, all) = try Self.stream(events.map { Self.event($0) })

        #expect(all.contains(#""content":"",\#(member)"#))
        #expect(all.contains("[EMAIL_REDACTED]") && !all.contains("jane"))
    }

    @Test("What repeats as a name holds nothing back")
    func names() throws {
        let state = #""content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}"#
        let events = ["Well then, ", "go on. "].map { Self.event(#""delta":{"content":"\#($0)"},\#(state)"#) }
        let (early, all) = try Self.stream(events)

        #expect(early.contains("Well then") && early.contains(#""content":"go "#))
        #expect(all.contains("data: [DONE]"))
    }

    @Test("What seemed a name and goes on is judged together with its beginning")
    func continued() throws {
        let events = ["jane", "@exam", "ple.com now"].map { Self.event(#""delta":{"x":"\#($0)"}"#) }
        let (_, all) = try Self.stream(events)

        #expect(Self.text(of: all) == "jane now")
    }

    /// Places of names, each with the key that its value stands at.
    static let namePlaces = [
        ("role", #""delta":{"role":"TEXT"}"#), ("id", #""delta":{"tool_calls":[{"index":0,"id":"TEXT"}]}"#),
        ("type", #""delta":{"tool_calls":[{"type":"TEXT","index":1}]}"#),
        ("name", #""delta":{"tool_calls":[{"index":0,"function":{"name":"TEXT"}}]}"#),
        ("name", #""delta":{"function_call":{"name":"TEXT"}}"#),
        ("native_finish_reason", #""native_finish_reason":"TEXT""#),
        ("format", #""delta":{"reasoning_details":[{"format":"TEXT"}]}"#),
        ("system_fingerprint", #""delta":{}}],"system_fingerprint":"TEXT","x":[{"y":0"#),
        ("service_tier", #""delta":{}}],"service_tier":"TEXT","x":[{"y":0"#),
    ]

    @Test(
        "A name that goes on in a later event is judged together with its beginning", arguments: namePlaces,
        ["jane.doe@example.com", "5425233430109903", "DE89370400440532013000"])
    func cutNames(name: (key: String, form: String), value: String) throws {
        for cut in 1..<value.count {
            let place = value.index(value.startIndex, offsetBy: cut)
            let pieces = [value[..<place], value[place...]]
            let (_, all) = try Self.stream(pieces.map { Self.event(name.form.replacing("TEXT", with: $0)) })
            let sent = all.components(separatedBy: #""\#(name.key)":""#).dropFirst().map { $0.prefix { $0 != "\"" } }

            #expect(!sent.joined().contains(value), "\(name.form) at \(cut): \(sent)")
            #expect(!all.contains(pieces[1]) || pieces[1].count < 6, "\(name.form) at \(cut): \(sent)")
        }
    }

    @Test("The same holds for the id and the model of an answer", arguments: ["id", "model"])
    func cutEnvelope(key: String) throws {
        let events = ["41111111", "11111111"].map { piece in
            Self.event(#""delta":{"content":"x"}"#).replacing(
                key == "id" ? #""id":"c1""# : #""model":"m""#, with: #""\#(key)":"\#(piece)""#)
        }
        let (_, all) = try Self.stream(events)

        #expect(all.contains(#""41111111""#) && !all.contains(#""11111111""#))
    }

    @Test("A name that has gone on goes on, though it is once more what it was")
    func nameOfThree() throws {
        let events = ["com", "jane@example.", "com"].map { Self.event(#""native_finish_reason":"\#($0)""#) }
        let (_, all) = try Self.stream(events)

        #expect(all.components(separatedBy: #""native_finish_reason":"com""#).count == 2)
        #expect(!all.contains("jane@example."))
    }

    @Test("Names that are repeated, closed words and ids of events hold nothing back")
    func freeNames() throws {
        let events = (0..<40).map { number in
            Self.event(
                #""delta":{"role":"assistant","content":"word ","reasoning_details":[{"type":"reasoning.\#(number % 2 == 0 ? "text" : "summary")"}]}"#
            ).replacing(#""id":"c1""#, with: #""id":"chatcmpl-\#(number)a","obfuscation":"x\#(number)y""#)
        }
        let (early, all) = try Self.stream(events)

        #expect(early.components(separatedBy: #""content":"#).count >= 40)
        #expect(all.contains(#""id":"chatcmpl-39a""#) && all.contains("data: [DONE]"))
    }

    @Test("A name that is taken out is taken out of every event")
    func repeatedName() throws {
        let events = (0..<3).map { _ in
            Self.event(#""delta":{"content":"x"}"#).replacing(#""model":"m""#, with: #""model":"jane@example.com""#)
        }
        let (_, all) = try Self.stream(events)

        #expect(!all.contains("jane@example.com"))
        #expect(all.components(separatedBy: "[EMAIL_REDACTED]").count == 4)
    }

    @Test(
        "A number becomes a string when it is taken out",
        arguments: [#""x":4111111111111111"#, #""y":[4111111111111111]"#])
    func numbers(member: String) throws {
        let (_, all) = try Self.stream([Self.event(#""delta":{\#(member)}"#)])

        #expect(all.contains(member.replacing("4111111111111111", with: #""[CREDIT_CARD_REDACTED]""#)))
    }

    @Test("A number in streamed arguments becomes a string, and they stay JSON", arguments: 1..<24)
    func arguments(cut: Int) throws {
        let arguments = #"{"card":4111111111111111}"#
        let place = arguments.index(arguments.startIndex, offsetBy: cut)
        let pieces = [arguments[..<place], arguments[place...]]
        let (_, all) = try Self.stream(
            pieces.map { piece in
                let text = piece.replacing("\"", with: "\\\"")
                return Self.event(
                    #""delta":{"tool_calls":[{"index":0,"function":{"name":"pay","arguments":"\#(text)"}}]}"#)
            })
        let joined = all.components(separatedBy: #""arguments":""#).dropFirst().map { part in
            part.components(separatedBy: #""}}"#)[0].replacing("\\\"", with: "\"")
        }.joined()

        #expect(joined == #"{"card":"[CREDIT_CARD_REDACTED]"}"#)
    }
}
