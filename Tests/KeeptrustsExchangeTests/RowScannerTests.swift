import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange
import KeeptrustsPolicy
import NIOCore
import Testing

/// Chains for tests of what judges texts.
enum TestChain {
    /// Compiles a chain of the kinds whose patterns take no time to compile.
    static func make(_ chain: String, _ settings: String = "{}") throws -> PolicyChain {
        try config(chain, settings).compileChain(cacheDirectory: TestPatterns.directory)
    }

    static func config(_ chain: String, _ settings: String = "{}", _ more: String = "") throws -> PolicyConfig {
        try PolicyConfig(
            yaml: """
                pack: {name: test, version: 1.0.0}
                policies: {chain: \(chain)}
                policy: \(settings)
                providers: {targets: [{id: main, provider: demo, model: demo}]}
                \(more)
                """, file: "test.yaml")
    }
}

struct RowScannerTests {
    /// The predictions for a file, a line each, and the summary.
    private func scan(
        _ rows: String, _ chain: PolicyChain, phase: Phase? = nil, writesText: Bool = false
    ) -> (lines: [String], summary: ScanSummary) {
        var scanner = RowScanner(chain, phase: phase, writesText: writesText)
        var splitter = LineSplitter()
        splitter.push(ByteBuffer(string: rows))
        while let line = splitter.next() { scanner.take(line) }
        if let line = splitter.next(isLast: true) { scanner.take(line) }
        let output = String(buffer: scanner.takeOutput())
        return (output.split(separator: "\n").map(String.init), scanner.summary)
    }

    @Test("Places count in code points, whatever the text is written in")
    func codePoints() throws {
        let rows = """
            {"id":"a","text":"é😀 mail jane@example.com","other":[1,{"x":null}]}
            {"id": 7, "text": "\\u00e9\\ud83d\\ude00 mail jane@example.com\\n"}
            {"id":"c","text":"nothing"}
            """

        let (lines, summary) = scan(rows, try TestChain.make("[pii-detector]"))

        let label = #"[{"type":"EMAIL","category":"EMAIL","start":8,"end":24,"score":1.0}]"#
        #expect(
            lines == [
                #"{"id":"a","labels":\#(label),"verdict":"redact","blocked":false,"score":1.0}"#,
                #"{"id":7,"labels":\#(label),"verdict":"redact","blocked":false,"score":1.0}"#,
                #"{"id":"c","labels":[],"verdict":"allow","blocked":false,"score":0.0}"#,
            ])
        #expect((summary.rows, summary.detected, summary.redacted, summary.blocked) == (3, 2, 2, 0))
    }

    @Test("The text that goes on is written when it is asked for; nothing of a blocked one")
    func redacted() throws {
        let row = #"{"id":1,"text":"say \"x\" to jane@example.com, bob@example.com."}"#

        let redacting = scan(row, try TestChain.make("[pii-detector]"), writesText: true)
        let blocking = scan(
            row, try TestChain.make("[pii-detector]", "{pii-detector: {action: block}}"), writesText: true)

        #expect(
            redacting.lines.first?.hasSuffix(
                #""score":1.0,"redacted":"say \"x\" to [EMAIL_REDACTED], [EMAIL_REDACTED]."}"#) == true)
        #expect(blocking.lines.first?.hasSuffix(#""blocked":true,"score":1.0,"redacted":""}"#) == true)
    }

    @Test(
        "A service that is not asked has nothing against a text",
        arguments: [
            ("external-moderation", "{endpoint: 'http://127.0.0.1:9'}"),
            (
                "embedding-detector",
                "{backend: external, endpoint: 'http://127.0.0.1:9', categories: [{label: a, reference_text: b}]}"
            ),
            (
                "quality-scorer",
                "{providers: [{id: j, model: m, endpoint: 'http://127.0.0.1:9'}], assertions: [{type: llm-rubric, value: good}]}"
            ),
        ])
    func unasked(kind: String, settings: String) throws {
        let row = #"{"id":1,"text":"a quiet day","role":"assistant"}"#

        let (lines, summary) = scan(row, try TestChain.make("[{id: c, kind: \(kind)}]", "{c: \(settings)}"))

        #expect(lines == [#"{"id":1,"labels":[],"verdict":"allow","blocked":false,"score":0.0}"#])
        #expect((summary.rows, summary.detected) == (1, 0))
    }

    @Test("A policy that only observes is scored like one that acts, and blocks nothing")
    func observe() throws {
        let chain = try TestChain.make(
            "[{id: trial, kind: pii-detector, mode: observe}]", "{trial: {action: block}}")

        let (lines, _) = scan(#"{"id":1,"text":"jane@example.com"}"#, chain)

        #expect(lines.first?.hasSuffix(#""verdict":"allow","blocked":false,"score":1.0}"#) == true)
    }

    @Test("A credential is labelled with the one name that scorers take for all of them")
    func secret() throws {
        let (lines, _) = scan(
            #"{"id":1,"text":"use AKIAQ3EGRIBFOO5XK2LM now"}"#, try TestChain.make("[dlp-filter]"))

        #expect(
            lines.first?.contains(#""labels":[{"type":"SECRET","category":"secret.aws","start":4,"end":24"#) == true)
    }

    @Test("What two policies find at one place is one label; two types are two")
    func overlaps() throws {
        let chain = try TestChain.make(
            "[dlp-filter, {id: again, kind: dlp-filter}, pii-detector]",
            "{pii-detector: {detect_patterns: ['K[A-Z0-9]+']}}")

        let line = try #require(scan(#"{"id":1,"text":"use AKIAQ3EGRIBFOO5XK2LM now"}"#, chain).lines.first)

        #expect(line.components(separatedBy: #""type":"SECRET""#).count == 2)
        #expect(line.components(separatedBy: #""type":"CUSTOM""#).count == 2)
    }

    @Test(
        "A row's text is judged where it stands",
        arguments: [
            (#"{"id":1,"text":"jane@example.com"}"#, "request"),
            (#"{"id":1,"text":"jane@example.com","role":null}"#, "request"),
            (#"{"id":1,"text":"jane@example.com","role":"tool"}"#, "tool_result"),
            (#"{"id":1,"text":"jane@example.com","role":"assistant"}"#, "response"),
            (#"{"id":1,"text":"jane@example.com","phase":"tool_call"}"#, "tool_call"),
            (#"{"id":1,"text":"jane@example.com","context":["a source"]}"#, "response"),
            (#"{"id":1,"text":"-","tool":"send","arguments":{"to":"jane@example.com"}}"#, "tool_call"),
        ])
    func places(row: String, phase: String) throws {
        for candidate in Phase.allCases {
            let chain = try TestChain.make("[{id: a, kind: pii-detector, on: [\(candidate.rawValue)]}]")
            #expect(scan(row, chain).summary.detected == (candidate.rawValue == phase ? 1 : 0), "\(candidate)")
        }
    }

    @Test("Rows that do not say where they stand, stand where the command says")
    func defaultPhase() throws {
        let chain = try TestChain.make("[{id: a, kind: pii-detector, on: [response]}]")
        let rows = #"{"id":1,"text":"jane@example.com"}"# + "\n" + #"{"id":2,"text":"jane@example.com","role":"user"}"#

        #expect(scan(rows, chain, phase: .response).summary.detected == 1)
        #expect(scan(rows, chain).summary.detected == 0)
    }

    @Test("In a tool call, places count in the arguments, and what escapes hide is found too")
    func toolCall() throws {
        let chain = try TestChain.make("[pii-detector]")

        let plain = scan(#"{"id":1,"tool":"send","arguments":{"to":"jane@example.com"}}"#, chain)
        let text = scan(#"{"id":1,"tool":"send","arguments":"{\"to\":\"jane@example.com\"}"}"#, chain)
        let hidden = scan(#"{"id":1,"tool":"send","arguments":{"to":"jane\u0040example.com"}}"#, chain)

        #expect(plain.lines.first?.contains(#""start":7,"end":23"#) == true)
        #expect(text.lines == plain.lines)
        #expect(hidden.lines.first?.contains(#""verdict":"redact""#) == true)
    }

    @Test(
        "A text in pieces is judged as it comes, and like the whole",
        arguments: [
            #"["é jane@example.com, 4111-1111-1111-1111!"]"#,
            #"["é ja","ne@exam","ple.com, 41","11-1111-1111-1111","!"]"#,
            #"["é jane@example.com",", 4111-1111-1111-1111!",""]"#,
        ])
    func pieces(chunks: String) throws {
        let row = #"{"id":"s","text":"é jane@example.com, 4111-1111-1111-1111!","chunks":\#(chunks)}"#

        let (lines, summary) = scan(row, try TestChain.make("[pii-detector]"), writesText: true)

        #expect((summary.inPieces, summary.differing) == (1, 0))
        #expect(lines.first?.contains(#""redacted":"é [EMAIL_REDACTED], [CREDIT_CARD_REDACTED]!""#) == true)
        #expect(lines.first?.contains(#""start":2,"end":18"#) == true)
    }

    @Test("Of a text in pieces that is blocked, what went on before is written")
    func blockedInPieces() throws {
        let chain = try TestChain.make("[pii-detector]", "{pii-detector: {action: block}}")
        let row = #"{"id":"s","text":"Hello there, jane@example.com","chunks":["Hello ","there, jane","@example.com"]}"#

        let (lines, summary) = scan(row, chain, writesText: true)

        #expect((summary.inPieces, summary.differing) == (1, 0))
        #expect(lines.first?.hasSuffix(#""blocked":true,"score":1.0,"redacted":"Hello there, "}"#) == true)
    }

    @Test(
        "A line that is no row is named, and the others are judged",
        arguments: [
            ("[]", "it has no 'id'"),
            (#"{"id":1}"#, "it has no 'text'"), (#"{"text":"a"}"#, "it has no 'id'"),
            (#"{"id":null,"text":"a"}"#, "it has no 'id'"), (#"{"id":{},"text":"a"}"#, "'id' is no text and no number"),
            (#"{"id":1,"text":["a"]}"#, "'text' is no text"),
            (#"{"id":1,"text":"a","text":"b"}"#, "it is not JSON: duplicate key at byte 19"),
            (#"{"id":1,"text":"a","role":"robot"}"#, "'role' is none of system, user, assistant, tool"),
            (#"{"id":1,"text":"a","phase":"x"}"#, "'phase' is none of request, response, tool_call, tool_result"),
            (#"{"id":1,"text":"ab","chunks":["a"]}"#, "'chunks' are not the pieces of 'text'"),
            (#"{"id":1,"text":"ab","chunks":["b","a"]}"#, "'chunks' are not the pieces of 'text'"),
            (#"{"id":1,"text":"ab","chunks":"ab"}"#, "'chunks' and 'context' are lists of texts"),
            (#"{"id":1,"text":"ab","chunks":["a",1]}"#, "'chunks' is no text"),
            (#"{"id":1,"text":"\ud800"}"#, "it is not JSON: lone surrogate at byte 16"),
            (#"{"id":1,"text":"a"} x"#, "it is not JSON: trailing data at byte 20"),
            (#"{"id":1,"tool":"x"}"#, "it has a 'tool', and no 'arguments'"),
            (#"{"id":1,"tool":"x","arguments":"nojson"}"#, "'arguments' is no object, and no text that holds one"),
            (#"{"id":1,"tool":"x","arguments":"[{}]"}"#, "'arguments' is no object, and no text that holds one"),
            (#"{"id":1,"tool":"x","arguments":["{}"]}"#, "'arguments' is no object, and no text that holds one"),
            (#"{"id":1,"tool":"x","arguments":7}"#, "'arguments' is no object, and no text that holds one"),
        ])
    func badRows(line: String, problem: String) throws {
        let good = #"{"id":1,"text":"a"}"#

        let (lines, summary) = scan("\(good)\n\n\(line)\n\(good)\n", try TestChain.make("[audit-logger]"))

        #expect(lines.count == 2)
        #expect(summary.badRowCount == 1)
        #expect(summary.remarks(file: "rows.jsonl") == ["rows.jsonl:3: error: \(problem)"])
    }

    @Test("Bytes that are no text are refused, and a thousand bad lines are counted, not kept")
    func hostile() throws {
        let chain = try TestChain.make("[audit-logger]")
        var scanner = RowScanner(chain)
        let depth = String(repeating: "[", count: 100_000)
        for number in 1...1_000 {
            scanner.take(.init(number: number, bytes: ByteBuffer(bytes: [0x7B, 0xFF, 0x00])))
        }
        scanner.take(.init(number: 1_001, bytes: ByteBuffer(string: #"{"id":1,"text":"a","x":\#(depth)"#)))
        scanner.take(.init(number: 1_002, bytes: nil))

        #expect(scanner.summary.badRowCount == 1_002)
        #expect(scanner.summary.badRows.count == 20)
        #expect(scanner.summary.remarks(file: "f").last == "f: and 982 more such lines")
        #expect(scanner.outputBytes == 0)
    }

    @Test("The summary says the same to people and to programs")
    func summary() throws {
        let row = #"{"id":"s","text":"jane@example.com","chunks":["jane","@example.com"]}"#
        let (_, summary) = scan(row, try TestChain.make("[pii-detector]"))

        #expect(
            summary.text(after: .milliseconds(16)) == """
                1 rows: 1 with findings, 1 redacted, 0 blocked; 1 in pieces, 0 of them judged otherwise; \
                0.0 MB in 0.02 s (0.0 MB/s)
                """)
        #expect(summary.json(after: .seconds(1)).contains("\"in_pieces\" : 1"))
    }
}
