import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// What is to be judged, and which text of other events it continues.
extension AnswerReader {
    /// A value or key that no row names.
    mutating func takeUnknown(_ value: JSONValue, _ member: Range<Int>?) {
        takeUnknownText(value, member)
        addDistant(value)
    }

    private mutating func takeUnknownText(_ value: JSONValue, _ member: Range<Int>?) {
        guard value.kind == .string else { return }
        if value.field == JSONShape.otherKey {
            if !answer.body.isPlainName(value) { addText(value, .other) }
        } else if isWhole, let member, answer.body.text(value).needsKey {
            addMember(.member, member, of: value)
        } else {
            addText(value, place(of: value))
            // As a piece of a text, and with its key.
            if let member, answer.body.text(value).needsKey { addMember(.member, member, of: value) }
        }
    }

    /// Adds a value, which was added by itself, with what says from elsewhere what it means.
    private mutating func addDistant(_ value: JSONValue) {
        guard let key = keys.distant, answer.body.isVague(value) else { return }
        let owner = value.span.lowerBound < choiceEnd ? choice : -1
        let text = LocatedText(
            value, named: key, in: answer.body, role: .assistant, phase: .response, index: Int32(owner))
        answer.texts.append(AnswerText(choice: owner, channel: .other, text: text))
    }

    /// A string where another kind of value is looked for.
    mutating func takeString(_ value: JSONValue) {
        if value.kind == .string { addText(value, place(of: value)) }
    }

    /// The channel of a text; in a stream, texts that stand elsewhere than the first did are others.
    mutating func channel(
        _ channel: Channel, of value: JSONValue, by part: ChoicePart?, _ names: inout RepeatedNames
    ) -> Channel {
        guard let part, !isWhole, value.span.count > 2 else { return channel }
        if names.part == nil { names.part = part }
        guard names.part != part else { return channel }
        if channel.isToolCall { hasMixedCalls = true }
        return place(of: value)
    }

    /// Which texts of other events a string continues that has no channel of its own.
    func place(of value: JSONValue) -> Channel {
        guard !isWhole else { return .other }
        let number = value.span.lowerBound < callEnd ? call : Int(value.inner)
        return .field(FieldPlace(row: value.field, way: value.place, number: number))
    }

    /// A number that is larger than it may be at its place may be that of a card; with its key, so that its meaning is known.
    mutating func takeNumber(_ value: JSONValue, _ field: AnswerField?, _ member: Range<Int>?) {
        if field?.isTime == true, answer.body.isTime(value) { return }
        if case .text(let channel, _)? = field, channel.isToolCall { return }
        let most = field?.mostDigits ?? ByteBuffer.mostDigits
        guard !answer.body.isSmallNumber(value, mostDigits: most) else { return }
        addMember(member == nil ? .value : .member, member ?? value.span, of: value)
    }

    mutating func addMember(_ form: LocatedText.Form, _ span: Range<Int>, of value: JSONValue) {
        if let last = answer.texts.last, last.text.isKey(of: span) { answer.texts.removeLast() }
        let owner = value.span.lowerBound < choiceEnd ? choice : -1
        let text = LocatedText(form, span, in: answer.body, role: .assistant, phase: .response, index: Int32(owner))
        answer.texts.append(AnswerText(choice: owner, channel: .other, text: isWhole ? text.unescaped : text))
    }

    /// A name that is more than a name is a text.
    ///
    /// In an event, it may be a piece of one, unless it is as it was before.
    mutating func takeName(_ value: JSONValue, isServers: Bool = false, _ names: inout RepeatedNames) {
        guard value.kind == .string, value.span.count > 2 else { return }
        let owner = value.span.lowerBound < choiceEnd ? choice : -1
        guard isWhole || owner >= 0 || !names.repeats(value, of: answer.body) else { return }
        let isPlain = answer.body.isPlainName(value, isServers: isServers)
        guard !isWhole else {
            if !isPlain { addText(value, .other) }
            return
        }
        if owner < 0 { names.note(value, of: answer.body, isPlain: isPlain) }
        let text = LocatedText(value, in: answer.body, role: .assistant, phase: .response, index: Int32(owner))
        let name = AnswerText(choice: owner, channel: place(of: value), text: text)
        answer.names.append(AnswerName(text: name, isPlain: isPlain))
    }

    /// Adds a string; of what is none, such as arguments that are an object, its JSON text.
    mutating func addText(_ value: JSONValue, _ channel: Channel) {
        let isString = value.kind == .string
        guard !isString || value.span.count > 2 else { return }
        if !isString { skipEnd = value.span.upperBound }
        let owner = value.span.lowerBound < choiceEnd ? choice : -1
        var channel = channel
        if case .toolArguments = channel { channel = .toolArguments(call) }
        let phase: Phase = channel.isToolCall ? .toolCall : .response
        var text =
            isString
            ? LocatedText(value, in: answer.body, role: .assistant, phase: phase, index: Int32(owner))
            : LocatedText(.value, value.span, in: answer.body, role: .assistant, phase: phase, index: Int32(owner))
        if phase == .toolCall { text.segment.tool = tools.use(.arguments) }
        if channel == .content || channel == .completion, owner >= 0 { text.segment.choice = Int32(owner) }
        if channel == .refusal || channel == .transcript, owner >= 0 { text.segment.spoken = Int32(owner) }
        answer.texts.append(AnswerText(choice: owner, channel: channel, text: text))
        guard isWhole, phase == .toolCall, value.hasEscapes || !isString else { return }
        var nested: [LocatedText] = []
        if !NestedTexts.append(of: text, to: &nested) { isOverfull = true }
        for var text in nested {
            text.segment.tool = tools.use(.fragment)
            answer.texts.append(AnswerText(choice: owner, channel: channel, text: text))
        }
    }

    /// Adds what log probabilities say and no text of their choice does.
    mutating func addLogprobs() {
        guard !answer.logprobs.isEmpty else { return }
        var known: [Int: [ByteBuffer]] = [:]
        for text in answer.texts { known[text.choice, default: []].append(text.text.segment.text) }
        for token in answer.logprobs {
            let said = LogprobTexts(answer.body.bytes(token.range))
            for lane in said.texts(beside: known[token.choice] ?? []) where lane.text.readableBytes > 0 {
                let text = LocatedText(
                    echo: lane.text, of: token.range, role: .assistant, phase: .response, index: Int32(token.choice))
                answer.texts.append(AnswerText(choice: token.choice, channel: .logprobs(lane.number), text: text))
            }
        }
    }
}
