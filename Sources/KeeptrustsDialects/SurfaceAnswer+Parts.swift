import KeeptrustsCore

extension SurfaceAnswer {
    /// Adds what the parts of each text that stands in several say together.
    mutating func joinParts() {
        struct Key: Hashable {
            var choice: Int
            var channel: Channel
        }
        var places: [Key: Int] = [:]
        var groups: [(key: Key, parts: [LocatedText])] = []
        for text in texts where text.channel.mayHaveParts {
            let key = Key(choice: text.choice, channel: text.channel)
            if let place = places[key] {
                groups[place].parts.append(text.text)
            } else {
                places[key] = groups.count
                groups.append((key, [text.text]))
            }
        }
        for (key, parts) in groups {
            texts += JoinedTexts.of(parts).map { AnswerText(choice: key.choice, channel: key.channel, text: $0) }
        }
    }
}

extension Channel {
    /// Whether it is what the model says in words, which may stand in several strings.
    fileprivate var mayHaveParts: Bool {
        switch self {
        case .content, .completion, .refusal, .reasoning, .reasoningContent, .reasoningDetails, .transcript: true
        case .toolArguments, .functionArguments, .logprobs, .field, .other: false
        }
    }
}
