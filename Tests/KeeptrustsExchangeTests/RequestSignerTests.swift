import KeeptrustsConfig
import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsExchange
@testable import KeeptrustsPolicy

@Suite("Requests that are signed for AWS")
struct RequestSignerTests {
    /// A request and its signature, as AWS publishes them.
    struct Example: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var method = "POST"
        var query = ""
        var host = "example.amazonaws.com"
        var service = "service"
        var contentType: String?
        var body = ""
        var token: String?
        var signature: String
    }

    /// From the test suite of Signature Version 4 and the signing process's own example.
    static let published = [
        Example(
            testDescription: "get-vanilla", method: "GET",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Example(
            testDescription: "post-vanilla",
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Example(
            testDescription: "post-vanilla-query", query: "Param1=value1",
            signature: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
        Example(
            testDescription: "post-x-www-form-urlencoded", contentType: "application/x-www-form-urlencoded",
            body: "Param1=value1", signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
        Example(
            testDescription: "post-sts-header-before",
            token:
                "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==",
            signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
        Example(
            testDescription: "IAM's ListUsers", method: "GET", query: "Action=ListUsers&Version=2010-05-08",
            host: "iam.amazonaws.com", service: "iam",
            contentType: "application/x-www-form-urlencoded; charset=utf-8",
            signature: "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"),
    ]

    static let secret = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

    @Test("Published examples have their published signatures", arguments: published)
    func examples(example: Example) throws {
        var signature = RequestSignature(region: "us-east-1", service: example.service)
        let place = SourceLocation(file: "a.yaml", line: 1, column: 1)
        signature.accessKeyVariable = EnvironmentReference("ID", at: place)
        signature.sessionTokenVariable = example.token.map { _ in EnvironmentReference("TOKEN", at: place) }
        let values = ["ID": "AKIDEXAMPLE", "TOKEN": example.token ?? ""]
        let signer = RequestSigner(signature, secretKey: Self.secret) { values[$0.name] }
        let time = try #require(Timestamp("2015-08-30T12:36:00Z"))

        let lines = signer.lines(
            for: RequestSigner.Request(
                method: example.method, path: "/", query: example.query, host: example.host,
                contentType: example.contentType, body: ByteBuffer(string: example.body)),
            at: time)

        let type = example.contentType == nil ? "" : "content-type;"
        let end = example.token == nil ? "" : ";x-amz-security-token"
        let token = example.token.map { "x-amz-security-token: \($0)\r\n" } ?? ""
        #expect(
            lines == "x-amz-date: 20150830T123600Z\r\n\(token)authorization: AWS4-HMAC-SHA256 "
                + "Credential=AKIDEXAMPLE/20150830/us-east-1/\(example.service)/aws4_request, "
                + "SignedHeaders=\(type)host;x-amz-date\(end), Signature=\(example.signature)\r\n")
    }

    /// A chain that redacts addresses here, and asks a guardrail, whose ARN has what paths must escape.
    private static func play(token: Bool = false, region: String = "eu-central-1", more: String = "") throws -> Play {
        let policy =
            "outside: {provider: bedrock-apply-guardrail, access_key_ref: {env: ID}, secret_key_ref: {env: AWS_SECRET}, "
            + "guardrail: {id: 'arn:aws:bedrock:eu-central-1:123456789012:guardrail/abc123', version: '3', region: \(region)}"
            + (token ? ", session_token_ref: {env: TOKEN}" : "") + more + "}"
        let lines = CheckTests.yaml().split(separator: "\n").map {
            $0.contains("outside: {") ? "  " + policy : String($0)
        }
        let environment = ["ID": "AKIDEXAMPLE", "AWS_SECRET": secret.reveal(), "TOKEN": "session/token=="]
        return try Play(lines.joined(separator: "\n"), environment: environment)
    }

    @Test(
        "A guardrail is asked with a signature that AWS's own library makes, too",
        arguments: [
            (false, "0ac856541393cf034a08ba2f6d0195770fae166055a23e972b97176aaf1c6e52"),
            (true, "76bad5bd9711874fe06831d5a36e384cdf271d191c79a4cf62a45a43cea4699a"),
        ])
    func question(hasToken: Bool, signature: String) throws {
        let play = try Self.play(token: hasToken)

        let call = try #require(try play.chat(CheckTests.ask).checks.first)

        let lines = String(buffer: call.bytes).split(separator: "\r\n", omittingEmptySubsequences: false).map(
            String.init)
        #expect(call.endpoint == Endpoint(isTLS: true, host: "bedrock-runtime.eu-central-1.amazonaws.com", port: 443))
        #expect(
            lines.first
                == "POST /guardrail/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Aguardrail%2Fabc123/version/3/apply HTTP/1.1"
        )
        #expect(lines.contains("host: bedrock-runtime.eu-central-1.amazonaws.com"))
        #expect(lines.contains("content-type: application/json"))
        #expect(lines.contains("x-amz-date: 20231114T221320Z"))
        #expect(lines.contains("x-amz-security-token: session/token==") == hasToken)
        #expect(
            lines.contains {
                $0.hasPrefix("authorization: AWS4-HMAC-SHA256 ") && $0.hasSuffix(", Signature=\(signature)")
            })
        #expect(lines.last == #"{"source":"INPUT","content":[{"text":{"text":"I am [EMAIL_REDACTED]."}}]}"#)
        #expect(!lines.joined().contains(Self.secret.reveal()))
    }

    @Test("Without one of its keys, a guardrail is not asked, and nothing passes")
    func keys() throws {
        let play = try Self.play(more: ", session_token_ref: {env: NOT_SET}")

        let actions = try play.chat(CheckTests.ask)

        #expect(actions.checks.isEmpty && actions.call == nil)
        #expect(actions.record?["reason_code"] as? String == "external_moderation.service_credential")
        #expect(
            play.around.current.snapshot.warnings.map(\.message) == [
                "the policy 'outside' cannot ask its service: the variable NOT_SET is not set."
            ])
    }
}
