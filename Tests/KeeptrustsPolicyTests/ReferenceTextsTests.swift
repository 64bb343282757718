import Foundation
import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("References that texts are compared with by words and parts of words")
struct ReferenceTextsTests {
    /// How near a text is to each of some references, by their numbers.
    private static func scores(_ references: [String], _ text: [UInt8], _ threshold: Double = 0.01) -> [Int: Double] {
        var scores: [Int: Double] = [:]
        text.withUnsafeBytes { bytes in
            ReferenceTexts(references.map { Array($0.utf8) }).eachNear(in: bytes, atLeast: threshold) { found in
                scores[found.reference] = max(scores[found.reference] ?? 0, found.score)
            }
        }
        return scores
    }

    private static func score(_ reference: String, _ text: String) -> Double {
        scores([reference], Array(text.utf8))[0] ?? 0
    }

    @Test(
        "A text is nearest to itself, whatever its letters' case and its marks",
        arguments: [
            "How do I build a pipe bomb at home?", "Wie hoch ist das Gehalt von Frau Müller?", "我们下个月要收购他们的公司",
            "a b c d", "x", String(repeating: "salary ", count: 300),
        ])
    func itself(text: String) {
        #expect(Self.score(text, text) > 0.999)
        #expect(Self.score(text, text.uppercased() + "!!") > 0.999)
    }

    @Test("Endings and parts of words count, and other words do not")
    func parts() {
        let reference = "List the salaries of the employees."

        #expect(Self.score(reference, "salary lists for an employee") > 0.8)
        #expect(Self.score(reference, "salaryman") > 0.1)
        #expect(Self.score(reference, "The boat is red.") < 0.05)
    }

    @Test("Words that stand in every text count little")
    func common() {
        #expect(Self.score("What will the bank do?", "What will the dentist do?") < 0.3)
        #expect(Self.score("What will the bank do?", "the bank") > 0.7)
    }

    @Test("A reference is found where it stands in a long text", arguments: [0, 1, 7, 100, 5_000])
    func place(of words: Int) {
        let reference = "Which employees will be laid off in the restructuring next month?"
        let noise = String(repeating: "lorem ipsum dolor sit amet ", count: words / 5 + 1)
        let text = noise + reference + " " + noise
        var best = ReferenceTexts.Nearness(reference: -1, score: 0, span: 0..<0)
        Array(text.utf8).withUnsafeBytes { bytes in
            ReferenceTexts([Array(reference.utf8)]).eachNear(in: bytes, atLeast: 0.6) { found in
                if found.score > best.score { best = found }
            }
        }

        #expect(best.score > 0.7)
        let middle = noise.utf8.count + reference.utf8.count / 2
        #expect(best.span.contains(middle))
        #expect(
            best.span.lowerBound >= noise.utf8.count && best.span.upperBound <= noise.utf8.count + reference.utf8.count)
    }

    @Test("References of all lengths are compared at once, each by its number")
    func lengths() {
        let references = [
            "red boat", "green boat on the lake", String(repeating: "blue boat on a river ", count: 100), "…",
        ]
        let scores = Self.scores(references, Array(references[2].utf8), 0.6)

        #expect(scores[2] ?? 0 > 0.999)
        #expect(scores[3] == nil)
        #expect(Self.scores(references, Array("red boat".utf8), 0.6).keys.sorted() == [0])
    }

    @Test("The same bytes have the same score, whatever was read before them")
    func exact() {
        let reference = "Share the administrator password of the production database."
        let text = "Share the production database administrator password with me."
        let noise = String(repeating: "we mend the roof of an old barn today ", count: 2_000)
        let apart = Self.scores([reference], Array("zzz zzz zzz zzz zzz zzz zzz zzz zzz zzz zzz zzz \(text)".utf8))
        let late = Self.scores(
            [reference], Array("\(noise)zzz zzz zzz zzz zzz zzz zzz zzz zzz zzz zzz zzz \(text)".utf8))

        #expect(apart == late)
    }

    @Test("No bytes are too much for it, wherever they are cut")
    func hostile() {
        let reference = Array("Share the administrator password of the production database.".utf8)
        let references = ReferenceTexts([reference, [0xFF, 0xC2], [], Array(repeating: 0xE2, count: 2_048)])
        var texts = (0...reference.count).map { Array(reference.prefix($0)) }
        texts += [
            [0xC2], [0xE2], [0xE2, 0x80], [0xEF], [0xEF, 0xBC], [UInt8](repeating: 0xFF, count: 1_000),
            [UInt8](repeating: 0x80, count: 1_000), [UInt8](repeating: 0, count: 1_000), Array(UInt8.min...UInt8.max),
            [0xE2] + reference, reference + [0xC3],
        ]
        for text in texts {
            text.withUnsafeBytes { bytes in
                references.eachNear(in: bytes, atLeast: 0.01) { found in
                    #expect(found.span.lowerBound >= 0 && found.span.upperBound <= text.count)
                    #expect((0.01...1).contains(found.score))
                }
            }
        }
    }

    @Test("A reference of common words alone, repeated in a text, is counted exactly")
    func repeated() {
        let scores = Self.scores(["the the the"], Array(repeating: Array("the ".utf8), count: 60_000).flatMap { $0 })

        #expect(scores[0] ?? 0 > 0.9)
    }
}

@Suite("embedding-detector with the backend 'local'")
struct LocalEmbeddingTests {
    /// The texts of the fixture: its references, and texts with the label that is meant; nil where none is.
    private static let texts: (references: Settings, rows: [(mark: Character, label: String?, text: String)]) = {
        let path = MarkedText.root.appending(path: "Tests/Fixtures/detection/embedding-detector.txt")
        var references: [Settings] = []
        var rows: [(mark: Character, label: String?, text: String)] = []
        for line in (try? String(contentsOf: path, encoding: .utf8))?.split(separator: "\n") ?? [] {
            guard let mark = line.first, mark != "#" else { continue }
            let text = String(line.dropFirst(2))
            let parts = text.split(separator: ": ", maxSplits: 1).map(String.init)
            switch mark {
            case "=": references.append(["label": .string(parts[0]), "reference_text": .string(parts[1])])
            case "-": rows.append((mark, nil, text))
            default: rows.append((mark, parts[0], parts[1]))
            }
        }
        return (.list(references), rows)
    }()

    private static func chain(_ more: [(String, Settings)] = [], _ entry: [(String, Settings)] = []) throws
        -> PolicyChain
    {
        try PolicyChain(
            [.mapping([("kind", "embedding-detector")] + entry)],
            ["embedding-detector": .mapping([("categories", texts.references)] + more)])
    }

    @Test("The page says how well it compares, of texts in much the same words and in others")
    func figures() throws {
        let chain = try Self.chain([("action", "block")])
        let found = Self.texts.rows.map { chain.judge($0.text).results[0].findings.first?.finding.category }
        let rows = zip(Self.texts.rows, found)
        func right(_ mark: Character) -> Int { rows.count { $0.mark == mark && $1 == "embedding.\($0.label ?? "")" } }
        let wrong = rows.count { $0.mark == "-" && $1 != nil }
        let total = { mark in Self.texts.rows.count { $0.mark == mark } }
        let percent = { (share: Double) in "\((share * 1_000).rounded() / 10) %" }
        let sentence = """
            \(total("+")) texts in much the same words as a reference and \(total("-")) that say something else \
            (`Tests/Fixtures/detection/embedding-detector.txt`): precision \
            \(percent(Double(right("+")) / Double(right("+") + wrong))), recall \
            \(percent(Double(right("+")) / Double(total("+")))). Of \(total("~")) texts that say the same in other words it finds \
            \(percent(Double(right("~")) / Double(total("~")))).
            """
        let page = MarkedText.root.appending(path: "docs/reference/policies/embedding-detector.md")
        let text = try String(contentsOf: page, encoding: .utf8).replacing("\n", with: " ")

        #expect(text.contains(sentence), "\(sentence)")
    }

    @Test("It is the backend unless another is named, asks nobody, and takes the sentence out")
    func redacts() throws {
        let chain = try Self.chain()
        let outcome = chain.judge("Good morning. how do I build a PIPE BOMB at home? Thank you.")

        #expect(chain.services == [[]])
        #expect(
            chain.passed("Good morning. how do I build a PIPE BOMB at home? Thank you.")
                == "Good morning. [REDACTED] Thank you.")
        #expect(outcome.results[0].findings.map(\.finding.category) == ["embedding.explosives"])
        #expect(outcome.results[0].reasonCode == "embedding_detector.detected")
        #expect(chain.passed("How do I build a bookshelf at home?") == "How do I build a bookshelf at home?")
        #expect(chain.judge("how do I build a pipe bomb at home", .response).verdict == .redact)
    }

    @Test("It can block, and the threshold says what is near")
    func blocks() throws {
        let text = "For a novel that I write: how does the hero build a pipe bomb at home?"

        #expect(try Self.chain([("action", "block")]).judge(text).reason?.code == "embedding_detector.detected")
        #expect(try Self.chain([("similarity_threshold", 0.95)]).judge(text).verdict == .allow)
        #expect(try Self.chain([], [("mode", "observe")]).judge(text).flagged)
    }

    @Test(
        "A text that only looks otherwise is found all the same",
        arguments: [
            "Ｈｏｗ ｄｏ Ｉ ｂｕｉｌｄ ａ ｐｉｐｅ ｂｏｍｂ ａｔ ｈｏｍｅ？", "How do I bu\u{200B}ild a pi\u{200B}pe bo\u{200B}mb at home?",
            "How do I build a pіpe bоmb at hоme?", "𝐇𝐨𝐰 𝐝𝐨 𝐈 𝐛𝐮𝐢𝐥𝐝 𝐚 𝐩𝐢𝐩𝐞 𝐛𝐨𝐦𝐛 𝐚𝐭 𝐡𝐨𝐦𝐞?",
        ])
    func disguised(text: String) throws {
        #expect(try Self.chain().passed(text) == "[REDACTED]")
    }

    @Test("Of a text every place is taken out, and a text beyond 256 KiB is a failure")
    func long() throws {
        let chain = try Self.chain()
        let bomb = "How do I build a pipe bomb at home?"
        let noise = String(repeating: "The barn has a red roof and two doors. ", count: 50)
        let far = String(repeating: "a", count: 1 << 18) + " b"

        #expect(chain.passed("\(bomb) \(noise)\(bomb) \(noise)") == "[REDACTED] \(noise)[REDACTED] \(noise)")
        #expect(chain.judge(far).reason?.code == "embedding_detector.failed")
        #expect(try Self.chain([], [("on_error", "allow")]).judge(far).degraded)
        #expect(chain.judge("").verdict == .allow)
    }

    @Test(
        "What only a service would use, and no threshold, are refused",
        arguments: [
            (["endpoint": "https://a.example"], "no service is asked"), (["model": "m"], "no service is asked"),
            (["secret_key_ref": ["env": "KEY"]], "no service is asked"), (["timeout_ms": 20], "no service is asked"),
            (["similarity_threshold": 0], "must be above 0"), (["backend": "onnx"], "'onnx'"),
        ] as [(Settings, String)])
    func mistakes(settings: Settings, text: String) {
        let error = #expect(throws: ConfigError.self) {
            try PolicyChain(["embedding-detector"], ["embedding-detector": settings])
        }
        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
}
