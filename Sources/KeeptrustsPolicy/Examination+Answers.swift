import KeeptrustsCore
import NIOCore

extension Examination {
    /// One answer, as its caller reads it.
    struct Answer {
        /// Which choice it is.
        var choice: Int32

        /// The texts that it is put together of, in their order.
        var segments: [Int]

        /// All of it.
        var text: ByteBuffer

        /// The first of its texts.
        var segment: Int

        /// Whether it is a JSON document, which a program reads.
        var isDocument: Bool { text.jsonDocument != nil }
    }

    /// The answers of the half of an exchange that has some: one for each choice that says something, in their order.
    ///
    /// The content of a choice counts or, where it has none, what it says aloud or refuses with. Thoughts, titles of sources,
    /// names and log probabilities are no answers. An answer that only calls tools is not here; one that is empty is
    /// where the policy's chain has said that it needs it (``FactNeeds/emptyAnswers``).
    var answers: [Answer] {
        guard stage == .answer else { return [] }
        var choices: [Int32] = []
        var contents: [Int32: [Int]] = [:]
        var others: [Int32: [Int]] = [:]
        for number in own where segments[number].phase == .response {
            let segment = segments[number]
            guard let choice = segment.choice ?? segment.spoken else { continue }
            if contents[choice] == nil, others[choice] == nil { choices.append(choice) }
            if segment.choice != nil {
                contents[choice, default: []].append(number)
            } else {
                others[choice, default: []].append(number)
            }
        }
        return choices.compactMap { choice in
            let content = contents[choice] ?? []
            let isSaid = content.contains { length(of: $0) > 0 }
            guard let other = others[choice], !isSaid else { return answer(choice, content) }
            return answer(choice, other)
        }
    }

    private func answer(_ choice: Int32, _ numbers: [Int]) -> Answer? {
        guard let first = numbers.first else { return nil }
        var text = segments[first].text
        for number in numbers.dropFirst() {
            let next = segments[number].text
            let ends = text.readableBytesView.last.map { $0 > 0x20 } ?? false
            let begins = next.readableBytesView.first.map { $0 > 0x20 } ?? false
            // Where two words meet, they stand on lines of their own.
            if ends, begins { text.writeStaticString("\n") }
            text.writeImmutableBuffer(next)
        }
        return Answer(choice: choice, segments: numbers, text: text, segment: first)
    }
}
