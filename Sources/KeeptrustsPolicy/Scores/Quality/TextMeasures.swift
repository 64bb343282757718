/// Measures of texts that need no model.
enum TextMeasures {
    /// How many syllables an English word has, roughly: its groups of vowels.
    static func syllables(_ word: ArraySlice<UInt8>) -> Int {
        var count = 0
        var wasVowel = false
        for byte in word {
            let isVowel = [0x61, 0x65, 0x69, 0x6F, 0x75, 0x79].contains(byte | 0x20)
            if isVowel, !wasVowel { count += 1 }
            wasVowel = isVowel
        }
        if word.count > 2, word.last.map({ $0 | 0x20 }) == 0x65, count > 1 { count -= 1 }
        return max(count, 1)
    }

    /// The Flesch reading ease (higher is easier) and the Flesch-Kincaid grade of an English text; nil without words.
    static func readability(_ text: [UInt8], _ worded: WordedText) -> (ease: Double, grade: Double)? {
        let words = worded.words.count
        guard words > 0 else { return nil }
        let syllables = worded.words.reduce(0) { $0 + Self.syllables(text[$1.span]) }
        let perSentence = Double(words) / Double(max(worded.sentences.count, 1))
        let perWord = Double(syllables) / Double(words)
        return (206.835 - 1.015 * perSentence - 84.6 * perWord, 0.39 * perSentence + 11.8 * perWord - 15.59)
    }

    /// The share of the pieces of `n` words of `reference` that `candidate` has (ROUGE-N), 0...1.
    static func recall(_ candidate: [UInt64], _ reference: [UInt64], n: Int) -> Double {
        let wanted = counts(reference, n)
        guard !wanted.isEmpty else { return 0 }
        let there = counts(candidate, n)
        let hits = wanted.reduce(0) { $0 + min($1.value, there[$1.key] ?? 0) }
        return Double(hits) / Double(wanted.values.reduce(0, +))
    }

    /// The same of the longest sequence that both have in order (ROUGE-L, the harmonic mean of both shares).
    ///
    /// Of each text the first 2,000 words count, for the work is the product of their lengths.
    static func longestCommon(_ candidate: [UInt64], _ reference: [UInt64]) -> Double {
        let (a, b) = (Array(candidate.prefix(longest)), Array(reference.prefix(longest)))
        guard !a.isEmpty, !b.isEmpty else { return 0 }
        var row = [Int](repeating: 0, count: b.count + 1)
        for word in a {
            var diagonal = 0
            for index in b.indices {
                let above = row[index + 1]
                row[index + 1] = word == b[index] ? diagonal + 1 : max(above, row[index])
                diagonal = above
            }
        }
        return 2 * Double(row[b.count]) / Double(a.count + b.count)
    }

    /// The geometric mean of the shares of pieces of one to four words, with a penalty for brevity (BLEU), 0...1.
    static func bleu(_ candidate: [UInt64], _ reference: [UInt64]) -> Double {
        guard !candidate.isEmpty, !reference.isEmpty else { return 0 }
        let most = min(4, candidate.count, reference.count)
        var product = 1.0
        for n in 1...most { product *= max(recall(reference, candidate, n: n), 1e-9) }
        let brevity = candidate.count >= reference.count ? 1 : 1 - Double(reference.count) / Double(candidate.count)
        return product.root(most) * (brevity >= 0 ? 1 : exponential(brevity))
    }

    /// The cosine of the counts of words, 0...1.
    static func cosine(_ a: [UInt64], _ b: [UInt64]) -> Double {
        let (x, y) = (counts(a, 1), counts(b, 1))
        let product = x.reduce(0.0) { $0 + Double($1.value) * Double(y[$1.key] ?? 0) }
        let lengths = [x, y].map { $0.values.reduce(0.0) { $0 + Double($1) * Double($1) } }
        return lengths[0] == 0 || lengths[1] == 0 ? 0 : product / (lengths[0] * lengths[1]).squareRoot()
    }

    /// The share of words that both have among those that either has, 0...1.
    static func jaccard(_ a: [UInt64], _ b: [UInt64]) -> Double {
        let (x, y) = (Set(a), Set(b))
        let all = x.union(y).count
        return all == 0 ? 1 : Double(x.intersection(y).count) / Double(all)
    }

    /// The fewest insertions, deletions and replacements of bytes, as a share of the longer text that stays, 0...1.
    ///
    /// Of each text the first 4,000 bytes count.
    static func editSimilarity(_ a: [UInt8], _ b: [UInt8]) -> Double {
        let (a, b) = (Array(a.prefix(2 * longest)), Array(b.prefix(2 * longest)))
        guard !a.isEmpty || !b.isEmpty else { return 1 }
        var row = Array(0...b.count)
        for (i, byte) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (byte == b[j] ? 0 : 1))
                diagonal = above
            }
        }
        return 1 - Double(row[b.count]) / Double(max(a.count, b.count))
    }

    private static let longest = 2_000

    private static func counts(_ words: [UInt64], _ n: Int) -> [UInt64: Int] {
        var counts: [UInt64: Int] = [:]
        guard words.count >= n else { return counts }
        for start in 0...(words.count - n) {
            let piece = words[start..<(start + n)].reduce(UInt64(17)) { ($0 &* 31) ^ $1 }
            counts[piece, default: 0] += 1
        }
        return counts
    }

    /// e to the power of a number that is at most 0, by its series.
    private static func exponential(_ power: Double) -> Double {
        // Halved until the series is short, then squared as often.
        var value = max(power, -60) / 64
        value = 1 + value * (1 + value / 2 * (1 + value / 3 * (1 + value / 4)))
        for _ in 0..<6 { value *= value }
        return value
    }
}

extension Double {
    /// The root of a whole degree from 1 to 4.
    fileprivate func root(_ degree: Int) -> Double {
        switch degree {
        case 2: squareRoot()
        case 3:
            {
                // Newton's method; for numbers from 0 to 1 a few steps are exact enough.
                var root = 1.0
                for _ in 0..<60 { root -= (root * root * root - self) / (3 * root * root) }
                return root
            }()
        case 4: squareRoot().squareRoot()
        default: self
        }
    }
}
