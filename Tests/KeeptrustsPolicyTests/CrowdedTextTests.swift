import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

/// Texts out of which more would have to be taken than a gateway takes out.
@Suite("Texts with very many matches")
struct CrowdedTextTests {
    private static func mails(_ count: Int) -> String { String(repeating: "a@b.co ", count: count) }

    private static func chain(_ entry: [(String, Settings)] = [], action: String = "redact") throws -> PolicyChain {
        try PolicyChain(
            [.mapping([("kind", "pii-detector")] + entry)], ["pii-detector": ["action": .string(action)]])
    }

    @Test("As many as may be are taken out, and of one more nothing passes")
    func bound() throws {
        let most = Judgement.mostMatches
        let full = try Self.chain().judge(Self.mails(most))
        let crowded = try Self.chain().judge(Self.mails(most + 1))

        #expect(full.verdict == .redact && full.redactions.count == most)
        #expect(crowded.verdict == .block && crowded.redactions.isEmpty)
        #expect(crowded.reason?.code == "pii_detector.too_much")
    }

    @Test("An entry that fails open does not let it pass, for the policy has not failed")
    func open() throws {
        let crowded = try Self.chain([("on_error", "allow")]).judge(Self.mails(Judgement.mostMatches + 1))

        #expect(crowded.verdict == .block)
    }

    @Test("Several texts count together")
    func together() throws {
        let text = Segment.user(Self.mails(Judgement.mostMatches / 2 + 1))
        let chain = try Self.chain()

        let crowded = chain.judge([text, text], using: MatchScratch(for: chain))

        #expect(crowded.reason?.code == "pii_detector.too_much")
    }

    @Test("One that changes nothing says what it sees, however much it is")
    func observing() throws {
        let text = Self.mails(Judgement.mostMatches + 1)
        let observed = try Self.chain([("mode", "observe")]).judge(text)

        #expect(observed.verdict == .allow && observed.flagged)
        #expect(observed.results[0].findings.count == Judgement.mostFindings)
    }
}
