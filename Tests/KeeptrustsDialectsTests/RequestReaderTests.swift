import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsWire
import NIOCore
import Testing

struct RequestReaderTests {
    private let surface = Surface.chatCompletions

    private func texts(_ members: String) throws -> [String] {
        try surface.read(chat(members)).texts.map { text in
            "\(text.segment.role) \(text.segment.phase.rawValue) \(text.index) \(text.string)"
        }
    }

    @Test("What the gateway needs of a request is found in one scan")
    func facts() throws {
        let request = try surface.read(Fixture.bytes("openai/request-maximal.json"))

        #expect(request.model == "gpt-4o")
        #expect(
            String(buffer: request.body.getSlice(at: request.modelToken.lowerBound, length: 8) ?? ByteBuffer())
                == #""gpt-4o""#)
        #expect(request.isStreaming)
        #expect(request.includesUsage)
        #expect(request.choices == 2)
        #expect(request.maxTokens == 90)
        #expect(request.turns == 7)
    }

    @Test("Each text has the role and the phase of its place")
    func places() throws {
        let found = try texts(
            #"""
            "messages":[
                {"role":"system","content":"a"},
                {"role":"developer","content":[{"type":"text","text":"b"}]},
                {"role":"user","name":"c","content":"\u0064"},
                {"role":"assistant","content":"e","tool_calls":[
                    {"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"g\":1}"}}]},
                {"role":"tool","tool_call_id":"call_1","content":"h"},
                {"content":[{"text":"i","type":"text"}],"role":"tool"},
                {"role":"function","name":"j","content":"k"}],
            "user":"l",
            "tools":[{"type":"function","function":{"name":"m","parameters":{"n":"o"}}}],
            "p":{"q":["r"]}
            """#)

        #expect(
            found == [
                "system request 0 a", "system request 1 b", "user request 2 c", "user request 2 d",
                "assistant request 3 e", "assistant tool_call 3 f", #"assistant tool_call 3 {"g":1}"#,
                "tool tool_result 4 h", "tool tool_result 5 i", "tool tool_result 6 j", "tool tool_result 6 k",
                "user request -1 l", "user request -1 m", "user request -1 n", "user request -1 o",
                "user request -1 p", "user request -1 q", "user request -1 r",
            ])
    }

    @Test("A role that is written with escapes is the role that it spells")
    func escapedRole() throws {
        #expect(try texts(#""messages":[{"role":"\u0074ool","content":"x"}]"#) == ["tool tool_result 0 x"])
    }

    @Test("Calls keep their phase when the role comes after them")
    func lateRole() throws {
        let found = try texts(
            #""messages":[{"tool_calls":[{"function":{"arguments":"{}","name":"f"}}],"content":"x","role":"assistant"}]"#
        )

        #expect(found == ["assistant tool_call 0 {}", "assistant tool_call 0 f", "assistant request 0 x"])
    }

    @Test("What only an assistant can do is a plain text of anyone else", arguments: [true, false])
    func callsOfUsers(roleIsLast: Bool) throws {
        let calls = #""tool_calls":[{"function":{"arguments":"{}","name":"f"}}]"#
        let rest = #""content":[],"role":"user""#
        let message = roleIsLast ? "{\(calls),\(rest)}" : "{\(rest),\(calls)}"

        #expect(try texts("\"messages\":[\(message)]") == ["user request 0 {}", "user request 0 f"])
    }

    @Test(
        "A value that should be a plain name is a text when it is not",
        arguments: [
            ("call_1", false), ("call_9b1deb4d3b7d4bad9bdd", false), ("auto", false), ("0", false),
            ("gpt-4o-2024-08-06", false), ("toolu_01A09q90qw90lq917835lq9", true), ("AKIAQYLPMN5HFIQR7XYA", true),
            ("c/4111-1111-1111-1111", true), ("ssn:536-22-8041", true),
            ("ann@example.com", true), ("4111111111111111", true), ("DE89370400440532013000", true), ("call 1", true),
            ("123-45-6789", true), ("caf\u{e9}", true), (String(repeating: "a", count: 129), true),
            ("sk-or-v1-" + String(repeating: "3fa9", count: 16), true),
            ("shpat_" + String(repeating: "7c05", count: 8), true),
        ])
    func names(value: String, isText: Bool) throws {
        let found = try texts(#""messages":[{"role":"tool","tool_call_id":"\#(value)","content":"x"}]"#)

        #expect(found.contains("tool tool_result 0 \(value)") == isText)
    }

    @Test("A name with escapes is a text, whatever it spells")
    func escapedName() throws {
        #expect(
            try texts(#""messages":[{"role":"user","content":""}],"service_tier":"a\u0062"}"#.dropLast().description)
                == ["user request -1 ab"])
    }

    @Test("A file in base64 is no text; what only claims to be one is")
    func media() throws {
        let data = String(repeating: "QUJD", count: 100)
        func isText(_ url: String) throws -> Bool {
            let part = #"{"type":"image_url","image_url":{"url":"\#(url)"}}"#
            return try !texts(#""messages":[{"role":"user","content":[\#(part)]}]"#).isEmpty
        }

        #expect(try !isText("data:image/png;base64,\(data)"))
        #expect(try isText("data:text/plain;base64,\(data)"))
        #expect(try isText("data:image/png,\(data)"))
        #expect(try isText("data:image/png;base64,\(data) 4111 1111 1111 1111"))
        #expect(try isText("https://example.com/?key=\(data)"))
        #expect(try isText("data:image/png;base64,QUJD"))
        #expect(try !isText(data) && !isText("DATA:Image\\/PNG;base64,\(data)\\/"))
    }

    @Test("A text in the place of a file is a text, however it is written")
    func textForMedia() throws {
        let data = String(repeating: "QUJD", count: 100)
        func isText(_ data: String) throws -> Bool {
            let part = #"{"type":"file","file":{"file_data":"\#(data)"}}"#
            return try !texts(#""messages":[{"role":"user","content":[\#(part)]}]"#).isEmpty
        }
        let escaped = "mail jane.doe@example.com or 4111 1111".utf8.map { byte in
            "\\u00" + String(byte, radix: 16)
        }.joined()

        #expect(try isText(escaped + data) && isText(data + "\\u0041"))
        #expect(try isText(data + "4111-1111-1111-1111/536-22-8041") && isText(data + "/4111111111111111/"))
        #expect(try isText(data + "sk-ant-api03/" + data))
        for type in ["", "Text/plain", "application/json", "image/svg+xml", "text\\/html"] {
            #expect(try isText("data:\(type);base64,\(data)"), "\(type)")
        }
        #expect(try !isText("data:application/pdf;base64,\(data)") && !isText(data + "-_"))
    }

    @Test("A text's span leads back to its bytes, escapes included")
    func spans() throws {
        let body = chat(#""messages":[{"role":"user","content":"a \u0041\u006en@x.ch b"}]"#)
        var request = try surface.read(body)
        let text = try #require(request.texts.first)

        request.edits.replace(text.rawRange(of: 2..<10), withJSONEscaped: "[EMAIL]")

        #expect(text.string == "a Ann@x.ch b")
        #expect(
            String(buffer: request.editedBody)
                == #"{"model":"gpt-4o","messages":[{"role":"user","content":"a [EMAIL] b"}]}"#)
    }

    @Test("A buffer whose bytes do not begin at its start is read the same")
    func slicedBody() throws {
        var body = ByteBuffer(string: "xyz")
        body.writeImmutableBuffer(chat())
        body.moveReaderIndex(forwardBy: 3)

        let request = try surface.read(body)

        #expect(request.model == "gpt-4o")
        #expect(request.texts.map(\.string) == ["Hi"])
    }

    @Test(
        "Bytes that are not acceptable are refused with a code",
        arguments: [
            ("", "json.unexpected_end"), ("{", "json.unexpected_end"), ("[]", "request.wrong_type"),
            ("\"model\"", "request.wrong_type"), ("7", "request.wrong_type"),
            (#"{"model":"a","model":"b"}"#, "json.duplicate_key"),
            (#"{"model":"a","mo\u0064el":"b"}"#, "json.duplicate_key"),
            (#"{"model":"a","Model":"b"}"#, "json.case_variant_key"),
            (#"{"model":"a","API_BASE":"b"}"#, "json.case_variant_key"),
            (#"{"model":"\ud800"}"#, "json.lone_surrogate"), (#"{"model":1e400}"#, "json.number_out_of_range"),
            (#"{"model":"a"} x"#, "json.trailing_data"), ("\u{FEFF}{}", "json.byte_order_mark"),
            (String(repeating: "[", count: 100_000), "json.too_deep"),
            (#"{"x":"# + String(repeating: #"{"x":"#, count: 70), "json.too_deep"),
        ])
    func badBytes(body: String, code: String) {
        let fault = #expect(throws: SurfaceFault.self) { try surface.read(body.buffer) }

        #expect(fault?.category == .invalidInput)
        #expect(fault?.code == code)
    }

    @Test("Bytes that are not UTF-8 are refused")
    func invalidUTF8() {
        let fault = #expect(throws: SurfaceFault.self) {
            try surface.read(ByteBuffer(bytes: Array(#"{"model":""#.utf8) + [0xC0, 0x80] + Array(#""}"#.utf8)))
        }

        #expect(fault?.code == "json.invalid_utf8")
    }

    @Test(
        "A field of the wrong type is 400, an impossible value 422, each with its place",
        arguments: [
            (#"{"messages":[]}"#, 400, "model", "The field 'model' is missing."),
            (#"{"model":null}"#, 400, "model", "The field 'model' must be a string."),
            (#"{"model":7}"#, 400, "model", "The field 'model' must be a string."),
            (#"{"model":""}"#, 422, "model", "The field 'model' must be a name of 1 to 256 bytes."),
            (#"{"model":"a"}"#, 400, "messages", "The field 'messages' is missing."),
            (#"{"model":"a","messages":"x"}"#, 400, "messages", "The field 'messages' must be a list of messages."),
            (#"{"model":"a","messages":{}}"#, 400, "messages", "The field 'messages' must be a list of messages."),
            (
                #"{"model":"a","messages":[]}"#, 422, "messages",
                "The field 'messages' must be a list of at least one message."
            ),
            (#"{"model":"a","messages":["x"]}"#, 400, "messages[0]", "The field 'messages[0]' must be an object."),
            (
                #"{"model":"a","messages":[{"role":"assistant"},null]}"#, 400, "messages[1]",
                "The field 'messages[1]' must be an object."
            ),
            (
                #"{"model":"a","messages":[{"content":"x"}]}"#, 400, "messages[0].role",
                "The field 'messages[0].role' is missing."
            ),
            (
                #"{"model":"a","messages":[{"role":"user"}]}"#, 422, "messages[0].content",
                "The field 'messages[0].content' must be a text or a list of parts."
            ),
            (
                #"{"model":"a","messages":[{"role":"user","content":"x"},{"content":null,"role":"system"}]}"#, 422,
                "messages[1].content", "The field 'messages[1].content' must be a text or a list of parts."
            ),
            (
                #"{"model":"a","messages":[{"role":"tool","tool_call_id":"c"}]}"#, 422, "messages[0].content",
                "The field 'messages[0].content' must be a text or a list of parts."
            ),
            (
                #"{"model":"a","messages":[{"role":"assistant"},{"content":"x"}]}"#, 400, "messages[1].role",
                "The field 'messages[1].role' is missing."
            ),
            (
                #"{"model":"a","messages":[{"role":7}]}"#, 400, "messages[0].role",
                "The field 'messages[0].role' must be a string."
            ),
            (
                #"{"model":"a","messages":[{"role":"root"}]}"#, 422, "messages[0].role",
                "The field 'messages[0].role' must be system, developer, user, assistant, tool or function."
            ),
            (#"{"model":"a","stream":"yes"}"#, 400, "stream", "The field 'stream' must be true or false."),
            (#"{"model":"a","stream":1}"#, 400, "stream", "The field 'stream' must be true or false."),
            (
                #"{"model":"a","stream_options":7}"#, 400, "stream_options",
                "The field 'stream_options' must be an object."
            ),
            (#"{"model":"a","n":0}"#, 422, "n", "The field 'n' must be a whole number from 1 to 128."),
            (#"{"model":"a","n":1.5}"#, 422, "n", "The field 'n' must be a whole number from 1 to 128."),
            (#"{"model":"a","n":"2"}"#, 400, "n", "The field 'n' must be a whole number."),
            (
                #"{"model":"a","max_tokens":-1}"#, 422, "max_tokens",
                "The field 'max_tokens' must be a whole number from 1 to 100000000."
            ),
            (
                #"{"model":"a","max_completion_tokens":1e9}"#, 422, "max_completion_tokens",
                "The field 'max_completion_tokens' must be a whole number from 1 to 100000000."
            ),
        ])
    func badFields(body: String, status: Int, param: String, message: String) {
        let fault = #expect(throws: SurfaceFault.self) { try surface.read(body.buffer) }

        #expect(fault?.category.status == status)
        #expect(fault?.param == param)
        #expect(fault?.message == message)
    }

    @Test("A model's name may have 256 bytes, not more")
    func modelLength() throws {
        let members = #""messages":[{"role":"user","content":"Hi"}]"#
        let longest = String(repeating: "m", count: 256)

        #expect(try surface.read(chat(members, model: longest)).model == longest)
        #expect(throws: SurfaceFault.self) { try surface.read(chat(members, model: longest + "m")) }
    }

    @Test(
        "No field lets a caller choose the upstream, its credentials or another model",
        arguments: [
            "api_base", "base_url", "api_key", "api_version", "custom_llm_provider", "model_list", "models",
            "fallbacks",
            "route", "extra_headers", "headers", "extra_body", "organization", "callbacks", "webhook", "mcp_servers",
            "proxy", "provider", "provider_options", "providerOptions", "user_config", "data_sources", "no-log",
        ])
    func refusedFields(name: String) {
        for value in [#""http://169.254.169.254""#, #"{"a":"b"}"#, "[1]", "true", "0"] {
            let fault = #expect(throws: SurfaceFault.self) {
                try surface.read(chat(#""messages":[{"role":"user","content":"Hi"}],"\#(name)":\#(value)"#))
            }

            #expect(fault?.category == .unprocessable)
            #expect(fault?.code == "request.field_not_allowed")
            // Of a choice among OpenRouter's providers, the member that is none is named.
            #expect(fault?.param == (name == "provider" && value.hasPrefix("{") ? "provider.a" : name))
        }
    }

    @Test(
        "Nor does any setting of a cloud or an exporter, however it is called and written",
        arguments: [
            ("aws_region_name", "aws_*"), ("aws_secret_access_key", "aws_*"), ("aws_of_tomorrow", "aws_*"),
            ("AWS_Region_Name", "aws_*"), (#"aw\u0073_x"#, "aws_*"), ("aw\u{17F}_x", "aws_*"), ("aws_", "aws_*"),
            ("vertex_ai_project", "vertex_*"), ("vertex_ai_location", "vertex_*"), ("vertex_credentials", "vertex_*"),
            ("azure_ad_token", "azure_*"), ("litellm_params", "litellm_*"), ("litellm_credential_name", "litellm_*"),
            ("mock_response", "mock_*"), ("langfuse_host", "langfuse_*"), ("watsonx_url", "watsonx_*"),
        ])
    func refusedFamilies(name: String, family: String) {
        for value in [#""http://169.254.169.254""#, #"{"a":"b"}"#, "[1]", "true", "0"] {
            let fault = #expect(throws: SurfaceFault.self) {
                try surface.read(chat(#""\#(name)":\#(value),"messages":[{"role":"user","content":"Hi"}]"#))
            }

            #expect(fault?.code == "request.field_not_allowed")
            #expect(fault?.param == family)
        }
    }

    @Test("What only resembles such a field, or stands elsewhere, passes")
    func others() throws {
        let rest = #""aws":1,"xaws_region":"x","metadata":{"aws_region":"x","api_base":"x"},"x_new":{"aws_region":"x"}"#
        let request = try surface.read(chat(#""messages":[{"role":"user","content":"Hi"}],\#(rest)"#))

        #expect(request.turns == 1)
        let fault = #expect(throws: SurfaceFault.self) {
            try surface.read(
                chat(#""messages":[{"role":"user","content":"Hi"}],"metadata":{"langfuse_host":"http://x"}"#))
        }
        #expect(fault?.param == "metadata.langfuse_*")
    }

    @Test("A tool may not name a server")
    func toolServer() {
        let fault = #expect(throws: SurfaceFault.self) {
            try surface.read(chat(#""tools":[{},{"type":"mcp","server_url":"http://x"}],"messages":[{"role":"user"}]"#))
        }

        #expect(fault?.param == "tools[1].server_url")
    }

    @Test("The same memory serves request after request")
    func reuse() throws {
        var values: [JSONValue] = []
        let first = try surface.read(Fixture.bytes("openai/request-maximal.json"), using: &values)
        let second = try surface.read(chat(), using: &values)

        #expect(first.texts.count > 40)
        #expect(second.texts.map(\.string) == ["Hi"])
    }
}
