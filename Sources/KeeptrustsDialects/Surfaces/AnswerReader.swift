import KeeptrustsCore
import KeeptrustsWire
public import NIOCore

extension Surface {
    /// Reads a whole answer in one scan of its body.
    ///
    /// - Throws: ``DialectError/malformed(_:)`` when it is not strict JSON, or holds neither an answer nor an error.
    public func readAnswer(_ body: ByteBuffer) throws(DialectError) -> SurfaceAnswer {
        var names = RepeatedNames()
        let (answer, hasChoices) = try scan(body, isWhole: true, &names)
        guard hasChoices || answer.error != nil else { throw .malformed("an answer without choices") }
        return answer
    }

    /// Reads one event's data of a streamed answer in one scan.
    ///
    /// - Parameters:
    ///   - data: The event's data.
    ///   - names: The names that the events before it had; takes its own.
    /// - Returns: The event.
    /// - Throws: ``DialectError/malformed(_:)`` when it is neither strict JSON nor the end mark.
    public func readChunk(_ data: ByteBuffer, after names: inout RepeatedNames) throws(DialectError) -> SurfaceChunk {
        if data.readableBytes == 6, data.readableBytesView.elementsEqual("[DONE]".utf8) {
            return SurfaceChunk(answer: SurfaceAnswer(body: data), isDone: true)
        }
        return SurfaceChunk(answer: try scan(data, isWhole: false, &names).answer)
    }

    /// The same, of an event that stands alone.
    public func readChunk(_ data: ByteBuffer) throws(DialectError) -> SurfaceChunk {
        var names = RepeatedNames()
        return try readChunk(data, after: &names)
    }

    /// The places of the choices in a body, or in an event's data, that was read before: most readers do without.
    ///
    /// - Throws: ``DialectError/malformed(_:)`` as for reading it.
    func choices(in body: ByteBuffer, isWhole: Bool) throws(DialectError) -> [ChoiceToken] {
        var names = RepeatedNames()
        return try scan(body, isWhole: isWhole, &names, notesChoices: true).answer.places
    }

    private func scan(
        _ body: ByteBuffer, isWhole: Bool, _ names: inout RepeatedNames, notesChoices: Bool = false
    ) throws(DialectError) -> (answer: SurfaceAnswer, hasChoices: Bool) {
        var values: [JSONValue] = []
        values.reserveCapacity(16)
        do { try JSONScanner.scan(body, answer.shape, into: &values) } catch {
            throw .malformed("an answer that is not acceptable JSON: \(error.reason.rawValue)")
        }
        var reader = AnswerReader(body: body, isWhole: isWhole, notesChoices: notesChoices)
        for value in values {
            reader.take(value, answer[value], &names)
            guard reader.hasRoom else { throw .malformed("an answer with too many texts") }
        }
        return try reader.finish()
    }
}

/// Makes an answer of what the scanner found, in document order.
private struct AnswerReader: ~Copyable {
    private var answer: SurfaceAnswer
    private var hasChoices = false

    /// The choice at hand: its number, where its parts begin, where it ends.
    private var choice = -1
    private var choiceEnd = 0
    private var starts = (texts: 0, names: 0, finishes: 0, logprobs: 0, sounds: 0, calls: 0)

    /// The tool call at hand: its number, its first text and name, where it ends.
    private var call = 0
    private var firstOfCall = 0
    private var firstNameOfCall = 0
    private var callEnd = 0
    private var callStart: Int?
    private var tools = ToolTexts()

    /// The last value, if it was a key that no row names.
    private var key: JSONValue?

    /// The name of the tool at hand, and whether the call has the old form, in which there is but one.
    private var nameOfCall: JSONValue?
    private var isOldForm = false

    /// Where a container ends whose strings are not texts of their own.
    private var skipEnd = 0
    private var counts = TokenCounts()
    private var error: ErrorFields?

    /// The largest number of a choice or a tool call, and what whoever follows them has to be ready for.
    private var largest = 0
    private static let limit = 1_024

    /// Whether texts are complete, not pieces.
    private let isWhole: Bool

    /// In a stream, there is a call elsewhere than the texts before it.
    private var hasMixedCalls = false

    /// Whether the places of choices are wanted.
    private let notesChoices: Bool

    /// There is a text that may be but a part of one.
    private var hasParts = false

    /// A document within a text has more texts than there is room for.
    private var isOverfull = false

    /// Whether there are no more texts than may be.
    var hasRoom: Bool {
        !isOverfull && answer.texts.count <= LocatedText.mostInBody && answer.names.count <= LocatedText.mostInBody
    }

    init(body: ByteBuffer, isWhole: Bool, notesChoices: Bool) {
        answer = SurfaceAnswer(body: body)
        self.isWhole = isWhole
        self.notesChoices = notesChoices
    }

    mutating func take(_ value: JSONValue, _ field: AnswerField?, _ names: inout RepeatedNames) {
        guard value.span.lowerBound >= skipEnd else { return }
        let member = answer.body.member(key, value)
        key = value.field == JSONShape.otherKey ? value : nil
        if value.kind == .number { takeNumber(value, field, member) }
        switch field {
        case nil: takeUnknown(value, member)
        case .plain, .figure, .time, .usage: takeString(value)
        case .name: takeName(value, &names)
        case .padding:
            if value.kind == .string, !answer.body.isPlainName(value, isServers: true) { addText(value, .other) }
        case .media: takeMedia(value)
        case .sound: takeSound(value)
        case .text(let channel, let part):
            hasParts = hasParts || isWhole && value.inner > 0
            if value.kind == .string || channel.isToolCall && value.kind != .null {
                addText(value, self.channel(channel, of: value, by: part, &names))
            }
        case .id:
            answer.id = value.span
            takeName(value, isServers: true, &names)
        case .created:
            answer.created = value.span
            takeString(value)
        case .model: takeModel(value, &names)
        case .choices:
            hasChoices = value.kind == .array
            takeString(value)
        case .choice: beginChoice(value)
        case .choiceIndex: renumberChoice(value)
        case .finishReason: takeFinish(value, &names)
        case .logprobs: takeLogprobs(value)
        case .call: beginCall(value)
        case .calls, .oddCall: takeOddCall(value, field)
        case .toolName: takeToolName(value, &names)
        case .callIndex: renumberCall(value)
        case .inputTokens, .outputTokens, .cachedTokens: takeTokens(value, field)
        case .error: beginError(value)
        case .errorMessage: error?.message = answer.body.string(value)
        case .errorType: error?.type = answer.body.string(value, limit: 128)
        case .errorCode: error?.take(code: value, in: answer.body)
        }
    }

    consuming func finish() throws(DialectError) -> (SurfaceAnswer, Bool) {
        guard largest < Self.limit else { throw .malformed("an answer with too many choices or tool calls") }
        guard !hasMixedCalls else { throw .malformed("calls in more than one place of a choice") }
        endCall()
        if hasParts { answer.joinParts() }
        guard hasRoom else { throw .malformed("an answer with too many texts") }
        addLogprobs()
        answer.usage = counts.usage
        answer.error = error.map { UpstreamFailure(status: nil, $0) }
        return (answer, hasChoices)
    }

    private mutating func takeModel(_ value: JSONValue, _ names: inout RepeatedNames) {
        guard value.kind == .string else { return }
        (answer.modelToken, answer.modelHasEscapes) = (value.span, value.hasEscapes)
        takeName(value, isServers: true, &names)
    }

    private mutating func takeMedia(_ value: JSONValue) {
        guard value.kind == .string, value.span.count > 2 else { return }
        answer.hasData = true
        if !answer.body.isEncodedMedia(value) { addText(value, place(of: value)) }
    }

    private mutating func takeSound(_ value: JSONValue) {
        takeMedia(value)
        guard value.kind == .string, value.span.count > 2, answer.body.isEncodedMedia(value) else { return }
        answer.sounds.append(ChoiceToken(choice: choice, range: value.span))
    }

    private mutating func takeFinish(_ value: JSONValue, _ names: inout RepeatedNames) {
        // Some servers say "" where others say null: the choice goes on.
        guard value.kind == .string, value.span.count > 2 else { return }
        answer.finishes.append(ChoiceToken(choice: choice, range: value.span))
        takeName(value, &names)
    }

    private mutating func takeLogprobs(_ value: JSONValue) {
        guard value.kind == .object || value.kind == .array else { return takeUnknown(value, nil) }
        skipEnd = value.span.upperBound
        answer.logprobs.append(ChoiceToken(choice: choice, range: value.span))
    }

    private mutating func beginChoice(_ value: JSONValue) {
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

    private mutating func renumberChoice(_ value: JSONValue) {
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

    private mutating func beginCall(_ value: JSONValue) {
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

    private mutating func takeToolName(_ value: JSONValue, _ names: inout RepeatedNames) {
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
    private mutating func endCall() {
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
    private mutating func takeOddCall(_ value: JSONValue, _ field: AnswerField?) {
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

    private mutating func renumberCall(_ value: JSONValue) {
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

    /// A value or key that no row names.
    private mutating func takeUnknown(_ value: JSONValue, _ member: Range<Int>?) {
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

    /// A string where another kind of value is looked for.
    private mutating func takeString(_ value: JSONValue) {
        if value.kind == .string { addText(value, place(of: value)) }
    }

    /// The channel of a text; in a stream, texts that stand elsewhere than the first did are others.
    private mutating func channel(
        _ channel: Channel, of value: JSONValue, by part: ChoicePart?, _ names: inout RepeatedNames
    ) -> Channel {
        guard let part, !isWhole, value.span.count > 2 else { return channel }
        if names.part == nil { names.part = part }
        guard names.part != part else { return channel }
        if channel.isToolCall { hasMixedCalls = true }
        return place(of: value)
    }

    /// Which texts of other events a string continues that has no channel of its own.
    private func place(of value: JSONValue) -> Channel {
        guard !isWhole else { return .other }
        let number = value.span.lowerBound < callEnd ? call : Int(value.inner)
        return .field(FieldPlace(row: value.field, way: value.place, number: number))
    }

    /// A number that is larger than it may be at its place may be that of a card; with its key, so that its meaning is known.
    private mutating func takeNumber(_ value: JSONValue, _ field: AnswerField?, _ member: Range<Int>?) {
        if field?.isTime == true, answer.body.isTime(value) { return }
        if case .text(let channel, _)? = field, channel.isToolCall { return }
        let most = field?.mostDigits ?? ByteBuffer.mostDigits
        guard !answer.body.isSmallNumber(value, mostDigits: most) else { return }
        addMember(member == nil ? .value : .member, member ?? value.span, of: value)
    }

    private mutating func addMember(_ form: LocatedText.Form, _ span: Range<Int>, of value: JSONValue) {
        if let last = answer.texts.last, last.text.isKey(of: span) { answer.texts.removeLast() }
        let owner = value.span.lowerBound < choiceEnd ? choice : -1
        let text = LocatedText(form, span, in: answer.body, role: .assistant, phase: .response, index: Int32(owner))
        answer.texts.append(AnswerText(choice: owner, channel: .other, text: isWhole ? text.unescaped : text))
    }

    /// A name that is more than a name is a text.
    ///
    /// In an event, it may be a piece of one, unless it is as it was before.
    private mutating func takeName(_ value: JSONValue, isServers: Bool = false, _ names: inout RepeatedNames) {
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
    private mutating func addText(_ value: JSONValue, _ channel: Channel) {
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
    private mutating func addLogprobs() {
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

    private mutating func beginError(_ value: JSONValue) {
        guard value.kind == .object || value.kind == .string && value.span.count > 2 else { return }
        error = ErrorFields(message: answer.body.string(value))
    }

    /// A number of tokens; a forged or garbled one is none.
    private mutating func takeTokens(_ value: JSONValue, _ field: AnswerField?) {
        takeString(value)
        let count = answer.body.wholeNumber(value).flatMap { $0 <= 1_000_000_000 ? $0 : nil }
        if case .inputTokens? = field {
            counts.input = count
        } else if case .outputTokens? = field {
            counts.output = count
        } else {
            counts.cached = count ?? counts.cached
        }
    }
}

/// The token counts of an answer.
struct TokenCounts {
    var input: Int?
    var output: Int?
    var cached: Int?

    var usage: Usage? {
        guard input != nil || output != nil else { return nil }
        let cached = min(cached ?? 0, input ?? 0)
        return Usage(inputTokens: input ?? 0, outputTokens: output ?? 0, cachedInputTokens: cached)
    }
}
