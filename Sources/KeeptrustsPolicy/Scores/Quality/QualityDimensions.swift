/// What an answer is scored for as a whole, by words: no model is asked.
enum QualityDimension: String, CaseIterable, Sendable {
    /// The share of its claims that the sources of the request support.
    case faithfulness

    /// How much of what it says has to do with what was asked.
    case relevancy

    /// Sentences that belong together, and do not repeat each other.
    case coherence

    /// The share of what was asked that it speaks of.
    case completeness

    /// The share of its claims that say nothing that the sources do not.
    case accuracy

    /// Scores an answer, 0...1; nil where there is nothing to compare it with.
    func score(_ answer: AnswerUnderTest) -> Double? {
        switch self {
        case .faithfulness: return answer.grounding?.groundedness
        case .accuracy:
            guard let report = answer.grounding, report.claims > 0 else { return answer.grounding.map { _ in 1 } }
            let wrong = report.problems.count(where: \.isHallucination)
            return max(0, 1 - Double(wrong) / Double(report.claims))
        case .relevancy:
            let asked = Self.contents(answer.question)
            guard !asked.isEmpty else { return nil }
            let topics = asked.union(answer.sources.passages.flatMap { passage in Self.contents(passage.text) })
            return Self.relevancy(answer.worded, topics, asked)
        case .completeness:
            let asked = Self.contents(answer.question)
            guard !asked.isEmpty else { return nil }
            let said = Self.contents(answer.worded)
            return Double(asked.count { said.contains($0) }) / Double(asked.count)
        case .coherence: return Self.coherence(answer.worded)
        }
    }

    /// The stems of words that mean more than grammar.
    private static func contents(_ text: WordedText) -> Set<UInt64> {
        Set(
            text.words.filter { $0.hasContent && !$0.roles.contains(.meta) && !$0.roles.contains(.speaker) }.map(\.stem)
        )
    }

    /// The share of sentences that have a word of the topic; half counts for one that has a word of the sources only.
    private static func relevancy(_ text: WordedText, _ topics: Set<UInt64>, _ asked: Set<UInt64>) -> Double {
        var (sum, count) = (0.0, 0)
        var follows = false
        for sentence in text.sentences {
            let words = text.words[sentence.words].filter(\.hasContent)
            guard !words.isEmpty else { continue }
            count += 1
            let isAsked = words.contains { asked.contains($0.stem) }
            let isTopic = words.contains { topics.contains($0.stem) }
            // A sentence goes on about what the one before was about.
            sum += isAsked ? 1 : isTopic ? 0.75 : follows ? 0.5 : 0
            follows = isAsked || isTopic
        }
        return count == 0 ? 0 : sum / Double(count)
    }

    /// One, less the share of sentences that say what an earlier one has said, and half of those that end in the middle.
    private static func coherence(_ text: WordedText) -> Double {
        guard !text.sentences.isEmpty else { return 0 }
        var seen: Set<UInt64> = []
        var faults = 0.0
        for sentence in text.sentences {
            let words = text.words[sentence.words]
            let print = words.reduce(UInt64(7)) { ($0 &* 31) ^ $1.stem }
            if words.count >= 3, !seen.insert(print).inserted { faults += 1 }
            // A word that is there thrice in a row is a model that stumbles.
            let stumbles = zip(words, zip(words.dropFirst(), words.dropFirst(2))).contains {
                $0.hash == $1.0.hash && $0.hash == $1.1.hash
            }
            if stumbles { faults += 0.5 }
        }
        return max(0, 1 - faults / Double(text.sentences.count))
    }
}
