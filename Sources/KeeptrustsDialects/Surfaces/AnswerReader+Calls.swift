import KeeptrustsCore
import KeeptrustsWire

/// The calls of tools.
extension AnswerReader {
    mutating func beginCall(_ value: JSONValue) {
        endCall()
        guard value.kind == .object else { return takeOddCall(value, .call) }
        answer.hasData = true
        callStart = value.span.lowerBound
        isOldForm = value.inner < 0
        (call, callEnd) = (max(0, Int(value.inner)), value.span.upperBound)
        (firstOfCall, firstNameOfCall) = (answer.texts.count, answer.names.count)
        largest = max(largest, call)
        tools.beginCall(at: answer.texts.count)
    }

    mutating func takeToolName(_ value: JSONValue, _ names: inout RepeatedNames) {
        takeName(value, &names)
        // Some servers repeat the name in each piece of a call, others say "" there.
        guard value.kind == .string, value.span.count > 2 else { return }
        let name = tools.settle(answer.body.string(value, limit: 512) ?? "")
        nameOfCall = value
        for index in firstOfCall..<answer.texts.count { answer.texts[index].text.segment.tool?.name = name }
        let channel = isOldForm ? Channel.functionArguments : .toolArguments(call)
        answer.calls.append(AnswerCall(choice: choice, channel: channel, name: name))
    }

    /// A call without arguments is judged by its name; of a streamed call, they may be still to come.
    mutating func endCall() {
        guard let start = callStart else { return }
        let name = nameOfCall
        (callStart, nameOfCall) = (nil, nil)
        let hasArguments = answer.texts[firstOfCall...].contains { $0.text.segment.tool?.part == .arguments }
        guard !hasArguments else { return }
        guard let name else {
            if isWhole || answer.texts.count > firstOfCall { addOddCall(start..<callEnd) }
            return
        }
        guard isWhole else { return }
        var text = LocatedText(name, in: answer.body, role: .assistant, phase: .toolCall, index: Int32(choice))
        text.segment.tool = tools.use(.name)
        answer.texts.append(AnswerText(choice: choice, channel: .other, text: text))
    }

    /// What stands where calls do, or looks like one, and has the form of none.
    mutating func takeOddCall(_ value: JSONValue, _ field: AnswerField?) {
        takeString(value)
        if case .calls? = field, value.kind == .array { return }
        guard value.kind != .null else { return }
        endCall()
        tools.beginCall(at: answer.texts.count)
        addOddCall(value.span)
    }

    /// Adds a call that names no tool, as it is written; whoever judges calls refuses it.
    private mutating func addOddCall(_ span: Range<Int>) {
        guard isWhole else {
            return answer.calls.append(AnswerCall(choice: choice, channel: .other, name: ""))
        }
        var text = LocatedText(
            echo: answer.body.bytes(span), of: span, role: .assistant, phase: .toolCall, index: Int32(choice))
        text.segment.tool = tools.use(.arguments)
        answer.texts.append(AnswerText(choice: choice, channel: .other, text: text))
    }

    mutating func renumberCall(_ value: JSONValue) {
        takeString(value)
        guard let number = answer.body.wholeNumber(value) else { return }
        call = number
        largest = max(largest, number)
        for index in firstOfCall..<answer.texts.count {
            if case .toolArguments = answer.texts[index].channel {
                answer.texts[index].channel = .toolArguments(number)
            } else if case .field(var place) = answer.texts[index].channel {
                place.number = number
                answer.texts[index].channel = .field(place)
            }
        }
        for index in firstNameOfCall..<answer.names.count {
            guard case .field(var place) = answer.names[index].text.channel else { continue }
            place.number = number
            answer.names[index].text.channel = .field(place)
        }
        let last = answer.calls.count - 1
        if nameOfCall != nil, last >= 0 { answer.calls[last].channel = .toolArguments(number) }
    }
}
