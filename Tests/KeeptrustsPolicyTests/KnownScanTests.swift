import Testing

@testable import KeeptrustsMatching
@testable import KeeptrustsPolicy

/// A text that differs from a scanned one in a few places is scanned near to these only.
struct KnownScanTests {
    /// Sentences without anything to find, long enough to be left out.
    private static let prose = String(repeating: "The shop is open on most days. Please ask for the list.\n", count: 60)

    @Test(
        "Near to a difference, what a rule finds is what it finds in a text of which nothing is known",
        arguments: PackTests.names)
    func nearDifferences(pack: String) throws {
        let rules = try Pack(named: pack).rules
        let set = try PatternSet(rules.map(\.rule.pattern), cacheDirectory: TestPatterns.directory)
        let scratch = try #require(PatternScratch(for: set))
        for text in rules.flatMap(\.matching) {
            let bytes = Array(text.utf8)
            for place in Set([0, bytes.count / 2, bytes.count - 1]) where bytes[place] < 0x80 {
                var other = bytes
                other[place] = UInt8(ascii: "~")
                let (before, behind) = (Array(Self.prose.utf8), Array(Self.prose.utf8) + bytes)
                let offset = before.count + place
                let places = [offset..<offset + 1]
                let hits = try scan(before + other + behind, nil, set, scratch)
                let known = KnownScan(places: places, hits: hits)

                let found = try matches(in: before + bytes + behind, places, known, set, scratch)
                let expected = try matches(in: before + bytes + behind, places, nil, set, scratch)

                #expect(found == expected, "'\(text)', at \(place)")
            }
        }
    }

    private func scan(
        _ text: [UInt8], _ known: KnownScan?, _ set: PatternSet, _ scratch: PatternScratch
    ) throws -> [UInt64] {
        try text.withUnsafeBytes { text in
            try set.scan(scratch.read(text), for: set.wholeScope, knowing: known, using: scratch)
            return (0..<scratch.words).map { scratch.hits(word: $0) }
        }
    }

    private func matches(
        in text: [UInt8], _ places: [Range<Int>], _ known: KnownScan?, _ set: PatternSet, _ scratch: PatternScratch
    ) throws -> [[Range<Int>]] {
        let hits = try scan(text, known, set, scratch)
        let regions = scratch.regions
        return try text.withUnsafeBytes { text in
            try (0..<set.count).map { pattern in
                var spans: [Range<Int>] = []
                guard hits[pattern / 64] >> UInt64(pattern % 64) & 1 != 0 else { return spans }
                try set.matches(of: pattern, in: text, within: regions, near: [places], using: scratch) { span in
                    spans.append(span)
                    return span
                }
                return spans
            }
        }
    }

    @Test("A word that stands in a text too often to be noted makes nothing else be looked for everywhere")
    func crowded() throws {
        let set = try PatternSet(
            [#"密码[^\n]{0,9}\d{4}"#, #"пароль[^\n]{0,9}\d{4}"#, #"口令[^\n]{0,9}\d{4}"#].map { Pattern($0) },
            cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))
        let crowd = String(repeating: "密码 is. ", count: 5_000)
        let (own, late) = ("口令 1234\n", "пароль 1234\n密码 1234\n")
        func found(in text: String) throws -> [[Range<Int>]] {
            try matches(in: Array(text.utf8), [0..<text.utf8.count], nil, set, scratch)
        }
        let length = crowd.utf8.count

        #expect(try found(in: own + crowd).map(\.count) == [0, 0, 1])
        // Nothing is known of what comes behind so many.
        let expected = try found(in: late).map { $0.map { $0.lowerBound + length } }
        #expect(try found(in: crowd + late).map { $0.map(\.lowerBound) } == expected)
        #expect(expected.map(\.count) == [1, 1, 0])
        _ = try scan(Array((own + crowd).utf8), nil, set, scratch)
        #expect(scratch.regions.contains { $0.pattern == 2 && $0.span.count < 64 }, "\(scratch.regions)")
        #expect(scratch.regions.contains { $0.pattern == 0 && $0.span.count >= length }, "\(scratch.regions)")
        #expect(!scratch.regions.contains { $0.pattern == 1 })
    }
}
