import Foundation
import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("The kind citation-verifier")
struct CitationVerifierTests {
    /// An answer, and the sources of its request.
    struct Row {
        var answer: String
        var sources: [String]
        var isGrounded: Bool

        static func all(in file: String) throws -> [Row] {
            let path = MarkedText.root.appending(path: "Tests/Fixtures/detection/\(file)")
            return try String(contentsOf: path, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
                .map {
                    line in
                    let parts = line.dropFirst(2).split(separator: "‖").map { $0.trimmingCharacters(in: .whitespaces) }
                    return Row(
                        answer: Pack.unescape(parts[0]), sources: Array(parts.dropFirst()),
                        isGrounded: line.hasPrefix("-"))
                }
        }
    }

    private static func chain(_ settings: Settings = [:]) throws -> PolicyChain {
        try PolicyChain(["citation-verifier"], ["citation-verifier": settings])
    }

    /// Judges an answer to a request that held these texts, as results of tools.
    private static func judge(
        _ answer: String, _ sources: [String], _ settings: Settings = [:], using scratch: MatchScratch? = nil
    ) throws -> ChainOutcome {
        var facts = ExchangeFacts.caller()
        facts.conversation = sources.map { Segment(ByteBuffer(string: $0), role: .tool, phase: .toolResult) }
        return try chain(settings).judge([.answer(answer)], at: .answer, knowing: facts)
    }

    @Test("Thoughts and titles of sources are no claims, and a provider's error is no answer")
    func beside() throws {
        var facts = ExchangeFacts.caller()
        facts.conversation = [Segment(ByteBuffer(string: "Rye grows in 12 fields."), role: .tool, phase: .toolResult)]
        let chain = try Self.chain(["require_sources": false])
        let wrong = Segment.answer("Rye grows in 90 fields.", choice: nil)

        #expect(
            chain.judge([.answer("Rye grows in 12 fields."), wrong], at: .answer, knowing: facts).verdict == .allow)
        #expect(chain.judge([.answer("Rye grows in 90 fields.")], at: .answer, knowing: facts).verdict == .block)
        #expect(chain.judge([wrong], at: .failure, knowing: facts).verdict == .allow)
    }

    @Test("It finds what sources do not say, passes what they say, and its reference states the figures")
    func quality() throws {
        let rows = try Row.all(in: "citation-verifier.txt")
        var (right, wrong) = (0, 0)
        var mistakes: [String] = []
        for row in rows {
            let isFound = try Self.judge(row.answer, row.sources).results[0].reasonCode != nil
            if isFound, !row.isGrounded { right += 1 }
            if isFound, row.isGrounded { wrong += 1 }
            if isFound == row.isGrounded { mistakes.append(row.answer) }
        }
        let wanted = rows.count { !$0.isGrounded }
        let (precision, recall) = (Double(right) / Double(right + wrong), Double(right) / Double(wanted))

        #expect(wanted >= 40 && rows.count - wanted >= 40)
        #expect(precision >= 0.97 && recall >= 0.97, "\(mistakes)")
        let line = """
            On \(wanted) answers with claims that their sources do not hold and \(rows.count - wanted) without \
            (`Tests/Fixtures/detection/citation-verifier.txt`): precision \((precision * 1_000).rounded() / 10) %, \
            recall \((recall * 1_000).rounded() / 10) %.
            """
        let path = MarkedText.root.appending(path: "docs/reference/policies/citation-verifier.md")
        let page = try String(contentsOf: path, encoding: .utf8)
        #expect(page.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(line), "\(line)")
    }

    static let source = "The mill ground 40 tons of rye in 1903. Read more at https://mill.example/rye."

    static let causes: [(String, String?)] = [
        ("The mill ground 40 tons of rye [1].", nil),
        ("The mill ground 40 tons of rye [2].", "citation.unknown_source"),
        ("The mill ground 40 tons of rye [1], see https://mill.example/oats.", "citation.unknown_reference"),
        ("The mill ground 40 tons of rye [1], see http://www.mill.example/rye/.", nil),
        (#"It says: "40 tons of wheat in 1903" [1]."#, "citation.quotation"),
        ("The mill ground 50 tons of rye [1].", "citation.number"),
        ("The mill of Lindow ground 40 tons of rye [1].", "citation.name"),
        ("The mill did not grind rye in 1903 [1].", "citation.contradiction"),
        ("The mill never ground 40 tons of rye [1].", "citation.contradiction"),
        ("The mill ground 40 tons of rye [1]. Bakers in the valley praised its flour.", "citation.unsupported"),
    ]

    @Test("What is wrong is named, with its place", arguments: causes)
    func cause(answer: String, category: String?) throws {
        let outcome = try Self.judge(answer, [Self.source])

        #expect(outcome.results[0].findings.first?.finding.category == category)
        #expect(outcome.results[0].findings.allSatisfy { $0.finding.span.upperBound <= answer.utf8.count })
    }

    @Test("A claim that another source makes is cited wrongly")
    func wrongSource() throws {
        let sources = ["The mill stands in Lindow.", "It ground 40 tons of rye."]

        let number = try Self.judge("It ground 40 tons of rye [1].", sources)
        let name = try Self.judge("A visit to Lindow shows the mill [2].", sources)

        #expect(number.results[0].findings.map(\.finding.category) == ["citation.wrong_source"])
        #expect(name.results[0].findings.map(\.finding.category) == ["citation.wrong_source"])
        #expect(number.reason?.code == "citation_verifier.hallucination")
    }

    static let forms: [(String, [[Int]])] = [
        ("a [1].", [[1]]), ("a [1, 3]", [[1, 3]]), ("a [2-4]", [[2, 3, 4]]), ("a [^7]", [[7]]), ("a [[2]]", [[2]]),
        ("a [source 2]", [[2]]), ("a (Sources 1 and 2)", [[1, 2]]), ("a (doc. 3)", [[3]]), ("a 【4†source】", [[4]]),
        ("a 【4:0†x】", [[4]]), ("Source 3 says", [[3]]), ("sources 1, 2 and 5 say", [[1, 2, 5]]),
        ("[S1] [D2]", [[1], [2]]),
        ("a (1)", []), ("a [x]", []), ("[2024]", []), ("open source 3.5", []), ("resource 3", []), ("[1", []),
        ("【4", []),
        ("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]", []),
    ]

    @Test("Citations are read in the forms that models write", arguments: forms)
    func marks(text: String, numbers: [[Int]]) {
        let found = CitationMarks.find(in: Array(text.utf8), .all).marks.compactMap { mark -> [Int]? in
            guard case .numbers(let numbers) = mark.kind else { return nil }
            return numbers
        }

        #expect(found == numbers)
    }

    static let requests: [(String, [Int?])] = [
        ("[1] The mill stands.\n[2] It ground rye.\n\nQuestion: what did it grind?", [1, 2]),
        ("Answer from this.\n<documents>\n<document index=\"4\">\nThe mill.\n</document>\n</documents>", [4]),
        ("Context:\nThe mill ground rye.\n\nQuestion: what?", [1]),
        ("Source 1: mill\nSource 2: rye", [1, 2]), ("## Document 3 - mill\nrye", [3]),
        ("Sources:\n[1] mill\n[2] rye", [1, 2]), ("What did the mill grind in 1903?", []),
        ("1. Do this.\n2. Do that.", []), ("[x] done\n[ ] open", []),
    ]

    @Test("Sources are found in what a user or the system says", arguments: requests)
    func sources(text: String, numbers: [Int?]) throws {
        #expect(try Sources([.user(text)]).passages.map(\.number) == numbers)
    }

    @Test("A list that a tool answers has a source in each entry")
    func toolResults() throws {
        func numbers(_ result: String) throws -> [Int?] {
            try Sources([Segment(ByteBuffer(string: result), role: .tool, phase: .toolResult)]).passages.map(\.number)
        }

        #expect(try numbers(#"[{"text":"mill"},{"text":"rye"}]"#) == [1, 2])
        #expect(try numbers(#"{"hits":[{"id":7,"text":"mill"},{"id":9,"text":"rye"}],"total":2}"#) == [7, 9])
        #expect(try numbers("The mill ground rye.") == [1])
        #expect(try numbers(#"{"a":[1],"b":[2]}"#) == [1])
    }

    @Test("Numbers are the same in words, units, sizes and roundings, and not beyond", arguments: numbers)
    func sameNumber(claim: String, source: String, isSame: Bool) throws {
        func number(_ text: String) -> Number? {
            for word in WordReader.read(Array(text.utf8)).words {
                if case .number(let number) = word.kind { return number }
            }
            return nil
        }

        #expect(try #require(number(claim)).isSaid(by: try #require(number(source))) == isSame)
    }

    static let numbers: [(String, String, Bool)] = [
        ("1,043", "1043", true), ("1.043", "1043", true), ("1.043,5", "1,043.5", true), ("12,5", "12.5", true),
        ("twenty-five", "25", true), ("three thousand", "3000", true), ("1.2 million", "1,180,000", true),
        ("1.2 million", "1.3 million", false), ("307", "307 million", false), ("$5", "5 dollars", true),
        ("$5", "5 euros", false), ("20 mg", "0.02 g", true), ("20 mg", "20 g", false), ("5kg", "5 kg", true),
        ("about 9,000", "8,913", true), ("9,000", "8,913", false), ("1990s", "1994", true), ("1990s", "1989", false),
        ("3rd", "3", true), ("12 %", "12 percent", true), ("72 hours", "3 days", true), ("0.5", "0.51", true),
    ]

    @Test("Each setting has its effect")
    func settings() throws {
        let wrong = "The mill ground 50 tons of rye [1]."
        let uncited = "The mill ground 40 tons of rye."
        func code(_ answer: String, _ settings: Settings, sources: [String] = [Self.source]) throws -> String? {
            try Self.judge(answer, sources, settings).results[0].reasonCode
        }
        let flags: Settings = ["output_action": ["hallucination_action": "flag"]]
        let blocks: Settings = ["output_action": ["unverified_action": "block"]]

        #expect(try Self.judge(wrong, [Self.source]).verdict == .block)
        #expect(try Self.judge(wrong, [Self.source], flags).verdict == .allow)
        #expect(try Self.judge(wrong, [Self.source], flags).flagged)
        #expect(try code(uncited, [:]) == "citation_verifier.uncited")
        #expect(try Self.judge(uncited, [Self.source]).verdict == .allow)
        #expect(try Self.judge(uncited, [Self.source], blocks).verdict == .block)
        #expect(try code(uncited, ["require_sources": false]) == nil)
        #expect(try code("It ground rye [1].", [:], sources: []) == nil)
        #expect(
            try code("It ground rye [1].", ["require_source_match": true], sources: [])
                == "citation_verifier.hallucination")
        #expect(try code("It ground rye (Holm, 1950) [1].", [:]) == nil)
        #expect(
            try code("It ground rye (Holm, 1950) [1].", ["require_source_match": true])
                == "citation_verifier.hallucination")
        #expect(try code("It ground rye [1], https://a.example/b.", ["extract_patterns": ["quote"]]) == nil)
        #expect(try code(#"It says: "40 tons of wheat" [1]."#, ["extract_patterns": ["url"]]) == nil)
        #expect(
            try code("It ground rye (Holm, 1950) [1].", ["extract_patterns": []]) == "citation_verifier.hallucination")
    }

    @Test("Confidence and groundedness are thresholds")
    func thresholds() throws {
        let vague = "The old mill produced flour from rye for the town nearby [1]."
        let mixed = "The mill ground 40 tons of rye [1]. Nothing of it was ever sold abroad by anyone."
        func code(_ answer: String, _ settings: Settings) throws -> String? {
            try Self.judge(answer, [Self.source], settings).results[0].reasonCode
        }

        #expect(try code(vague, ["min_confidence": .number(0.7)]) == nil)
        #expect(try code(vague, ["min_confidence": .number(0.95)]) == "citation_verifier.unverified")
        #expect(try code(mixed, ["min_confidence": .number(0.2)]) == nil)
        #expect(try code(mixed, ["min_groundedness": .number(0.4)]) == "citation_verifier.unverified")
        let strict: Settings = ["min_groundedness": .number(0.9), "output_action": ["unverified_action": "block"]]
        #expect(try Self.judge("The mill ground 50 tons of rye [1].", [Self.source], strict).verdict == .block)
    }

    @Test("The report is appended to what passes, and not to JSON")
    func report() throws {
        let settings: Settings = ["response": ["include_verification_report": true]]
        let plain = try Self.judge("The mill ground 40 tons of rye [1].", [Self.source], settings)
        let json = try Self.judge(#"{"rye":40}"#, [Self.source], settings)

        #expect(
            plain.redactions.map(\.replacement) == ["\n\n[Verification: 1 of 1 claims supported, 1 citations.]"])
        #expect(plain.redactions.map(\.span) == [35..<35])
        #expect(json.redactions.isEmpty)
    }

    @Test("Questions, requests without sources and answers that claim nothing pass")
    func passes() throws {
        #expect(try Self.judge("Which mill do you mean?", [Self.source]).results[0].reasonCode == nil)
        #expect(try Self.judge("I cannot answer that from the sources.", [Self.source]).results[0].reasonCode == nil)
        #expect(try Self.judge("", [Self.source]).results[0].reasonCode == nil)
        #expect(try Self.chain().needs.conversation)
        #expect(try Self.chain().streaming == .whole)
    }

    @Test(
        "Hostile answers and sources end in a verdict or a failure, and cost no more than others",
        arguments: [
            ("“a b c d e f ", 20_000), ("[", 200_000), ("(A ", 60_000), ("[1,2,3] ", 30_000), ("\n", 200_000),
            ("```\n", 50_000),
            ("https://a.example/b ", 12_000), ("up not down never rise. ", 8_000), ("\"a a a b\" ", 5_000),
            ("9 ", 40_000),
            ("é中\u{200B}", 20_000), ("<doc>\n", 20_000), ("A. ", 60_000),
        ])
    func hostile(piece: String, count: Int) throws {
        let text = String(repeating: piece, count: count)
        let answer = try Self.judge(text, [Self.source])
        let source = try Self.judge("The mill ground 40 tons of rye [1].", [text])

        #expect(answer.results.count == 1 && source.results.count == 1)
    }

    @Test("An answer with too much to compare fails, and its entry says what becomes of it")
    func tooLarge() throws {
        let text = String(repeating: "word ", count: 50_000)
        let open = try PolicyChain([["kind": "citation-verifier", "on_error": "allow"]])
        var facts = ExchangeFacts.caller()
        facts.conversation = [.user("[1] word")]

        let passed = open.judge([.answer(text)], at: .answer, knowing: facts)

        #expect(try Self.judge(text, ["word"]).reason?.code == "citation_verifier.failed")
        #expect(passed.verdict == .allow && passed.degraded)
    }

    @Test(
        "What has no effect, or is no choice, is refused",
        arguments: [
            (["external_resolver": ["endpoint": "ftp://a.example"]], "must begin with 'http://'"),
            (["external_resolver": [:]], "needs the key 'endpoint'"),
            (
                ["external_resolver": ["endpoint": "https://a.example"], "extract_patterns": ["quote"]],
                "neither works nor addresses are read"
            ),
            (["extract_patterns": ["doi"]], "not one of 'academic', 'url', 'quote'"),
            (["output_action": ["unverified_action": "escalate"]], "not one of 'block', 'flag'"),
            (["min_confidence": .integer(2)], "not in 0.0...1.0"),
        ] as [(Settings, String)])
    func mistakes(settings: Settings, text: String) throws {
        let error = #expect(throws: ConfigError.self) { try Self.chain(settings) }

        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
}

/// The bar of citations, on the labelled set beside the repository (`KT_EVAL_DIR`).
struct CitationEvaluationTests {
    private static let file: URL = {
        let folder = ProcessInfo.processInfo.environment["KT_EVAL_DIR"].map { URL(filePath: $0) }
        let beside = MarkedText.root.deletingLastPathComponent().appending(path: "shared/eval")
        return (folder ?? beside).appending(path: "citations.dev.jsonl")
    }()

    private struct Row: Decodable {
        var text: String
        var context: [String]
        var label: String
    }

    @Test(
        "Answers that their sources do not support are found, and others pass, as the bar asks",
        .enabled(if: FileManager.default.fileExists(atPath: file.path), "The set is not there."))
    func bar() throws {
        let chain = try PolicyChain(["citation-verifier"])
        let scratch = MatchScratch(for: chain)
        var (right, wrong, missed, benign) = (0, 0, 0, 0)
        for line in try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n") {
            let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
            var facts = ExchangeFacts.caller()
            facts.conversation = row.context.map { Segment(ByteBuffer(string: $0), role: .tool, phase: .toolResult) }
            let outcome = chain.judge([.answer(row.text)], at: .answer, knowing: facts, using: scratch)
            switch (outcome.results[0].reasonCode != nil, row.label == "benign") {
            case (true, false): right += 1
            case (true, true): wrong += 1
            case (false, false): missed += 1
            case (false, true): benign += 1
            }
        }

        #expect(right + missed > 100 && wrong + benign > 100)
        #expect(Double(2 * right) >= 0.97 * Double(2 * right + wrong + missed), "\(missed) missed, \(wrong) wrong")
        #expect(Double(wrong) <= 0.02 * Double(wrong + benign))
    }
}
