import Testing

@testable import KeeptrustsMatching

/// Words of a pattern that knows no sign at which a sentence ends are searched for together within one sentence only.
struct SentenceTests {
    private static let patterns = [
        Pattern(#"\b(?:alpha|beta)(?:[\s,;-]{1,4}\w{1,12}){0,9}?[\s,;-]{1,4}(?:gamma|delta)\b"#, ignoresCase: true),
        Pattern(#"\balpha(?:[\s,.;-]{1,4}\w{1,12}){0,9}?[\s,.;-]{1,4}delta\b"#, ignoresCase: true),
        Pattern(#"\b(?:epsilon|alpha)\b[^a]{0,20}\bomega[ ,]{1,2}(?:\w+ )?zeta's\b"#, ignoresCase: true),
    ]

    /// The parts of a text in which a pattern is searched for.
    private func regions(_ text: String) throws -> [Range<Int>] {
        let set = try PatternSet([Self.patterns[0]], cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes { text in
            try set.scan(scratch.read(text), for: set.wholeScope, using: scratch)
            return scratch.regions.map(\.span)
        }
    }

    @Test(
        "Words on both sides of the end of a sentence are not searched for",
        arguments: ["alpha went. Now gamma", "Beta!\n\nA gamma", "is it alpha? (delta)", "alpha .gamma", "alpha.gamma"])
    func apart(text: String) throws {
        #expect(try regions(text).isEmpty)
    }

    @Test(
        "Words of one sentence are, from its beginning to its end",
        arguments: [
            ("No beta. So alpha and gamma. Then delta.", 9..<27), ("x. alpha, gamma", 3..<15),
            ("3.5 alpha-delta, beta", 4..<21),
        ])
    func together(text: String, expected: Range<Int>) throws {
        let found = try #require(try regions(text).first)

        #expect(expected.contains(found.lowerBound) && found.upperBound <= expected.upperBound, "\(found)")
    }

    @Test("The short cut changes nothing, whatever stands between words", arguments: 0..<40)
    func differential(seed: UInt64) throws {
        let set = try PatternSet(Self.patterns, cacheDirectory: nil)
        let words = ["alpha", "Beta", "gamma", "delta", "epsilon", "omega", "zeta's", "a", "of", "Alphabet", "3"]
        let joins = [" ", " ", " ", ", ", ". ", ".", "! ", "?\n", " . ", ".) ", "; ", "...", "-"]
        var state = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        func pick(_ list: [String]) -> String {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return list[Int(state >> 33) % list.count]
        }
        for _ in 0..<20 {
            let text = (0..<60).map { _ in pick(words) + pick(joins) }.joined()
            #expect(try set.spans(in: text) == set.spansWithoutScan(in: text), "\(text)")
        }
    }
}
