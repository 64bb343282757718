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
struct AnswerReader: ~Copyable {
    var answer: SurfaceAnswer
    private var hasChoices = false

    /// The choice at hand: its number, where its parts begin, where it ends.
    var choice = -1
    var choiceEnd = 0
    var starts = (texts: 0, names: 0, finishes: 0, logprobs: 0, sounds: 0, calls: 0)

    /// The tool call at hand: its number, its first text and name, where it ends.
    var call = 0
    var firstOfCall = 0
    var firstNameOfCall = 0
    var callEnd = 0
    var callStart: Int?
    var tools = ToolTexts()

    /// What says what the last value means, if no row does.
    var keys = ValueKeys()

    /// The name of the tool at hand, and whether the call has the old form, in which there is but one.
    var nameOfCall: JSONValue?
    var isOldForm = false

    /// Where a container ends whose strings are not texts of their own.
    var skipEnd = 0
    private var counts = TokenCounts()
    private var error: ErrorFields?

    /// The largest number of a choice or a tool call, and what whoever follows them has to be ready for.
    var largest = 0
    private static let limit = 1_024

    /// Whether texts are complete, not pieces.
    let isWhole: Bool

    /// In a stream, there is a call elsewhere than the texts before it.
    var hasMixedCalls = false

    /// Whether the places of choices are wanted.
    let notesChoices: Bool

    /// There is a text that may be but a part of one.
    private var hasParts = false

    /// A document within a text has more texts than there is room for.
    var isOverfull = false

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
        let member = keys.take(value, in: answer.body)
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
