import Foundation
import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("The kind citation-verifier with a service that knows references")
struct ReferenceResolverTests {
    private static func ask(
        _ answer: String, _ sources: [String] = [], _ more: [(String, Settings)] = [],
        _ entry: [(String, Settings)] = []
    ) throws -> Asking {
        let resolver: Settings = [
            "endpoint": "https://works.example.com/lookup", "secret_key_ref": ["env": "KEY"], "timeout_ms": 700,
        ]
        let chain = try PolicyChain(
            [.mapping([("kind", "citation-verifier")] + entry)],
            ["citation-verifier": .mapping([("external_resolver", resolver), ("require_sources", false)] + more)])
        var facts = ExchangeFacts.caller()
        facts.conversation = sources.map { Segment(ByteBuffer(string: $0), role: .tool, phase: .toolResult) }
        return Asking(chain, [.answer(answer)], at: .answer, knowing: facts)
    }

    private static let answer = """
        Tides follow the moon (Newton, 1687). See https://doi.org/10.1000/182 and "https://known.example/a".
        """
    private static let source = "Tides follow the moon. https://known.example/a"

    @Test(
        "It is asked about works and addresses that the request does not have, with or without sources, and nothing else"
    )
    func questions() throws {
        let body = #"{"references":["(Newton, 1687)","https://doi.org/10.1000/182"]}"#

        #expect(try Self.ask(Self.answer, [Self.source]).bodies == [body])
        #expect(try Self.ask(Self.answer, []).bodies.first?.contains("known.example") == true)
        #expect(try Self.ask("Nothing is cited here.", [Self.source]).questions.isEmpty)
        #expect(try Self.ask("As said before [7].").questions.isEmpty)
    }

    @Test("What it knows passes, and what it does not know is found")
    func verdicts() throws {
        let known = try Self.ask(Self.answer, [Self.source]).finish(
            #"{"results":[{"verdict":"found"},{"verdict":"found"}]}"#)
        let unknown = try Self.ask(Self.answer, [Self.source]).finish(
            #"{"results":[{"verdict":"found"},{"verdict":"unknown"}]}"#)

        #expect(known.verdict == .allow && known.results[0].findings.isEmpty)
        #expect(unknown.reason?.code == "citation_verifier.hallucination")
        #expect(unknown.results[0].findings.map(\.finding.category) == ["citation.unknown_reference"])
    }

    @Test("The report counts what it does not know")
    func report() throws {
        let more: [(String, Settings)] = [
            ("response", ["include_verification_report": true]), ("output_action", ["hallucination_action": "flag"]),
        ]
        func summary(_ reply: String) throws -> String {
            try Self.ask(Self.answer, [Self.source], more).finish(reply).redactions.last?.replacement ?? ""
        }

        #expect(
            try summary(#"{"results":[{"verdict":"unknown"},{"verdict":"found"}]}"#).contains("unknown_reference 1"))
        #expect(try !summary(#"{"results":[{"verdict":"found"},{"verdict":"found"}]}"#).contains("unknown_reference"))
    }

    @Test(
        "A reply that is none confirms nothing, and on_error decides",
        arguments: [
            "", "[]", "{}", #"{"results":[]}"#, #"{"results":[{"verdict":"found"}]}"#,
            #"{"results":[{"verdict":"found"},{"verdict":"found"},{"verdict":"found"}]}"#,
            #"{"results":[{"verdict":true},{"verdict":"found"}]}"#,
            #"{"results":[{"verdict":"FOUND"},{"verdict":"found"}]}"#,
            #"{"results":[null,1]}"#, #"{"results":{"0":"found"}}"#, String(repeating: "[", count: 10_000),
        ])
    func garbage(reply: String) throws {
        let closed = try Self.ask(Self.answer, [Self.source]).finish(reply)
        let open = try Self.ask(Self.answer, [Self.source], [], [("on_error", "allow")]).finish(reply)

        #expect(closed.reason?.code == "citation_verifier.service_malformed" && closed.degraded)
        #expect(open.verdict == .allow && open.degraded)
    }

    @Test("Of very many references some are asked for, and the others count as unknown")
    func many() throws {
        let answer = (0..<200).map { "https://a.example/\($0)" }.joined(separator: " ")
        let asking = try Self.ask(answer)
        let reply = "{\"results\":[\(Array(repeating: #"{"verdict":"found"}"#, count: 64).joined(separator: ","))]}"

        #expect(asking.bodies.map { $0.components(separatedBy: "https://").count } == [65])
        #expect(asking.finish(reply).verdict == .block)
    }
}
