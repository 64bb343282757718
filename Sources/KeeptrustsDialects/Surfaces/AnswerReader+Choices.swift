import KeeptrustsWire

/// Where a choice begins, and which of its parts are renumbered when its number comes behind them.
extension AnswerReader {
    mutating func beginChoice(_ value: JSONValue) {
        endCall()
        choice = Int(value.index)
        largest = max(largest, choice)
        choiceEnd = value.span.upperBound
        answer.choices += 1
        if notesChoices { answer.places.append(ChoiceToken(choice: choice, range: value.span)) }
        starts = (
            answer.texts.count, answer.names.count, answer.finishes.count, answer.logprobs.count, answer.sounds.count,
            answer.calls.count
        )
        takeString(value)
    }

    mutating func renumberChoice(_ value: JSONValue) {
        takeString(value)
        guard let number = answer.body.wholeNumber(value) else { return }
        choice = number
        largest = max(largest, number)
        if let last = answer.places.indices.last { answer.places[last].choice = number }
        for index in starts.texts..<answer.texts.count {
            answer.texts[index].choice = number
            answer.texts[index].text.index = Int32(number)
            answer.texts[index].text.segment.moveChoice(to: Int32(number))
        }
        for index in starts.names..<answer.names.count { answer.names[index].text.choice = number }
        for index in starts.finishes..<answer.finishes.count { answer.finishes[index].choice = number }
        for index in starts.logprobs..<answer.logprobs.count { answer.logprobs[index].choice = number }
        for index in starts.sounds..<answer.sounds.count { answer.sounds[index].choice = number }
        for index in starts.calls..<answer.calls.count { answer.calls[index].choice = number }
    }
}
