import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsMatching
@testable import KeeptrustsPolicy

/// Long texts are searched in parts: near to words that speak for a match, and near to what a view changes.
struct SearchPlacesTests {
    private static let chain = try? PolicyChain(["pii-detector"], ["pii-detector": ["healthcare_mode": true]])

    private static let examples = PackTests.cases.filter { PIIDetector.packs.contains($0.pack) }

    /// Sentences without anything to find, and longer than anything that a pattern or its words reach.
    private static let prose = String(repeating: "The shop is open on most days. Please ask for the list.\n", count: 12)

    /// Numbers that are nobody's, of so many forms that many patterns ask for words before them.
    private static let numbers = String(
        repeating: """
            [100 000 000 00] [1000-0000-00] [100000000] [10000000] [10000000000] [100000000000] [1000000000000] [100.000.000]
            [10000000-0] [100-000-000] [1000 0000 0001] [11 000000]

            """, count: 70)

    private func redacted(_ text: String) throws -> [Range<Int>] {
        try #require(Self.chain).judge(text).redactions.map(\.span)
    }

    @Test("What words speak for is found behind thousands of numbers that none speaks for", arguments: examples)
    func behindNumbers(_ example: PackTests.Case) throws {
        let before = Self.numbers + Self.prose
        #expect(try redacted(before) == [])
        for text in example.rule.matching {
            let alone = try redacted(Self.prose + text).map { $0.lowerBound - Self.prose.utf8.count }
            let found = try redacted(before + text).map { $0.lowerBound - before.utf8.count }
            #expect(found == alone, "in \(text)")
        }
    }

    @Test("What only another reading of a text shows is found wherever it stands", arguments: examples)
    func inViews(_ example: PackTests.Case) throws {
        for text in example.rule.matching {
            guard let digit = text.firstIndex(where: { $0.isASCII && $0.isWholeNumber }) else { continue }
            let wide = text[digit].unicodeScalars.compactMap { Unicode.Scalar($0.value + 0xFEE0) }
            var disguised = text
            disguised.replaceSubrange(digit...digit, with: String(String.UnicodeScalarView(wide)))
            let alone = try redacted(disguised)
            // In long texts, less is scanned.
            for length in [1, 14] {
                let before = Self.prose + text + "\n" + String(repeating: Self.prose, count: length)
                let found = try redacted(before + disguised).filter { $0.lowerBound >= before.utf8.count }
                #expect(found.map { $0.lowerBound - before.utf8.count } == alone.map(\.lowerBound), "in \(disguised)")
            }
        }
    }

    @Test("A text of numbers is searched for those that need words only as long as none is missing")
    func withoutWords() throws {
        let chain = try #require(Self.chain)
        let scratch = MatchScratch(for: chain)
        let text = String(repeating: "1000000000 ", count: 9_000)

        _ = chain.judge([.user(text)], using: scratch)

        let work = try #require(scratch.patterns?.work)
        #expect(work.searches < 9_000 * 8, "\(work)")
        #expect(work.bytes < text.utf8.count * 40, "\(work)")
    }

    @Test("What another reading has in common with a text is not searched twice")
    func sameInViews() throws {
        let chain = try #require(Self.chain)
        let examples = Self.examples.flatMap(\.rule.matching).filter { $0.utf8.allSatisfy { $0 < 0x80 } }
        let plain = String(examples.joined(separator: " ").prefix(30_000))
        func work(_ text: String) throws -> SearchWork {
            let scratch = MatchScratch(for: chain)
            _ = chain.judge([.user(text)], using: scratch)
            return try #require(scratch.patterns?.work)
        }

        let alone = try work(plain + "\n" + Self.prose + "four")
        let both = try work(plain + "\n" + Self.prose + "f\u{43E}ur")

        #expect(both.searches < alone.searches * 11 / 10, "\(both), not \(alone)")
        #expect(both.bytes < alone.bytes * 11 / 10, "\(both), not \(alone)")
    }
}
