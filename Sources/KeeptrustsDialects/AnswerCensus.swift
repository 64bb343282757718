/// Which choices of an answer there are, and which of them say or do something.
public struct AnswerCensus {
    private var all: Set<Int> = []
    private var busy: Set<Int> = []

    public init() {}

    /// Takes note of a choice.
    public mutating func note(_ choice: Int) {
        if choice >= 0 { all.insert(choice) }
    }

    /// Takes note of a text of a choice.
    public mutating func note(_ channel: Channel, of choice: Int) {
        note(choice)
        switch channel {
        case .content, .completion, .refusal, .transcript, .toolArguments, .functionArguments: busy.insert(choice)
        case .reasoning, .reasoningContent, .reasoningDetails, .logprobs, .field, .other: break
        }
    }

    /// Takes note of a call of a tool, which has a name.
    public mutating func note(_ call: AnswerCall) { note(call.channel, of: call.choice) }

    /// Finds the choices without content, refusal, spoken words and calls.
    ///
    /// - Parameter count: How many choices there are, of which some may not have been noted; an answer without any is empty.
    /// - Returns: Their numbers, in order.
    public func empty(of count: Int) -> [Int] {
        var all = all
        var next = 0
        while all.count < max(count, 1) {
            all.insert(next)
            next += 1
        }
        return all.subtracting(busy).sorted()
    }
}

extension SurfaceAnswer {
    /// The choices of a whole answer that neither say anything nor call a tool.
    public var emptyChoices: [Int] {
        var census = AnswerCensus()
        for text in texts { census.note(text.channel, of: text.choice) }
        for finish in finishes { census.note(finish.choice) }
        for call in calls { census.note(call) }
        return census.empty(of: choices)
    }
}
