import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsWire
import NIOCore
import Testing

struct AnswerReaderTests {
    private let surface = Surface.chatCompletions

    private func slice(_ answer: SurfaceAnswer, _ token: ChoiceToken) -> String {
        String(buffer: answer.body.getSlice(at: token.range.lowerBound, length: token.range.count) ?? ByteBuffer())
    }

    @Test("A whole answer gives its texts, its usage and its model")
    func wholeAnswer() throws {
        let answer = try surface.readAnswer(Fixture.bytes("openai/answer.json"))

        #expect(answer.texts.map(\.text.string) == ["Hello, Ann!", "Hello", "H", "Hi"])
        #expect(answer.texts.map(\.channel) == [.content, .logprobs(1), .logprobs(2), .logprobs(3)])
        #expect(answer.model == "gpt-4o-2024-08-06")
        #expect(answer.usage == Usage(inputTokens: 19, outputTokens: 10, cachedInputTokens: 8))
        #expect(answer.finishes.map { slice(answer, $0) } == [#""stop""#])
        #expect(answer.logprobs.map(\.choice) == [0])
        #expect(answer.logprobs.allSatisfy { slice(answer, $0).hasPrefix(#"{"content": [{"token": "Hello""#) })
        #expect(answer.error == nil)
        #expect(answer.choices == 1)
    }

    @Test("Each text knows its choice, its channel and its phase")
    func channels() throws {
        let answer = try surface.readAnswer(Fixture.bytes("openai/answer-maximal.json"))

        let found = answer.texts.filter { $0.channel != .other }.map { "\($0.choice) \($0.channel) \($0.text.string)" }
        #expect(
            found == [
                "1 content Part.", "1 refusal No.", "1 reasoning Hm.", "1 reasoningContent Hmm.",
                "1 reasoningDetails Hmmm.", "1 reasoningDetails In short.", "1 transcript Spoken.",
                #"1 toolArguments(0) {"place":"Bern"}"#, "1 toolArguments(1) 1 + 1", "1 functionArguments {}",
                "0 completion An old completion.", "1 reasoningDetails Hmmm.In short.",
            ])
        #expect(answer.texts.filter { $0.channel == .other }.map(\.text.string).contains("A title"))
        #expect(answer.texts.allSatisfy { $0.choice == $0.text.index })
        #expect(answer.finishes.map(\.choice) == [1, 0])
        #expect(answer.usage == Usage(inputTokens: 5, outputTokens: 6, cachedInputTokens: 2))
    }

    @Test(
        "Answers that lack what others have are read all the same",
        arguments: [
            (#"{"choices":[]}"#, [String]()),
            (#"{"choices":[{}]}"#, []),
            (#"{"choices":[null]}"#, []),
            (#"{"choices":[{"message":null,"finish_reason":null,"logprobs":null}],"usage":null,"error":null}"#, []),
            (#"{"choices":[{"message":{"content":null,"tool_calls":null,"refusal":null}}]}"#, []),
            (#"{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":-1,"completion_tokens":1e3}}"#, ["x"]),
            (
                #"{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":99999999999999,"completion_tokens":"5"}}"#,
                ["x", "99999999999999", "5"]
            ),
            (
                #"{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":123456789012345678901234567890}}"#,
                ["x", "123456789012345678901234567890"]
            ),
        ])
    func gaps(body: String, texts: [String]) throws {
        let answer = try surface.readAnswer(body.buffer)

        #expect(answer.texts.map(\.text.string) == texts)
        #expect(answer.usage == nil)
        #expect(answer.error == nil)
    }

    @Test("More tokens from the cache than in all cannot be")
    func forgedUsage() throws {
        let answer = try surface.readAnswer(
            #"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":900}}}"#
                .buffer)

        #expect(answer.usage == Usage(inputTokens: 5, outputTokens: 1, cachedInputTokens: 5))
    }

    @Test(
        "What is no answer is malformed",
        arguments: [
            "", "<html>502 Bad Gateway</html>", "{}", "[]", "null", #"{"choices":{}}"#, #"{"choices":[],"choices":[]}"#,
            #"{"choices":[{"message":{"content":"a","content":"b"}}]}"#,
            #"{"choices":[{"message":{"content":"\ud800"}}]}"#,
            #"{"choices":[{"index":5000,"message":{"content":"a"}}]}"#,
            #"{"choices":[{"message":{"tool_calls":[{"index":5000,"function":{"arguments":"a"}}]}}]}"#,
            String(repeating: "{\"a\":", count: 100),
        ])
    func malformed(body: String) {
        #expect(throws: DialectError.self) { try surface.readAnswer(body.buffer) }
    }

    @Test("Ten thousand choices are no answer")
    func tooManyChoices() {
        let choices = Array(repeating: "{}", count: 10_000).joined(separator: ",")

        #expect(throws: DialectError.malformed("an answer with too many choices or tool calls")) {
            try surface.readChunk(#"{"choices":[\#(choices)]}"#.buffer)
        }
    }

    @Test("An error that comes with status 200 is an error")
    func errorInAnswer() throws {
        let answer = try surface.readAnswer(
            #"{"error":{"message":"No luck.","type":"server_error","code":null}}"#.buffer)

        #expect(answer.error == UpstreamFailure(.serverError, message: "No luck."))
    }

    @Test("A stream's events give deltas, a finish reason, the usage and the end")
    func stream() throws {
        var parser = EventStreamParser(maxEventBytes: 1 << 20)
        parser.push(try Fixture.bytes("openai/stream.sse"))
        var chunks: [SurfaceChunk] = []
        while let event = try parser.next() { chunks.append(try surface.readChunk(event.data)) }

        #expect(chunks.map { $0.deltas.map(\.text.string) } == [[], ["Grüezi", "Gr"], [#" "Ann""#], [], [], []])
        #expect(chunks.map(\.finishes.count) == [0, 0, 0, 1, 0, 0])
        #expect(chunks.map(\.logprobs.count) == [0, 1, 0, 0, 0, 0])
        #expect(chunks.map(\.isUsageOnly) == [false, false, false, false, true, false])
        #expect(chunks.map(\.isDone) == [false, false, false, false, false, true])
        #expect(chunks[4].usage == Usage(inputTokens: 9, outputTokens: 12, cachedInputTokens: 4))
        #expect(chunks[0].model == "gpt-4o-mini")
    }

    @Test("A name of an event that is plain and as it was is not reported again")
    func repeatedNames() throws {
        var names = RepeatedNames()
        func reported(_ members: String) throws -> [String] {
            let chunk = try surface.readChunk(
                #"{\#(members),"choices":[{"index":1,"delta":{"role":"r"}}]}"#.buffer, after: &names)
            return chunk.names.map { "\($0.text.choice) \($0.text.text.string) \($0.isPlain)" }
        }

        #expect(try reported(#""id":"a1","model":"m""#) == ["-1 a1 true", "-1 m true", "1 r true"])
        #expect(try reported(#""model":"m","id":"a1""#) == ["1 r true"])
        #expect(try reported(#""id":"a2","model":"m""#) == ["-1 a2 true", "1 r true"])
        #expect(try reported(#""id":"41111111","model":"m@x""#) == ["-1 41111111 false", "-1 m@x false", "1 r true"])
        #expect(try reported(#""id":"a2","model":"m@x""#) == ["-1 a2 true", "-1 m@x false", "1 r true"])
    }

    @Test("A tool call's number counts, not its place in the event, and may come last")
    func toolCallNumbers() throws {
        let chunk = try surface.readChunk(
            #"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"a"},"index":3},{"index":1,"function":{"arguments":"b"}}],"content":"c"},"index":2}]}"#
                .buffer)

        #expect(chunk.deltas.map(\.channel) == [.toolArguments(3), .toolArguments(1), .content])
        #expect(chunk.deltas.map(\.choice) == [2, 2, 2])
    }

    @Test("An event can be edited where its pieces and its log probabilities stand")
    func edit() throws {
        let data =
            #"{"choices":[{"index":0,"delta":{"content":"4111 \u0031"},"logprobs":{"content":[{"token":"4111"}]}}]}"#
            .buffer
        let chunk = try surface.readChunk(data)
        let delta = try #require(chunk.deltas.first)

        var edits = JSONEdits()
        edits.replace(delta.text.rawRange(of: 0..<6), withJSONEscaped: "\"x\"")
        for token in chunk.logprobs { edits.replace(token.range, with: ByteBuffer(string: "null")) }

        #expect(
            String(buffer: edits.apply(to: data))
                == #"{"choices":[{"index":0,"delta":{"content":"\"x\""},"logprobs":null}]}"#)
    }

    @Test(
        "An error in a stream is understood in each of its forms",
        arguments: [
            (#"{"error":{"message":"Busy","type":"overloaded_error"}}"#, UpstreamFailure.Kind.serverError, "Busy"),
            (#"{"error":{"message":"Slow down","type":"rate_limit_error","code":null}}"#, .rateLimit, "Slow down"),
            (#"{"error":"plain words"}"#, .serverError, "plain words"),
            (#"{"error":{}}"#, .serverError, "The provider failed."),
            (
                #"{"id":"x","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":429,"message":"Too many"}}"#,
                .rateLimit, "Too many"
            ),
            (
                #"{"error":{"message":"prompt is too long","type":"invalid_request_error"}}"#, .contextWindow,
                "prompt is too long"
            ),
        ])
    func errorInStream(data: String, kind: UpstreamFailure.Kind, message: String) throws {
        let chunk = try surface.readChunk(data.buffer)

        #expect(chunk.error == UpstreamFailure(kind, message: message))
    }

    @Test(
        "An event that is no strict JSON is malformed",
        arguments: ["", "[DONE", "{\"choices\":[", "data", "{\"a\":1,\"a\":2}"])
    func malformedChunk(data: String) {
        #expect(throws: DialectError.self) { try surface.readChunk(data.buffer) }
    }

    @Test(
        "A template repeats no value that may have to be taken out",
        arguments: [
            #""id":"4111 1111 1111 1111","model":"m""#, #""id":"c","model":"jane@example.com""#,
            #""id":{"a":1},"model":"m\"1""#,
            #""id":4111111111111111,"created":4111111111111111"#, #""created":41111111111e1"#, #""created":"17""#,
            #""created":4111111111111,"model":["m"]"#,
        ])
    func cautiousTemplate(members: String) throws {
        let chunk = try surface.readChunk(#"{\#(members),"choices":[]}"#.buffer)
        var out = ByteBuffer()

        ChunkTemplate(chunk).writeFinish("stop", choice: 0, into: &out)

        let start = #"data: {"id":(""|"c"),"object":"chat.completion.chunk","created":0,"model":(""|"m"),"choices":\["#
        #expect(String(buffer: out).firstMatch(of: try Regex(start)) != nil)
    }

    @Test("A template writes events in the form of the stream's own")
    func template() throws {
        let chunk = try surface.readChunk(
            #"{"id":"c-1","object":"chat.completion.chunk","created":17,"model":"m:1","choices":[]}"#.buffer)
        let template = ChunkTemplate(chunk)
        var out = ByteBuffer()

        template.writeText("a\"b\n".buffer, choice: 1, channel: .content, into: &out)
        template.writeText("{".buffer, choice: 0, channel: .toolArguments(2), into: &out)
        template.writeFinish("content_filter", choice: 1, into: &out)
        template.writeUsage(Usage(inputTokens: 3, outputTokens: 4, cachedInputTokens: 1), into: &out)

        let start = #"data: {"id":"c-1","object":"chat.completion.chunk","created":17,"model":"m:1","choices":["#
        #expect(
            String(buffer: out)
                == [
                    start + #"{"index":1,"delta":{"content":"a\"b\n"},"finish_reason":null}]}"#,
                    start
                        + #"{"index":0,"delta":{"tool_calls":[{"index":2,"function":{"arguments":"{"}}]},"finish_reason":null}]}"#,
                    start + #"{"index":1,"delta":{},"finish_reason":"content_filter"}]}"#,
                    start
                        + #"],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":1}}}"#,
                    "",
                ].joined(separator: "\n\n"))
    }

    @Test(
        "What a template writes is read as the text that it is, on each channel",
        arguments: [
            KeeptrustsDialects.Channel.content, .completion, .refusal, .reasoning, .reasoningContent, .reasoningDetails,
            .transcript,
            .toolArguments(7),
            .functionArguments,
        ])
    func templateChannels(channel: KeeptrustsDialects.Channel) throws {
        let template = ChunkTemplate(try surface.readChunk(#"{"choices":[]}"#.buffer))
        var out = ByteBuffer()
        template.writeText("é \"\\".buffer, choice: 5, channel: channel, into: &out)
        var parser = EventStreamParser(maxEventBytes: 1_000)
        parser.push(out)
        let event = try #require(try parser.next())

        let delta = try #require(try surface.readChunk(event.data).deltas.first)

        #expect(delta.channel == channel)
        #expect(delta.choice == 5)
        #expect(delta.text.string == "é \"\\")
    }

    @Test("The list of models is what SDKs expect")
    func modelList() throws {
        let list = ModelList([.init(id: "gpt-4o", owner: "openai"), .init(id: "c\"", owner: "anthropic")], created: 17)

        #expect(
            String(buffer: list.body)
                == #"{"object":"list","data":[{"id":"gpt-4o","object":"model","created":17,"owned_by":"openai"},{"id":"c\"","object":"model","created":17,"owned_by":"anthropic"}]}"#
        )
        #expect(
            list.body(of: "gpt-4o").map { String(buffer: $0) }
                == #"{"id":"gpt-4o","object":"model","created":17,"owned_by":"openai"}"#)
        #expect(list.body(of: "none") == nil)
    }
}
