import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

struct CodeSanitizerTests {
    static let chain = try? PolicyChain(["code-sanitizer"])

    @Test("Dangerous code and secrets in blocks of code of an answer are replaced")
    func redacts() throws {
        let chain = try #require(Self.chain)
        let answer = """
            Never run rm -rf / or eval(input()).
            ```bash
            # cleans up
            rm -rf / --verbose
            export TOKEN=k3LmQ7rTvB2nYc4W
            ```
            Then use `rm -rf /` nowhere, password=k3LmQ7rTvB2n.
            """
        let expected = """
            Never run rm -rf / or eval(input()).
            ```bash
            # cleans up
            [REDACTED] --verbose
            export TOKEN=[REDACTED]
            ```
            Then use `rm -rf /` nowhere, password=k3LmQ7rTvB2n.
            """

        #expect(chain.passed(answer, .response) == expected)
        #expect(chain.judge(answer, .response).reason?.code == "code_sanitizer.redacted")
        #expect(chain.passed(answer, .request) == answer)
    }

    @Test("What a stream lets out does not depend on the pieces", arguments: [1, 2, 7, 30, 200])
    func streams(size: Int) throws {
        let chain = try #require(Self.chain)
        let answer = """
            eval(input())
            ```python
            x = eval(input("> "))
            ```
            eval(input())
            ~~~
            requests.get(u, verify=False)
            """
        let bytes = Array(answer.utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }

        let result = chain.streamed(pieces)

        #expect(
            result.text == """
                eval(input())
                ```python
                x = [REDACTED]
                ```
                eval(input())
                ~~~
                requests.get(u, [REDACTED])
                """)
        #expect(result.text == chain.passed(answer, .response))
    }

    @Test("It blocks where it is told to, looks for patterns of one's own, and can be switched off")
    func settings() throws {
        let code = "```\nDELETE FROM users;\nlegacy_call(1)\n```"
        let block = try PolicyChain(["code-sanitizer"], ["code-sanitizer": ["block_on_match": true]])
        let own = try PolicyChain(
            ["code-sanitizer"], ["code-sanitizer": ["additional_patterns": [#"legacy_call\(\d\)"#]]])
        let off = try PolicyChain(["code-sanitizer"], ["code-sanitizer": ["enabled": false]])

        #expect(block.judge(code, .response).verdict == .block)
        #expect(block.judge(code, .response).reason?.code == "code_sanitizer.detected")
        #expect(block.judge("DELETE FROM users;", .response).verdict == .allow)
        #expect(own.passed(code, .response) == "```\n[REDACTED]\n[REDACTED]\n```")
        #expect(own.passed("legacy_call(1)", .response) == "legacy_call(1)")
        #expect(off.passed(code, .response) == code)
    }

    @Test("In a chain with dlp-filter, each marks what is its own")
    func together() throws {
        let chain = try PolicyChain([["kind": "dlp-filter", "on": ["response"]], "code-sanitizer"])

        let text = "password=k3LmQ7rTvB2n\n```\nrm -rf /\n```"

        #expect(chain.passed(text, .response) == "password=[PASSWORD_REDACTED]\n```\n[REDACTED]\n```")
    }

    @Test("The kind's other name is told apart", arguments: ["code-sanitation", "code_sanitizer"])
    func names(name: String) throws {
        let error = #expect(throws: ConfigError.self) { try PolicyChain([.string(name)]) }

        #expect(error?.description.contains("did you mean 'code-sanitizer'?") == true)
    }
}
