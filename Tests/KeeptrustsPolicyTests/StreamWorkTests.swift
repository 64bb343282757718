import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsMatching
@testable import KeeptrustsPolicy

/// What judging a text costs that comes in pieces, counted: bytes that searches pass over.
struct StreamWorkTests {
    private static let chain = try? PolicyChain([
        "pii-detector", "dlp-filter", "hipaa-phi-detector", "student-privacy", "case-privacy", "legal-privilege",
    ])

    @Test("What is held back is searched for a pattern only from where a match may begin")
    func searches() throws {
        let chain = try #require(Self.chain)
        let scratch = MatchScratch(for: chain)
        let text = Array(CleanTextTests.texts.joined(separator: " ").utf8)
        let pieces = stride(from: 0, to: text.count, by: 25).map { Array(text[$0..<min($0 + 25, text.count)]) }

        _ = chain.streamed(pieces, using: scratch)

        let work = try #require(scratch.patterns?.work)
        #expect(work.bytes < text.count * 20, "\(work) in \(text.count)")
    }
}
