import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

struct SecretStreamTests {
    static let chain = try? PolicyChain(["dlp-filter"])

    static let texts = ((try? Pack(named: "secrets.txt"))?.rules ?? []).flatMap { rule in
        rule.matching.filter { $0.utf8.count < 600 }.map { "So: \($0)\nand then on." }
    }

    @Test("A credential comes out of a stream as out of a whole text, whatever the pieces", arguments: [1, 3, 16, 61])
    func pieces(size: Int) throws {
        let chain = try #require(Self.chain)
        let scratch = MatchScratch(for: chain)
        #expect(Self.texts.count > 200)

        for text in Self.texts {
            let bytes = Array(text.utf8)
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            let streamed = chain.streamed(pieces, using: scratch)
            #expect(streamed.text == chain.passed(text, .response), "\(text.debugDescription)")
            #expect(streamed.outcome.verdict == .redact, "\(text.debugDescription)")
        }
    }
}
