@testable import KeeptrustsMatching

extension PatternSet {
    /// The spans of all matches of each pattern in a text, as one scan and the searches after it find them.
    func spans(in text: String) throws -> [[Range<Int>]] {
        guard let scratch = PatternScratch(for: self) else { return [] }
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes { text in
            try scan(scratch.read(text), for: wholeScope, using: scratch)
            let hits = (0..<count).map { scratch.hits(word: $0 / 64) >> UInt64($0 % 64) & 1 == 1 }
            let regions = scratch.regions
            return try (0..<count).map { pattern in
                guard hits[pattern] else { return [] }
                var spans: [Range<Int>] = []
                let own = regions.filter { $0.pattern == pattern }
                try matches(of: pattern, in: text, within: own, using: scratch) { span in
                    spans.append(span)
                    return span
                }
                return spans
            }
        }
    }

    /// The same without any short cut: each pattern is searched for in the whole text.
    func spansWithoutScan(in text: String) throws -> [[Range<Int>]] {
        guard let memory = MatchMemory() else { return [] }
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes { text in
            try confirmers.map { confirmer in
                var spans: [Range<Int>] = []
                var start = 0
                while case .match(let whole, let found) = try confirmer.searchAll(
                    text, from: start, isOpen: false, memory)
                {
                    spans.append(found)
                    start = max(whole.upperBound, start + 1)
                    guard start < text.count else { break }
                }
                return spans
            }
        }
    }
}
