import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsWire
import NIOCore
import Testing

struct UpstreamFailureTests {
    private func failure(_ status: Int, _ body: String) -> UpstreamFailure {
        OpenAIForChat().failure(status: status, body: body.buffer)
    }

    @Test(
        "A provider's error is understood, and told without credentials",
        arguments: [
            (
                400, "openai/error-400.json",
                UpstreamFailure(
                    .invalidRequest, message: "Invalid type for 'temperature': expected a number.", param: "temperature"
                )
            ),
            (
                401, "openai/error-401.json",
                UpstreamFailure(.auth, message: "The provider refused the gateway's credential.")
            ),
            (
                429, "openai/error-429.json",
                UpstreamFailure(
                    .rateLimit, message: "Rate limit reached for gpt-4o in organization [removed] on tokens per min.")
            ),
            (
                429, "openai/error-quota.json",
                UpstreamFailure(
                    .quota, message: "The account at the provider has no quota left.")
            ),
            (
                400, "openai/error-context.json",
                UpstreamFailure(
                    .contextWindow,
                    message:
                        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."
                )
            ),
            (429, "openai/error-google.json", UpstreamFailure(.rateLimit, message: "Resource has been exhausted.")),
            (
                422, "openai/error-mistral.json",
                UpstreamFailure(.invalidRequest, message: "Extra inputs are not permitted")
            ),
            (529, "anthropic/error-529.json", UpstreamFailure(.serverError, message: "Overloaded")),
            (
                400, "anthropic/error-400.json",
                UpstreamFailure(
                    .contextWindow, message: "prompt is too long: 210000 tokens > 200000 maximum")
            ),
        ])
    func fixtures(status: Int, file: String, expected: UpstreamFailure) throws {
        let body = try Fixture.bytes(file)

        #expect(OpenAIForChat().failure(status: status, body: body) == expected)
        #expect(AnthropicForChat(at: Timestamp(rawValue: 0)).failure(status: status, body: body) == expected)
    }

    @Test(
        "Without a word of the provider its status decides",
        arguments: [
            (301, UpstreamFailure.Kind.serverError, 502), (400, .invalidRequest, 400), (401, .auth, 502),
            (402, .quota, 502),
            (403, .auth, 502), (404, .modelNotFound, 404), (408, .timeout, 504), (413, .invalidRequest, 400),
            (418, .serverError, 502), (422, .invalidRequest, 400), (429, .rateLimit, 429), (500, .serverError, 502),
            (502, .serverError, 502), (503, .serverError, 502), (504, .timeout, 504), (529, .serverError, 502),
        ])
    func statuses(status: Int, kind: UpstreamFailure.Kind, callerStatus: Int) {
        for body in ["", "<html>", "null", "{}", "[]", #"{"error":7}"#, #"{"error":{"message":""}}"#] {
            let failure = failure(status, body)

            #expect(failure.kind == kind)
            #expect(failure.category.status == callerStatus)
            #expect(!failure.message.isEmpty)
        }
    }

    @Test("A refused credential stays the gateway's trouble, whatever words come with it")
    func auth() {
        let failure = failure(401, #"{"error":{"message":"no","code":"context_length_exceeded"}}"#)

        #expect(failure.kind == .auth)
        #expect(failure.code == "upstream_auth")
    }

    @Test(
        "Nothing that looks like a key gets out",
        arguments: [
            ("bad key sk-proj-AbCdEfGh1234 here", "bad key [removed] here"),
            ("api_key=sk-ant-api03-xyzxyz", "api_key=[removed]"),
            ("header 'Authorization: Bearer abcdefgh'", "header 'Authorization: Bearer [removed]'"),
            ("AKIAIOSFODNN7EXAMPLE", "[removed]"), ("AIzaSyA-abcdefghijk", "[removed]"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "[removed].[removed].c2lnbmF0dXJl"),
            ("token 0123456789abcdef0123456789abcdef", "token [removed]"),
            ("model claude-3-5-sonnet-20241022 is gone", "model claude-3-5-sonnet-20241022 is gone"),
            ("a\nb\u{0}c\u{7F}d", "a b c d"),
            ("id 123e4567-e89b-12d3-a456-426614174000", "id 123e4567-e89b-12d3-a456-426614174000"),
        ])
    func keys(said: String, told: String) {
        var body = ByteBuffer(string: #"{"error":{"message":"#)
        body.writeJSONString(said)
        body.writeString("}}")

        #expect(OpenAIForChat().failure(status: 400, body: body).message == told)
    }

    @Test("A long message is cut, and a huge body not read at all")
    func bounds() {
        let long = String(repeating: "word ", count: 1_000)

        #expect(failure(500, #"{"error":{"message":"\#(long.prefix(4_000))"}}"#).message.count <= 512)
        #expect(
            failure(500, #"{"error":{"message":"\#(String(repeating: long, count: 50))"}}"#).message
                == "The provider failed (status 500).")
    }

    @Test(
        "A field's name passes only when it is one",
        arguments: [("messages[0].role", true), ("<script>", false), ("a b", false)])
    func params(param: String, passes: Bool) {
        let failure = failure(400, #"{"error":{"message":"x","param":"\#(param)"}}"#)

        #expect((failure.param == param) == passes)
    }
}
