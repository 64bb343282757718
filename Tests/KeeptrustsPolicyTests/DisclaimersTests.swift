import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("Texts that answers must hold")
struct DisclaimersTests {
    private static func chain(_ texts: [String], _ before: Settings = []) throws -> PolicyChain {
        guard case .list(let entries) = before else { throw CancellationError() }
        return try PolicyChain(
            .list(entries + ["financial-compliance"]),
            ["financial-compliance": ["required_disclaimers": .list(texts.map { .string($0) })]])
    }

    private static func answer(_ text: String, choice: Int32? = 0) -> Segment {
        Segment(ByteBuffer(string: text), role: .assistant, phase: .response, choice: choice)
    }

    private static func outcome(_ chain: PolicyChain, _ segments: [Segment]) -> (texts: [String], outcome: ChainOutcome)
    {
        let outcome = chain.judge(segments, at: .answer, using: MatchScratch(for: chain))
        return (outcome.applied(to: segments).map { String(buffer: $0.text) }, outcome)
    }

    static let answers: [(String, String)] = [
        ("Rates rose.", "Rates rose.\n\nNot advice.\n\nAsk (a) pro."),
        ("Not advice. Rates rose.", "Not advice. Rates rose.\n\nAsk (a) pro."),
        ("Rates rose. not\n  ADVICE. ask (A) pro.", "Rates rose. not\n  ADVICE. ask (A) pro."),
        ("Rates rose. Not advice", "Rates rose. Not advice\n\nNot advice.\n\nAsk (a) pro."), (" \n", " \n"), ("", ""),
    ]

    @Test("What an answer lacks is put at its end, and what it says is not repeated", arguments: answers)
    func completes(text: String, expected: String) throws {
        let chain = try Self.chain(["Not advice.", "Ask (a) pro."])

        let (texts, outcome) = Self.outcome(chain, [Self.answer(text)])

        #expect(texts == [expected])
        #expect(outcome.verdict == .allow && !outcome.flagged)
        let code = text == expected ? nil : "financial_compliance.disclaimer_added"
        #expect(outcome.results[0].reasonCode == code)
    }

    @Test("Each choice is one answer, of however many texts; what is no answer stays as it is")
    func choices() throws {
        let chain = try Self.chain(["Not advice."])
        let segments = [
            Self.answer("One"), Self.answer("Thought", choice: nil), Self.answer("more"),
            Self.answer("Not advice.", choice: 1), Self.answer("more", choice: 1),
            Segment.call("find", "{}"), Segment.user("Hi"),
        ]

        let texts = Self.outcome(chain, segments).texts

        #expect(texts == ["One", "Thought", "more\n\nNot advice.", "Not advice.", "more", "{}", "Hi"])
    }

    @Test("A JSON document stays one: it passes with a flag")
    func document() throws {
        let (texts, outcome) = Self.outcome(try Self.chain(["Not advice."]), [Self.answer(#" {"a": [1]}"#)])

        #expect(texts == [#" {"a": [1]}"#])
        #expect(outcome.flagged && outcome.verdict == .allow)
        #expect(outcome.results[0].reasonCode == "financial_compliance.disclaimer_missing")
        #expect(outcome.results[0].findings.map(\.finding.category) == ["disclaimer.missing"])
    }

    @Test("What another policy takes out of an answer is not there any more")
    func redacted() throws {
        let chain = try Self.chain(["Write to a@example.com."], ["pii-detector"])

        let texts = Self.outcome(chain, [Self.answer("Write to a@example.com.")]).texts

        #expect(texts == ["Write to [EMAIL_REDACTED].\n\nWrite to a@example.com."])
    }

    @Test("A policy that observes puts nothing in, and flags what it would have")
    func observe() throws {
        let chain = try PolicyChain(
            [["kind": "financial-compliance", "mode": "observe"]],
            ["financial-compliance": ["required_disclaimers": ["Not advice."]]])

        let (texts, outcome) = Self.outcome(chain, [Self.answer("Rates rose.")])

        #expect(texts == ["Rates rose."])
        #expect(outcome.flagged)
    }

    @Test("An answer is held whole only where something may be put into it")
    func streaming() throws {
        #expect(try PolicyChain(["financial-compliance"]).streaming == .window)
        #expect(try Self.chain(["Not advice."]).streaming == .whole)
        #expect(try PolicyChain(["healthcare-compliance"]).streaming == .window)
        #expect(try PolicyChain(["upl-filter"]).streaming == .whole)
        #expect(try PolicyChain(["upl-filter"], ["upl-filter": ["require_disclaimer": false]]).streaming == .window)
    }

    static let places: [(String, [Range<Int>], [Range<Int>])] = [
        ("", [], []), ("ab", [0..<1], [0..<2]), ("a. b", [3..<4], [3..<4]), ("a. b", [0..<1], [0..<2]),
        ("a.b c", [0..<1], [0..<5]), ("a.  b", [4..<5], [4..<5]), ("a! b? c", [3..<4, 0..<1], [0..<5]),
        ("a\nb", [2..<3], [2..<3]), ("a.\" b", [0..<1], [0..<3]), ("é. é", [0..<2], [0..<3]),
        ("a. b. c", [1..<4], [0..<5]),
    ]

    @Test("Sentences are found around places in a text", arguments: places)
    func sentences(text: String, spans: [Range<Int>], expected: [Range<Int>]) {
        #expect(ByteBuffer(string: text).sentences(around: spans) == expected)
    }
}
