import Foundation
import KeeptrustsExchange
import NIOCore
import Testing

/// Forbidden values in places and forms in which a policy must find them, and what is left there is still JSON.
@Suite("What is judged of a body")
struct CoverageTests {
    static let card = "4111111111111111"

    /// A gateway that redacts or blocks, with one target of the model `gpt-4o`.
    static func play(provider: String = "openai", action: String = "redact") throws -> Play {
        let path = provider == "openai" ? "/v1" : ""
        return try Play(
            """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: [pii-detector]}
            policy: {pii-detector: {action: \(action)}}
            consumer_groups:
              - {name: tests, key_ref: {env: KEY}}
            providers:
              retry: {max_attempts: 1}
              targets:
                - {id: first, provider: \(provider), model: gpt-4o, base_url: "http://127.0.0.1:9\(path)", secret_key_ref: {env: SECRET}}
            """)
    }

    /// What is left of a value that is one card.
    static let mark = "[CREDIT_CARD_REDACTED]"

    private static func call(_ arguments: String) -> String {
        #"{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"pay","arguments":\#(arguments)}}]}"#
    }

    private static func body(_ messages: String, _ rest: String = "") -> String {
        #"{"model":"gpt-4o","messages":[{"role":"user","content":"ping"},\#(messages)]\#(rest)}"#
    }

    private static func sent(_ body: String, provider: String = "openai") throws -> String {
        let call = try #require(try play(provider: provider).chat(body).call)
        let json = try #require(call.bytes.firstRange(of: "\r\n\r\n"))
        let text = String(call.bytes[json.upperBound...])
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
        return text
    }

    @Test(
        "An element of a list is judged with the key of the list",
        arguments: [
            #""metadata":{"ssn":[SSN]}"#, #""metadata":{"ssn":["x", 1, null,SSN]}"#,
            #""x_new":{"ssn" : [ "a1", SSN, "b2" ]}"#,
        ])
    func elements(member: String) throws {
        for value in ["536228041", #""536228041""#] {
            let text = try Self.sent(
                Self.body(#"{"role":"user","content":"x"}"#, "," + member.replacing("SSN", with: value)))

            #expect(text.contains(member.replacing("SSN", with: #""[SSN_REDACTED]""#)))
        }
        let other = #""metadata":{"ssn":["x"],"y":["536228041"]}"#
        #expect(try Self.sent(Self.body(#"{"role":"user","content":"x"}"#, "," + other)).contains(other))
    }

    /// What the caller gets of an answer with a member at a place that the gateway does not know.
    private static func answered(_ member: String) throws -> String {
        let play = try play()
        try play.chat(#"{"model":"gpt-4o","messages":[{"role":"user","content":"ping"}]}"#)
        play.answer(#"{"choices":[{"index":0,"message":{"role":"assistant","content":"x",\#(member)}}]}"#)
        let text = try #require(play.tell(.recorded(true)).end?.text)
        let json = try #require(text.firstRange(of: "\r\n\r\n"))
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text[json.upperBound...].utf8)) }
        return text
    }

    /// Values that something else than their own key names, and what is left of them.
    static let distant: [(member: String, left: String)] = [
        (#""ssn":["536228041"]"#, #""ssn":["[SSN_REDACTED]"]"#), (#""ssn":[536228041]"#, #""ssn":["[SSN_REDACTED]"]"#),
        (#""ssn" : [ "a1", 536228041, "b2" ]"#, #""ssn" : [ "a1", "[SSN_REDACTED]", "b2" ]"#),
        (#""ssn":["x", 1, null,"5362\u00328041"]"#, #""ssn":["x", 1, null,"[SSN_REDACTED]"]"#),
        (
            #""ssn":["a@b.org 536228041","536228041"]"#,
            #""ssn":["[EMAIL_REDACTED] [SSN_REDACTED]","[SSN_REDACTED]"]"#
        ),
        (#""i":[{"name":"ssn","value":"536228041"}]"#, #""i":[{"name":"ssn","value":"[SSN_REDACTED]"}]"#),
        (#""i":{"Key": "ssn" , "Value": 536228041}"#, #""i":{"Key": "ssn" , "Value": "[SSN_REDACTED]"}"#),
        (#""i":{"a":1,"type":"ssn","data":"536228041","b":"x"}"#, #""data":"[SSN_REDACTED]","b":"x"}"#),
        (#""i":{"name":"ssn","value":"4111111111111111"}"#, #""i":{"name":"ssn","value":"[CREDIT_CARD_REDACTED]"}"#),
        (#""i":{"name":"a@b.org","value":"536228041"}"#, #""i":{"name":"[EMAIL_REDACTED]","value":"536228041"}"#),
    ]

    @Test("A value is judged with what names it from elsewhere: in a request", arguments: distant)
    func distantInRequests(member: String, left: String) throws {
        let text = try Self.sent(Self.body(#"{"role":"user","content":"x"}"#, #","x_new":{\#(member)}"#))

        #expect(text.contains(left))
    }

    @Test("A value is judged with what names it from elsewhere: in an answer", arguments: distant)
    func distantInAnswers(member: String, left: String) throws {
        #expect(try Self.answered(member).contains(left))
    }

    @Test(
        "A name names the value behind it in its object, and no other",
        arguments: [
            #""i":[{"name":"ssn"},{"value":"536228041"}]"#, #""i":{"name":"ssn","n":1,"value":"536228041"}"#,
            #""i":{"name":"ssn","order":"536228041"}"#, #""i":{"name":["ssn"],"value":"536228041"}"#,
            #""i":{"name":"ssn"},"value":"536228041""#, #""ssn":["x"],"y":["536228041"]"#,
        ])
    func otherNames(member: String) throws {
        #expect(try Self.answered(member).contains(member))
        let text = try Self.sent(Self.body(#"{"role":"user","content":"x"}"#, #","x_new":{\#(member)}"#))
        #expect(text.contains(member))
    }

    @Test("A sound goes with what is taken out of its transcript")
    func sounds() throws {
        let data = String(repeating: "QUJD", count: 80)
        for (said, left) in [("pay \(Self.card)", #""data":null"#), ("pay", #""data":"\#(data)""#)] {
            let play = try Self.play()
            try play.chat(#"{"model":"gpt-4o","messages":[{"role":"user","content":"ping"}]}"#)
            play.answer(
                #"{"choices":[{"message":{"role":"assistant","content":null,"audio":{"id":"a","data":"\#(data)","transcript":"\#(said)"}}}]}"#
            )

            #expect(try #require(play.tell(.recorded(true)).end).text.contains(left))
        }
    }

    @Test(
        "A number that no setting counts is judged with its key, and becomes a string",
        arguments: [
            #""metadata":{"card":CARD}"#, #""x_new":CARD"#, #""x_new":[1,[CARD]]"#, #""x_new":{"a":[{"card": CARD}]}"#,
            #""user":CARD"#, #""stop":[CARD]"#, #""tools":[{"type":"function","function":{"name":"f","rate":CARD}}]"#,
            #""response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"const":CARD}}}"#,
            #""tools":[{"type":"function","function":{"name":"f","parameters":{"enum":["a",CARD]}}}]"#,
        ])
    func members(member: String) throws {
        let text = try Self.sent(
            Self.body(#"{"role":"user","content":"x"}"#, "," + member.replacing("CARD", with: Self.card)))

        #expect(!text.contains("4111"))
        #expect(text.contains(member.replacing("CARD", with: "\"\(Self.mark)\"")))
    }

    @Test(
        "What a model may read beside the messages is judged, and schemas stay JSON",
        arguments: [
            #""stop":["END","CARD"]"#, #""stop":"CARD""#, #""user":"CARD""#, #""metadata":{"note":"CARD"}"#,
            #""prediction":{"type":"content","content":"CARD"}"#,
            #""prediction":{"type":"content","content":[{"type":"text","text":"CARD"}]}"#,
            #""tools":[{"type":"function","function":{"name":"f","description":"CARD"}}]"#,
            #""tools":[{"type":"function","function":{"name":"f","parameters":{"description":"CARD"}}}]"#,
            #""tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"CARD":{}}}}}]"#,
            #""tools":[{"type":"custom","custom":{"name":"f","format":{"grammar":{"definition":"CARD"}}}}]"#,
            #""functions":[{"name":"f","parameters":{"examples":["CARD"]}}]"#,
            #""response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"enum":["a","CARD"]}}}"#,
            #""response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"pattern":"CARD"}}}"#,
            #""response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"default":{"a":["CARD"]}}}}"#,
            #""web_search_options":{"user_location":{"approximate":{"city":"CARD"}}}"#,
        ])
    func otherTexts(member: String) throws {
        let text = try Self.sent(
            Self.body(#"{"role":"user","content":"x"}"#, "," + member.replacing("CARD", with: Self.card)))

        #expect(text.contains(member.replacing("CARD", with: Self.mark)))
    }

    @Test(
        "Parts of other dialects are judged, one by one and together",
        arguments: ["input_text", "output_text", "x_new"])
    func otherParts(type: String) throws {
        let parts = #""content":[{"type":"\#(type)","text":"pay 4111 1111 "},{"type":"\#(type)","text":"1111 1111"}]"#
        let text = try Self.sent(Self.body(#"{"role":"user",\#(parts)}"#))

        #expect(!text.contains("1111") && text.contains(#""text":"pay \#(Self.mark)""#))
    }

    @Test(
        "A number in a message is judged", arguments: [#""content":CARD"#, #""content":[{"type":"text","text":CARD}]"#])
    func messages(member: String) throws {
        let text = try Self.sent(Self.body(#"{"role":"user",\#(member.replacing("CARD", with: Self.card))}"#))

        #expect(text.contains(member.replacing("CARD", with: "\"\(Self.mark)\"")))
    }

    @Test(
        "A short text at a place without a name is judged with its key",
        arguments: [
            (#""metadata":{"ssn":"536228041"}"#, #""metadata":{"ssn":"[SSN_REDACTED]"}"#),
            (#""x_new":{"a":[{"passport": "K1234567"}]}"#, #""x_new":{"a":[{"passport": "[PASSPORT_REDACTED]"}]}"#),
            (#""metadata":{"ssn":536228041}"#, #""metadata":{"ssn":"[SSN_REDACTED]"}"#),
            (#""metadata":{"s\u0073n" : "5362\u00328041"}"#, #""metadata":{"s\u0073n" : "[SSN_REDACTED]"}"#),
            (
                #""x_new":{"4111111111111111":5555555555554444}"#,
                #""x_new":{"[CREDIT_CARD_REDACTED]":"[CREDIT_CARD_REDACTED]"}"#
            ),
            (#""x_new":{"4111111111111111":"5"}"#, #""x_new":{"[CREDIT_CARD_REDACTED]":"5"}"#),
        ])
    func keys(member: String, expected: String) throws {
        let text = try Self.sent(Self.body(#"{"role":"user","content":"x"}"#, "," + member))

        #expect(text.contains(expected))
    }

    @Test(
        "Without a word that says what it is, a number passes",
        arguments: [#""x_new":{"order":"536228041"}"#, #""x_new":["ssn","536228041"]"#, #""x_new":{"ssn":"53622804"}"#])
    func noKeys(member: String) throws {
        let text = try Self.sent(Self.body(#"{"role":"user","content":"x"}"#, "," + member))

        #expect(text.contains(member))
    }

    @Test(
        "In what a tool is called with and answers, words before a value count however they are written",
        arguments: [
            (#"{"ssn":"536228041"}"#, #"{"ssn":"[SSN_REDACTED]"}"#),
            (#"{"ssn":536228041}"#, #"{"ssn":"[SSN_REDACTED]"}"#),
            (#"{"s\u0073n":"536228041"}"#, #"{"s\u0073n":"[SSN_REDACTED]"}"#),
            (#"{"s\u0073n":"5362\u00328041","n":1}"#, #"{"s\u0073n":"[SSN_REDACTED]","n":1}"#),
            (#"{"a":"{\"ssn\":\"5362\u00328041\"}"}"#, #"{"a":"{\"ssn\":\"[SSN_REDACTED]\"}"}"#),
            (#"{"a":"{\"passport\":\"K1234567\"}"}"#, #"{"a":"{\"passport\":\"[PASSPORT_REDACTED]\"}"}"#),
        ])
    func pairs(document: String, expected: String) throws {
        func quoted(_ text: String) -> String {
            "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        let result = #"{"role":"tool","tool_call_id":"a","content":\#(quoted(document))}"#
        let called = try Self.sent(Self.body(Self.call(quoted(document))))
        let answered = try Self.sent(Self.body(Self.call(#""{}""#) + "," + result))

        #expect(called.contains(#""arguments":\#(quoted(expected))"#))
        #expect(answered.contains(#""content":\#(quoted(expected))"#))
    }

    @Test("Keys and blanks without end take linear work", .timeLimit(.minutes(1)))
    func endless() throws {
        let blanks = String(repeating: " ", count: 200_000)
        let members = (0..<20_000).map { #""k\#($0)" : "\#($0)x""# }.joined(separator: ",")
        let list = (0..<20_000).map { "\"\($0)\"" }.joined(separator: ",")
        let rest = #","x_new":{\#(members)},"x_old":{"a"\#(blanks):\#(blanks)[\#(list)]}"#

        #expect(try Self.sent(Self.body(#"{"role":"user","content":"x"}"#, rest)).hasSuffix(rest + "}"))
    }

    @Test(
        "A number's point and exponent hide no digits, wherever a model reads them",
        arguments: [
            "4.111111111111111e15", "4.111111111111111E+15", "41.11111111111111e14", "41111111.11111111e8",
            "411111111111111.1e1", "0.4111111111111111e16", "4111111111111111.0", "4111111111111111e0",
        ])
    func exponents(number: String) throws {
        let member = try Self.sent(Self.body(#"{"role":"user","content":"x"}"#, #","x_new":{"card":\#(number)}"#))
        let called = try Self.sent(Self.body(Self.call(#""{\"card\": \#(number)}""#)))
        let said = try Self.sent(Self.body(#"{"role":"user","content":"Charge \#(number), please."}"#))

        for text in [member, called, said] { #expect(!text.contains("1111111"), "\(text)") }
    }

    @Test("Settings and small numbers pass as they are")
    func settings() throws {
        let rest =
            #","seed":4294967295,"temperature":0.25,"logit_bias":{"50256":-100},"x_new":[123,-999999,0.5e3]"#
        let text = try Self.sent(Self.body(#"{"role":"user","content":"x"}"#, rest))

        #expect(text.contains(rest))
    }

    @Test(
        "A seed is no text, whatever its digits look like",
        arguments: [
            "4111111111111111", "-4111111111111111", "9223372036854775807", "18446744073709551615", "536228041",
        ])
    func seeds(seed: String) throws {
        let rest = #","seed":\#(seed),"n":1"#
        let text = try Self.sent(Self.body(#"{"role":"user","content":"x"}"#, rest))

        #expect(text.contains(rest))
        #expect(try Self.play(action: "block").chat(Self.body(#"{"role":"user","content":"x"}"#, rest)).call != nil)
    }

    @Test(
        "What is no whole number of 64 bits is judged as a seed, too, and so is one in any other place",
        arguments: [
            #""seed":"4111111111111111""#, #""seed":4111111111111111.0"#, #""seed":4111111111111111e0"#,
            #""seed":4.111111111111111E15"#, #""seed":[4111111111111111]"#,
            #""seed":{"seed":4111111111111111}"#, #""metadata":{"seed":4111111111111111}"#,
            #""seeds":4111111111111111"#,
            #""logit_bias":{"50256":4111111111111111}"#, #""logit_bias":{"4111111111111111":1}"#,
            #""stop":[4111111111111111]"#,
            #""tools":[{"type":"function","function":{"name":"f","seed":4111111111111111}}]"#,
        ])
    func noSeeds(member: String) throws {
        let text = try Self.sent(Self.body(#"{"role":"user","content":"x"}"#, "," + member))

        #expect(!text.contains("11111111") && text.contains("CREDIT_CARD_REDACTED"))
    }

    @Test("A seed in what a tool is called with, or answers, is a text of the model's")
    func seedsOfTools() throws {
        let called = try Self.sent(Self.body(Self.call(#""{\"seed\": 4111111111111111}""#)))
        let result = #"{"role":"tool","tool_call_id":"a","content":"{\"seed\": 4111111111111111}"}"#
        let answered = try Self.sent(Self.body(Self.call(#""{}""#) + "," + result))

        #expect(!called.contains("4111") && called.contains(Self.mark))
        #expect(!answered.contains("4111") && answered.contains(Self.mark))
    }

    @Test(
        "A number that is larger than its setting ever is, is judged there, too",
        arguments: ["temperature", "top_p", "presence_penalty", "top_logprobs"],
        ["4111111111111111", "4111111111111111E0", "4.111111111111111e15", "0.4111111111111111E+16"])
    func figures(name: String, number: String) throws {
        let text = try Self.sent(Self.body(#"{"role":"user","content":"x"}"#, #","\#(name)":\#(number)"#))

        #expect(!text.contains("111111111"))
        #expect(text.contains(#""\#(name)":"[CREDIT_CARD_REDACTED]"#) || text.contains(#""\#(name)":"0.[CREDIT_CARD_"#))
    }

    @Test(
        "A number of an answer that counts or dates nothing is judged",
        arguments: [
            #""created":CARD"#, #""usage":{"prompt_tokens":CARD}"#, #""usage":{"total_tokens":CARD}"#, #""usage":CARD"#,
            #""usage":{"prompt_tokens":1,"completion_tokens_details":{"reasoning_tokens":CARD}}"#,
            #""usage":{"prompt_tokens":"CARD"}"#, #""created":"CARD""#, #""error":CARD"#,
        ], ["4111111111111111", "4111111111111111e0", "4.111111111111111E15"])
    func countedFields(member: String, number: String) throws {
        let text = try Self.answer(
            #"{"id":"c1",\#(member.replacing("CARD", with: number)),"choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]}"#
        )

        #expect(!text.contains("111111111") && text.contains(Self.mark))
    }

    @Test(
        "So is one of a choice",
        arguments: [
            #""index":CARD,"message":{"content":"x"}"#, #""index":"CARD","message":{"content":"x"}"#,
            #""index":0,"message":{"content":"x","audio":{"expires_at":CARD}}"#,
            #""index":0,"message":{"tool_calls":[{"index":CARD,"function":{"name":"f","arguments":"{}"}}]}"#,
            #""index":0,"message":{"content":"x"},"logprobs":CARD"#,
        ])
    func countedFields(of choice: String) throws {
        let text = try Self.answer(
            #"{"id":"c1","choices":[{\#(choice.replacing("CARD", with: Self.card)),"finish_reason":"stop"}]}"#)

        #expect(!text.contains("4111") && text.contains(Self.mark))
    }

    @Test(
        "Counts and times pass as they are",
        arguments: [
            #""created":1764275369,"usage":{"prompt_tokens":123456789,"completion_tokens":1,"total_tokens":123456790}"#,
            #""created":1764275369000"#, #""created":1764275369.25"#,
            #""created":1764275369000000,"x":0.4111111111111111"#,
            #""created":0,"x":4.111111111111111e-05"#,
        ])
    func counts(members: String) throws {
        let text = try Self.answer(
            #"{"id":"c1",\#(members),"choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]}"#
        )

        #expect(text.contains(members))
    }

    @Test(
        "What a tool is called with stays JSON when something is taken out of it",
        arguments: [
            (#""{\"card\": CARD,\"n\":1}""#, #""{\"card\": \"MARK\",\"n\":1}""#),
            (#"{"card":CARD}"#, #"{"card":"MARK"}"#), (#""[CARD]""#, #""[\"MARK\"]""#),
            (
                #""{\"a\":\"{\\\"card\\\":CARD}\"}""#, #""{\"a\":\"{\\\"card\\\":\\\"MARK\\\"}\"}""#
            ),
            (#""{\"a\":\"x\\ny CARD\"}""#, #""{\"a\":\"x\\ny MARK\"}""#),
        ])
    func arguments(arguments: String, expected: String) throws {
        let text = try Self.sent(Self.body(Self.call(arguments.replacing("CARD", with: Self.card))))

        #expect(text.contains(#""arguments":\#(expected.replacing("MARK", with: Self.mark))}"#))
    }

    @Test("What a tool has answered is judged as whoever parses it reads it")
    func results() throws {
        let result =
            #"{"role":"tool","tool_call_id":"a","content":"{\"to\":\"jane\\u0040example.com\",\"card\":CARD}"}"#
        let text = try Self.sent(Self.body(Self.call(#""{}""#) + "," + result.replacing("CARD", with: Self.card)))

        #expect(text.contains(#""content":"{\"to\":\"[EMAIL_REDACTED]\",\"card\":\"\#(Self.mark)\"}""#))
    }

    @Test("For Anthropic, a call's input is left an object")
    func anthropicRequest() throws {
        let call = Self.call(#""{\"card\":CARD}""#.replacing("CARD", with: Self.card))
        let result = #"{"role":"tool","tool_call_id":"a","content":"ok"}"#
        let text = try Self.sent(Self.body(call + "," + result), provider: "anthropic")

        #expect(text.contains(#""input":{"card":"\#(Self.mark)"}"#))
    }

    private static func answer(_ body: String, provider: String = "openai") throws -> String {
        let play = try play(provider: provider)
        try play.chat(#"{"model":"gpt-4o","messages":[{"role":"user","content":"ping"}]}"#)
        play.answer(body)
        let end = try #require(play.tell(.recorded(true)).end).text
        let start = try #require(end.firstRange(of: "\r\n\r\n"))
        let text = String(end[start.upperBound...])
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
        return text
    }

    @Test(
        "The same holds for an answer",
        arguments: [
            (#""content":"{\"card\":CARD}""#, #""content":"{\"card\":\"MARK\"}""#),
            (#""content":"x","x_new":{"card":CARD}"#, #""content":"x","x_new":{"card":"MARK"}"#),
            (#""content":"x","x_new":[CARD]"#, #""content":"x","x_new":["MARK"]"#),
            (#""content":"x","x_new":{"ssn":"536228041"}"#, #""content":"x","x_new":{"ssn":"[SSN_REDACTED]"}"#),
            (
                #""tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"card\":CARD}"}}]"#,
                #""tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"card\":\"MARK\"}"}}]"#
            ),
        ])
    func answers(message: String, expected: String) throws {
        let text = try Self.answer(
            #"{"id":"c1","choices":[{"index":0,"message":{"role":"assistant",\#(message)},"finish_reason":"stop"}]}"#
                .replacing("CARD", with: Self.card))

        #expect(text.contains(expected.replacing("MARK", with: Self.mark)))
    }

    @Test("Anthropic's answer is judged in the caller's dialect")
    func anthropicAnswer() throws {
        let text = try Self.answer(
            #"{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"tool_use","id":"t1","name":"f","input":{"card":CARD}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}"#
                .replacing("CARD", with: Self.card),
            provider: "anthropic")

        #expect(text.contains(#""arguments":"{\"card\":\"\#(Self.mark)\"}""#))
    }
}
