import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("embedding-detector")
struct EmbeddingDetectorTests {
    private static func chain(_ more: [(String, Settings)] = []) throws -> PolicyChain {
        let settings: [(String, Settings)] = [
            ("backend", "external"), ("endpoint", "https://vectors.example.com/v1/embeddings"),
            (
                "categories",
                [
                    ["label": "merger", "reference_text": "We buy them."],
                    ["label": "layoffs", "reference_text": "They go."],
                ]
            ),
        ]
        return try PolicyChain(["embedding-detector"], ["embedding-detector": .mapping(settings + more)])
    }

    private static func vectors(_ vectors: [Double]...) -> String {
        let data = vectors.enumerated().map { #"{"index":\#($0.offset),"embedding":\#($0.element)}"# }
        return #"{"data":[\#(data.joined(separator: ","))]}"#
    }

    private static let references = vectors([1, 0], [0, 1])

    @Test("References and texts are asked about, and a text that is near one is taken out")
    func redacts() throws {
        let chain = try Self.chain()
        let asking = Asking(chain, [.user("Hello."), .user("We take them over.")])
        #expect(
            asking.bodies == [
                #"{"model":"all-MiniLM-L6-v2","input":["We buy them.","They go."]}"#,
                #"{"model":"all-MiniLM-L6-v2","input":["Hello.","We take them over."]}"#,
            ])

        let outcome = asking.finish(Self.references, Self.vectors([1, 1.1], [2, 0.5]))

        #expect(outcome.verdict == .redact)
        #expect(outcome.redactions.map(\.segment) == [0, 1])
        #expect(outcome.results[0].findings.map(\.finding.category) == ["embedding.layoffs", "embedding.merger"])
    }

    @Test("What is far from every reference passes, and the threshold says what is near")
    func threshold() throws {
        let far = Self.vectors([-1, -1])
        #expect(Asking(try Self.chain(), [.user("a")]).finish(Self.references, far).verdict == .allow)

        let near = Self.vectors([1, 0.5])
        let strict = try Self.chain([("similarity_threshold", 0.95), ("action", "block")])
        let loose = try Self.chain([("similarity_threshold", 0.85), ("action", "block")])

        #expect(Asking(strict, [.user("a")]).finish(Self.references, near).verdict == .allow)
        #expect(Asking(loose, [.user("a")]).finish(Self.references, near).reason?.code == "embedding_detector.detected")
    }

    @Test("References are asked about once on an event loop, and again when they change")
    func remembers() throws {
        let chain = try Self.chain()
        let scratch = MatchScratch(for: chain)
        _ = Asking(chain, [.user("a")], using: scratch).finish(Self.references, Self.vectors([1, 0]))

        let later = Asking(chain, [.user("b")], using: scratch)

        #expect(later.bodies == [#"{"model":"all-MiniLM-L6-v2","input":["b"]}"#])
        #expect(later.finish(Self.vectors([0, 1])).verdict == .redact)
        let other = try Self.chain([("model", "other")])
        #expect(Asking(other, [.user("b")], using: scratch).questions.count == 2)
    }

    @Test("A long text is taken out by the piece")
    func pieces() throws {
        let chain = try Self.chain()
        let asking = Asking(chain, [.user(String(repeating: "a", count: 2_048) + "bcd")])
        #expect(asking.questions.count == 2)

        let outcome = asking.finish(Self.references, Self.vectors([-1, -1], [1, 0]))

        #expect(outcome.redactions == [Redaction(segment: 0, span: 2_048..<2_051, replacement: "[REDACTED]")])
    }

    @Test(
        "References of which no angle can be computed are not remembered: the next exchange asks for them anew",
        arguments: ["[1e200,1e200]", "[1e-200,1e-200]", "[5e-324,0]", "[0,0]"])
    func poisoned(vector: String) throws {
        let chain = try Self.chain([("action", "block")])
        let scratch = MatchScratch(for: chain)
        let poison = #"{"data":[{"index":0,"embedding":\#(vector)},{"index":1,"embedding":[0,1]}]}"#
        let first = Asking(chain, [.user("a")], using: scratch).finish(poison, Self.vectors([1, 0]))
        let second = Asking(chain, [.user("a")], using: scratch)

        #expect(first.reason?.code == "embedding_detector.service_malformed" && first.degraded)
        #expect(second.questions.count == 2)
        #expect(second.finish(Self.references, Self.vectors([1, 0])).reason?.code == "embedding_detector.detected")
    }

    @Test("References that do not fit the vectors of texts any more are asked for anew, once in an exchange")
    func otherLength() throws {
        let chain = try Self.chain([("action", "block")])
        let scratch = MatchScratch(for: chain)
        let long = Self.vectors([1, 0, 0], [0, 1, 0])
        _ = Asking(chain, [.user("a")], using: scratch).finish(long, Self.vectors([1, 0, 0]))

        let misfit = Asking(chain, [.user("a")], using: scratch)
        #expect(misfit.questions.count == 1)
        #expect(misfit.finish(Self.vectors([1, 0])).reason?.code == "embedding_detector.service_malformed")
        let mended = Asking(chain, [.user("a")], using: scratch)
        #expect(mended.questions.count == 2)
        #expect(mended.finish(Self.references, Self.vectors([1, 0])).reason?.code == "embedding_detector.detected")
        // References that do not even fit one another are none.
        let uneven = try Self.chain([("model", "uneven")])
        let outcome = Asking(uneven, [.user("a")], using: scratch).finish(
            Self.vectors([1, 0], [0, 1, 0]), Self.vectors([1, 0]))
        #expect(outcome.reason?.code == "embedding_detector.service_malformed")
        #expect(Asking(uneven, [.user("a")], using: scratch).questions.count == 2)
    }

    @Test("What one vector forbids is forbidden, even if the next ones are none; what it would take out does not pass")
    func partly() throws {
        for (action, code) in [("block", "detected"), ("redact", "service_malformed")] {
            let chain = try Self.chain([("action", .string(action))])
            let texts = (1...9).map { Segment.user("text \($0)") }
            let near = Self.vectors([1, 0], [1, 0], [1, 0], [1, 0], [1, 0], [1, 0], [1, 0], [1, 0])

            let outcome = Asking(chain, texts).finish(Self.references, near, Self.vectors([1e200, 1e200]))

            #expect(outcome.reason?.code == "embedding_detector.\(code)")
        }
    }

    @Test("Long vectors are compared as short ones are")
    func longVectors() throws {
        let chain = try Self.chain([("action", "block")])

        let outcome = Asking(chain, [.user("a")]).finish(
            Self.vectors([1e150, 0], [0, 1e150]), Self.vectors([1e150, 0]))

        #expect(outcome.reason?.code == "embedding_detector.detected")
    }

    @Test(
        "Replies that are none are failures",
        arguments: [
            "", "[]", #"{"data":[]}"#, #"{"data":[{"embedding":[1]}]}"#, #"{"data":[{"embedding":[0,0]}]}"#,
            #"{"data":[{"embedding":["1",2]}]}"#, #"{"data":[{"embedding":[1,2]},{"embedding":[1,2]}]}"#,
            #"{"data":[{"index":1,"embedding":[1,2]}]}"#, #"{"data":[{"index":-1,"embedding":[1,2]}]}"#,
            #"{"data":[{"embedding":[1e999,2]}]}"#, #"{"data":[{"embedding":[1e200,1e200]}]}"#,
            #"{"data":[{"embedding":[1e-200,1e-200]}]}"#, #"{"data":[{"embedding":[5e-324,0]}]}"#,
            #"{"data":[{"embedding":[1,2,3]}]}"#,
        ])
    func garbage(reply: String) throws {
        let outcome = Asking(try Self.chain(), [.user("a")]).finish(Self.references, reply)

        #expect(outcome.reason?.code == "embedding_detector.service_malformed")
    }

    @Test(
        "What settings cannot mean is refused",
        arguments: [
            (["backend": "external"], "needs the key 'endpoint'"),
            (["backend": "external", "endpoint": "https://a.example", "api_key": "k"], "say 'secret_key_ref"),
            (
                [
                    "backend": "external", "endpoint": "https://a.example",
                    "categories": [["label": "x", "reference_text": ""]],
                ],
                "must be 1 to 2048 bytes"
            ),
        ] as [(Settings, String)])
    func mistakes(settings: Settings, text: String) {
        let error = #expect(throws: ConfigError.self) {
            try PolicyChain(["embedding-detector"], ["embedding-detector": settings])
        }
        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
}
