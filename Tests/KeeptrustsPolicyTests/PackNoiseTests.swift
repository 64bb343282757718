import Testing

@testable import KeeptrustsMatching
@testable import KeeptrustsPolicy

/// The short cuts of all packs together, against a plain search for each pattern.
struct PackNoiseTests {
    static let rules = PackTests.cases.map(\.rule)
    static let patterns = try? PatternSet(rules.map(\.rule.pattern), cacheDirectory: TestPatterns.directory)

    static let noise = [
        "please", "the", "system", "policy", "order", "ignore", "rules", "you", "are", "now", "password", "model",
        "1234", "7",
        "12-34", "report", "to", "user", "data", "prompt", "instructions", "Note:", "\n", "--", "e.g.", "\u{E9}t\u{E9}",
        "🙂",
        "a@b", "x:y", "::", "<", ">", "Q3", "show", "me", "don't", "api_key", "end", "\u{5FFD}\u{7565}", "\u{17F}how",
    ]

    @Test("Scan and confirmation find what a search of the whole text finds", arguments: 0..<60)
    func differential(seed: UInt64) throws {
        let set = try #require(Self.patterns)
        let matching = Self.rules.flatMap(\.matching)
        var random = Random(state: seed &* 7_919 &+ 13)
        for _ in 0..<4 {
            var pieces: [String] = []
            for _ in 0..<(1 + random.next(3)) {
                for _ in 0..<random.next(12) { pieces.append(Self.noise[random.next(Self.noise.count)]) }
                var example = matching[random.next(matching.count)]
                if random.next(4) == 0 { example = example.uppercased() }
                if random.next(3) == 0 { example = example.replacing(" ", with: ["  ", "\n", " - "][random.next(3)]) }
                pieces.append(example)
            }
            let separator = random.next(5) == 0 ? "" : " "
            let text = pieces.joined(separator: separator)
            let found = try set.spans(in: text)
            let expected = try set.spansByConfirmersAlone(in: text)
            for pattern in 0..<set.count where found[pattern] != expected[pattern] {
                Issue.record(
                    "\(Self.rules[pattern].id) in \(text.debugDescription): \(found[pattern]) \(expected[pattern])")
            }
        }
    }

    private struct Random {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
    }
}

extension PatternSet {
    /// The spans of all matches of each pattern, as one scan and the searches after it find them.
    fileprivate func spans(in text: String) throws -> [[Range<Int>]] {
        let scratch = try #require(PatternScratch(for: self))
        return try Array(text.utf8).withUnsafeBytes { text in
            try scan(scratch.read(text), for: wholeScope, using: scratch)
            let regions = scratch.regions
            return try (0..<count).map { pattern in
                guard scratch.hits(word: pattern / 64) >> UInt64(pattern % 64) & 1 == 1 else { return [] }
                return try spans(of: pattern, in: text, regions, scratch)
            }
        }
    }

    /// The same with a search of the whole text for each pattern.
    fileprivate func spansByConfirmersAlone(in text: String) throws -> [[Range<Int>]] {
        let scratch = try #require(PatternScratch(for: self))
        return try Array(text.utf8).withUnsafeBytes { text in
            try (0..<count).map { try spansByConfirmerAlone(of: $0, in: text, scratch) }
        }
    }

    private func spansByConfirmerAlone(
        of pattern: Int, in text: UnsafeRawBufferPointer, _ scratch: PatternScratch
    ) throws -> [Range<Int>] {
        let fewest = PackNoiseTests.rules[pattern].rule.pattern.fewestDigits
        var spans: [Range<Int>] = []
        var start = 0
        while start <= text.count,
            case .match(let whole, let found) = try confirmers[pattern].searchAll(
                text, from: start, isOpen: false, scratch.memory)
        {
            let counts = text[found].count(where: { (0x30...0x39).contains($0) }) >= fewest
            if counts { spans.append(found) }
            start = text.nextStart(after: whole, found: found, accepted: counts ? found : nil)
        }
        return spans
    }

    private func spans(
        of pattern: Int, in text: UnsafeRawBufferPointer, _ regions: [PatternRegion], _ scratch: PatternScratch
    ) throws -> [Range<Int>] {
        let fewest = PackNoiseTests.rules[pattern].rule.pattern.fewestDigits
        var spans: [Range<Int>] = []
        try matches(of: pattern, in: text, within: regions, using: scratch) { span in
            guard text[span].count(where: { (0x30...0x39).contains($0) }) >= fewest else { return nil }
            spans.append(span)
            return span
        }
        return spans
    }
}
