import KeeptrustsCore
import KeeptrustsPolicy
import NIOCore
import Testing

@Suite("The kind response-rewriter")
struct ResponseRewriterTests {
    private static func chain(_ rules: [Settings], _ others: Settings = [], preserves: Bool = true) throws
        -> PolicyChain
    {
        guard case .list(let entries) = others else { throw CancellationError() }
        return try PolicyChain(
            .list(["response-rewriter"] + entries),
            ["response-rewriter": ["rules": .list(rules), "preserve_structure": .boolean(preserves)]])
    }

    private static func rule(_ pattern: String, _ replacement: String, _ position: String? = nil, name: String = "a")
        -> Settings
    {
        var members: [(String, Settings)] = [
            ("name", .string(name)), ("pattern", .string(pattern)), ("replacement", .string(replacement)),
        ]
        if let position { members.append(("position", .string(position))) }
        return .mapping(members)
    }

    @Test(
        "A rule replaces its matches, or stands before or behind a text that has one",
        arguments: [
            ("colou?r", "hue", nil, "color, colour, cold", "hue, hue, cold"),
            ("(?i)acme(?: inc)?", "ACME Inc.", nil, "Acme and acme inc", "ACME Inc. and ACME Inc."),
            (#"(\w+)@(\w+)"#, "$2 at $1 ($0) $$5", nil, "x joe@home y", "x home at joe (joe@home) $5 y"),
            (#"(a)|(b)"#, "[$1$2]", nil, "abc", "[a][b]c"), ("é", "e", nil, "éé", "ee"),
            ("invest", "No advice. ", "prepend", "You may invest, invest!", "No advice. You may invest, invest!"),
            ("(invest)", " ($1)", "append", "You may invest.", "You may invest. (invest)"),
            ("x", "y", nil, "", ""), ("x", "", nil, "xax", "a"), ("x", "y", "append", "abc", "abc"),
        ] as [(String, String, String?, String, String)])
    func rules(pattern: String, replacement: String, position: String?, text: String, expected: String) throws {
        let chain = try Self.chain([Self.rule(pattern, replacement, position)])

        #expect(chain.passed(text, .response) == expected)
        #expect(chain.passed(text, .request) == text)
        let outcome = chain.judge(text, .response)
        #expect(outcome.verdict == .allow && !outcome.flagged)
        #expect(outcome.results[0].reasonCode == (text == expected ? nil : "response_rewriter.rewritten"))
    }

    @Test("Rules run in their order, each on what the one before has left")
    func order() throws {
        let chain = try Self.chain([
            Self.rule("cat", "dog", name: "1"), Self.rule("dogs?", "bird", name: "2"),
            Self.rule("bird", "See: ", "prepend", name: "3"), Self.rule("See", "Look", name: "4"),
        ])

        #expect(chain.passed("a cat, two dogs", .response) == "Look: a bird, two bird")
    }

    @Test("What another policy has redacted cannot come back, wherever the rewriter stands in the chain")
    func redactions() throws {
        let chain = try Self.chain([Self.rule("reach (.*) now", "$1 is who, yes $1")], ["pii-detector"])

        let text = chain.passed("Please reach Jane <jane@example.com> now.", .response)

        #expect(text == "Please Jane <[EMAIL_REDACTED]> is who, yes Jane <[EMAIL_REDACTED]>.")
        #expect(chain.judge("reach jane@example.com now", .response).verdict == .redact)
    }

    @Test(
        "Of a JSON document only strings change, and it stays one",
        arguments: [
            (true, #"{"a":"x a\u0061 x","n":1,"l":["a",null]}"#, #"{"a":"x \"q\"\"q\" x","n":1,"l":["\"q\"",null]}"#),
            (true, #" ["\"a"] "#, #" ["\"\"q\""] "#), (true, #"{"a": a}"#, #"{""q"": "q"}"#),
            (true, "a [a]", #""q" ["q"]"#),
            (false, #"{"a":"b"}"#, #"{""q"":"b"}"#),
        ])
    func structure(preserves: Bool, text: String, expected: String) throws {
        let chain = try Self.chain([Self.rule("a", #""q""#)], preserves: preserves)

        #expect(chain.passed(text, .response) == expected)
    }

    @Test("A rewriter that observes changes nothing and flags what it would have changed")
    func observe() throws {
        let chain = try PolicyChain(
            [["kind": "response-rewriter", "mode": "observe"]],
            ["response-rewriter": ["rules": [Self.rule("a", "b")]]])

        #expect(chain.judge("a", .response).flagged)
        #expect(chain.judge("a", .response).redactions == [])
        #expect(!chain.judge("c", .response).flagged)
    }

    @Test("Nothing is rewritten in what does not pass, and the rewriter says that it did not run")
    func blocked() throws {
        let chain = try PolicyChain(
            ["response-rewriter", "pii-detector"],
            ["response-rewriter": ["rules": [Self.rule("a", "b")]], "pii-detector": ["action": "block"]])

        let outcome = chain.judge("a jane@example.com", .response)

        #expect(outcome.verdict == .block)
        #expect(outcome.results.map(\.skipped) == [true, false])
    }

    @Test("A text that would grow without bound fails, and the instance decides")
    func growth() throws {
        let rules: Settings = ["rules": [Self.rule("a", String(repeating: "x", count: 4_096))]]
        let closed = try PolicyChain(["response-rewriter"], ["response-rewriter": rules])
        let open = try PolicyChain(["response-rewriter"], ["response-rewriter": rules], failMode: .allow)
        let text = String(repeating: "a", count: 1_000)

        #expect(closed.judge(text, .response).reason?.code == "response_rewriter.failed")
        #expect(open.judge(text, .response).verdict == .allow)
        #expect(open.judge(text, .response).degraded)
        #expect(open.judge(text, .response).redactions == [])
    }

    static let mistakes: [([Settings], String)] = [
        ([rule("a", "$1")], "'policy.response-rewriter.rules.0.replacement' has a '$' that stands for no group."),
        ([rule("a", "5$")], "'policy.response-rewriter.rules.0.replacement' has a '$' that stands for no group."),
        ([rule("(a)\\1", "b")], "'policy.response-rewriter.rules.0.pattern' is no pattern that can be used"),
        ([rule("a*", "b")], "It matches the empty text."),
        ([rule("a", "b"), rule("b", "c")], "there are two rules 'a'."),
        ([rule("a", "b", "behind")], "is 'behind', not one of 'replace', 'prepend', 'append'"),
        ([["name": "a", "pattern": "b"]], "needs the key 'replacement'"),
    ]

    @Test("A mistake in a rule is told", arguments: mistakes)
    func mistake(rules: [Settings], text: String) throws {
        let error = #expect(throws: ConfigError.self) { try Self.chain(rules) }

        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
}
