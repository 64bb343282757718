import Foundation
import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("The kind document-analyzer")
struct DocumentAnalyzerTests {
    private static func chain(_ settings: Settings = [:]) throws -> PolicyChain {
        try PolicyChain(["document-analyzer"], ["document-analyzer": settings])
    }

    private static func judge(_ chain: PolicyChain, _ documents: [AttachedDocument]) -> ChainOutcome {
        var facts = ExchangeFacts.caller()
        facts.documents = documents
        return chain.judge([.user("See the file.")], knowing: facts)
    }

    private static func document(_ text: String) -> AttachedDocument { AttachedDocument(ByteBuffer(string: text)) }

    private static let strict: Settings = [
        "max_document_bytes": 300,
        "allowed_mime_types": [
            "application/pdf", "image/*", "text/plain", "text/csv",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ],
    ]

    @Test("It refuses what it must, passes the rest, and its reference states the figures")
    func quality() throws {
        let texts = try LabelledText.all(in: "document-analyzer.txt")
        let chain = try Self.chain(Self.strict)
        let refused = texts.map { Self.judge(chain, [Self.document($0.text)]).verdict == .block }
        let wrong = zip(texts, refused).filter { $0.0.isPositive != $0.1 }.map(\.0.text)
        let positives = texts.count(where: \.isPositive)

        #expect(positives >= 40 && texts.count - positives >= 40)
        #expect(wrong == [])
        let line = """
            On \(positives) documents to refuse and \(texts.count - positives) near misses \
            (`Tests/Fixtures/detection/document-analyzer.txt`): precision 100.0 %, recall 100.0 %.
            """
        let path = MarkedText.root.appending(path: "docs/reference/policies/document-analyzer.md")
        let page = try String(contentsOf: path, encoding: .utf8)
        #expect(page.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(line), "\(line)")
    }

    @Test(
        "The reason says what is wrong with a document",
        arguments: [
            ("data:application/zip;base64,UEsDBBQAAAAA", "document_analyzer.type_not_allowed"),
            ("data:application/pdf;base64,gQCZ/gJ7AMMTiAAB2e4=", "document_analyzer.unknown_type"),
            ("data:text/plain,\(String(repeating: "a", count: 301))", "document_analyzer.too_large"),
            ("https://files.example/a.pdf", "document_analyzer.unknown_type"),
            ("data:application/pdf;base64,JVBERi0xLjQK", nil),
        ] as [(String, String?)])
    func reasons(text: String, code: String?) throws {
        #expect(Self.judge(try Self.chain(Self.strict), [Self.document(text)]).reason?.code == code)
    }

    @Test("By default every type passes up to half a mebibyte, and what lies elsewhere is flagged")
    func defaults() throws {
        let chain = try Self.chain()
        let (most, more) = (String(repeating: "QUFB", count: 174_762), String(repeating: "QUFB", count: 174_763))

        #expect(Self.judge(chain, [Self.document("data:application/zip;base64,UEsDBBQAAAAA")]).verdict == .allow)
        #expect(Self.judge(chain, [Self.document("data:x/y;base64,\(most)QQ==")]).verdict == .allow)
        #expect(
            Self.judge(chain, [Self.document("data:x/y;base64,\(more)")]).reason?.code == "document_analyzer.too_large")
        for remote in [
            Self.document("https://a.example/x.png"),
            AttachedDocument(ByteBuffer(string: "file-17"), isReference: true),
        ] {
            let outcome = Self.judge(chain, [remote])
            #expect(outcome.verdict == .allow && outcome.flagged)
            #expect(outcome.results[0].reasonCode == "document_analyzer.remote")
        }
        #expect(!Self.judge(chain, []).flagged)
    }

    @Test("One document of several is enough")
    func several() throws {
        let (pdf, zip) = (Self.document("JVBERi0xLjQK"), Self.document("UEsDBBQAAAAA"))
        let chain = try Self.chain(Self.strict)

        #expect(Self.judge(chain, [pdf, pdf]).verdict == .allow)
        #expect(Self.judge(chain, [pdf, zip, pdf]).verdict == .block)
    }

    @Test("A policy that is not enabled sees nothing and asks for nothing")
    func disabled() throws {
        let chain = try Self.chain(["enabled": false, "max_document_bytes": 1])

        #expect(!chain.needs.documents)
        #expect(try Self.chain().needs.documents)
        #expect(Self.judge(chain, [Self.document("https://a.example/x.png")]) == Self.judge(chain, []))
        #expect(Self.judge(chain, [Self.document("JVBERi0xLjQK")]).verdict == .allow)
    }

    @Test("No cut and no noise makes reading fail, and a length is never more than what is written")
    func hostile() throws {
        let texts = try LabelledText.all(in: "document-analyzer.txt").map { Array($0.text.utf8) }
        var inputs = texts.flatMap { text in stride(from: 0, through: text.count, by: 7).map { Array(text.prefix($0)) }
        }
        inputs += [
            [], Array("data:".utf8), Array("data:;base64,".utf8), Array("data:,".utf8),
            Array("data:a/b;base64,%%%".utf8),
            Array("data:,%".utf8), Array("data:,%4".utf8), [0xFF, 0xFE, 0x00], Array(repeating: 0x3D, count: 100),
            Array("data:\(String(repeating: ";", count: 100_000)),".utf8), Array(repeating: 0x25, count: 100_000),
        ]
        for bytes in inputs {
            let reading = DocumentReading(AttachedDocument(ByteBuffer(bytes: bytes)))
            #expect((0...bytes.count).contains(reading.length ?? 0))
        }
    }

    @Test(
        "What has no effect, or is no type, is refused",
        arguments: [
            (["allowed_mime_types": ["pdf"]], "no type of a document"),
            (["allowed_mime_types": ["*/*"]], "no type of a document"),
            (["max_document_bytes": 0], "not in 1...268435456"),
        ] as [(Settings, String)])
    func refusals(settings: Settings, message: String) throws {
        let error = #expect(throws: ConfigError.self) { try Self.chain(settings) }

        #expect(error?.description.contains(message) == true)
        #expect(try !Self.chain(["sanitize_code": false]).instances.isEmpty)
    }

    /// Base64 of `import os` and `os.system("rm -rf /etc")` in two lines.
    private static let script = "aW1wb3J0IG9zCm9zLnN5c3RlbSgicm0gLXJmIC9ldGMiKQo="

    @Test(
        "Where code is to be taken out, a file of text that holds some goes on empty",
        arguments: [
            ("data:text/x-python;base64,\(script)", "data:text/x-python;base64,W1JFREFDVEVEXQ=="),
            ("data:text/plain;charset=utf-8;base64,\(script)", "data:text/plain;charset=utf-8;base64,W1JFREFDVEVEXQ=="),
            ("data:text/x-sh,sudo%20rm%20-rf%20/etc", "data:text/x-sh,%5BREDACTED%5D"),
            ("data:,sudo rm -rf /etc", "data:,%5BREDACTED%5D"),
            ("data:text/plain;base64,SGVsbG8sIHdvcmxkIQ==", "data:text/plain;base64,SGVsbG8sIHdvcmxkIQ=="),
            ("What does sudo rm -rf /etc do?", "What does sudo rm -rf /etc do?"),
            ("data:text/plain", "data:text/plain"), ("data:", "data:"),
        ])
    func sanitizes(text: String, passed: String) throws {
        let chain = try Self.chain(["sanitize_code": true])
        let outcome = chain.judge(text)

        #expect(chain.passed(text) == passed)
        #expect((outcome.results[0].reasonCode == "document_analyzer.sanitized") == (text != passed))
        #expect(outcome.results[0].findings.map(\.finding.category) == (text == passed ? [] : ["code.destruction"]))
        #expect(try Self.chain().passed(text) == text)
        #expect(try Self.chain(["sanitize_code": true, "enabled": false]).passed(text) == text)
    }

    @Test("A file of text is emptied wherever its code stands, however long it is", arguments: [0, 1_000, 20_000])
    func sanitizesLong(length: Int) throws {
        let noise = String(repeating: "print(1)\n", count: length / 9)
        let code = Data("\(noise)os.system(\"rm -rf /etc\")\n\(noise)".utf8).base64EncodedString()
        let chain = try Self.chain(["sanitize_code": true])

        #expect(chain.passed("data:text/x-python;base64,\(code)") == "data:text/x-python;base64,W1JFREFDVEVEXQ==")
    }
}
