import KeeptrustsCore
public import KeeptrustsWire
public import NIOCore

extension Surface {
    /// Reads a request in one scan of its body.
    ///
    /// - Throws: ``SurfaceFault`` when the body is not what this surface takes. What the gateway has no need to
    ///   understand passes, for the provider to judge.
    public func read(_ body: ByteBuffer) throws(SurfaceFault) -> SurfaceRequest {
        var values: [JSONValue] = []
        values.reserveCapacity(64)
        return try read(body, using: &values)
    }

    /// The same, with memory that can be used again for the next request.
    public func read(
        _ body: ByteBuffer, using values: inout [JSONValue]
    ) throws(SurfaceFault) -> SurfaceRequest {
        values.removeAll(keepingCapacity: true)
        do { try JSONScanner.scan(body, request.shape, into: &values) } catch { throw SurfaceFault(error) }
        var reader = RequestReader(body: body, surface: self)
        for value in values {
            try reader.take(value, request[value])
            guard reader.hasRoom else { throw .tooManyTexts }
        }
        return try reader.finish()
    }
}

/// Makes a request of what the scanner found, in document order.
struct RequestReader: ~Copyable {
    var request: SurfaceRequest
    private let surface: Surface

    /// Where the containers end that tell whose a string is.
    var turnsEnd = 0
    var callsEnd = 0

    /// The call at hand, of which no name is known yet.
    var call: Range<Int>?

    /// Where arguments end that are no text, and are judged as their JSON text is.
    var skipEnd = 0

    /// Where the preferences of providers end, of which every key is known.
    var preferencesEnd = 0

    /// The message at hand: its number, its first text, its role once that is known, what its content is.
    var turn = -1
    var firstText = 0
    var role: Segment.Role?
    var content: JSONKind?

    /// Which texts are parts of the message at hand.
    var parts: [Int] = []
    var hasTurns = false
    var tools = ToolTexts()

    /// What says what the last value means, if no row does.
    var keys = ValueKeys()

    /// Which texts are parts of a prediction.
    var predicted: [Int] = []

    /// The call that the message at hand answers, and who is said to speak in it.
    var answeredCall: JSONValue?
    var speaker: JSONValue?

    /// A document within a text has more texts than there is room for.
    var isOverfull = false

    var table: FieldTable<RequestField> { surface.request }

    /// Whether there are no more texts than may be.
    var hasRoom: Bool { !isOverfull && request.texts.count <= LocatedText.mostInBody }

    init(body: ByteBuffer, surface: Surface) {
        self.surface = surface
        request = SurfaceRequest(body: body)
        request.texts.reserveCapacity(16)
    }

    mutating func take(_ value: JSONValue, _ field: RequestField?) throws(SurfaceFault) {
        guard value.span.lowerBound >= skipEnd else { return }
        let member = keys.take(value, in: request.body)
        if value.kind == .number { takeNumber(value, field, member) }
        switch field {
        case nil: try takeOther(value, member)
        case .text: if value.kind == .string { addText(value) }
        case .content: takeContent(value)
        case .part: if let number = addPart(value) { parts.append(number) }
        case .predicted: if let number = addPart(value) { predicted.append(number) }
        case .toolArguments: takeArguments(value)
        case .oddCall:
            if value.kind == .string { addText(value) }
            takeOddCall(value)
        case .toolName: takeToolName(value)
        case .speaker:
            speaker = value
            if value.kind == .string { addText(value) }
        case .callID:
            tools.id = request.body.string(value, limit: 512)
            takeName(value)
        case .answeredCall:
            answeredCall = value
            takeName(value)
        case .name: takeName(value)
        case .fileID, .media: takeAttachment(value, field)
        case .role: try takeRole(value)
        case .turn: try beginTurn(value)
        case .turns: try beginTurns(value)
        case .calls, .call: beginCalls(value, field)
        case .tool, .declaredName, .declaredSchema: takeDeclaration(value, field)
        case .preferences: try takePreferences(value)
        case .preference: try takePreference(value)
        case .refused:
            if value.kind != .null { throw .refused(table.place(of: value)) }
        case .plain, .figure, .seed:
            if value.kind == .string { addText(value) }
        case .model: try takeModel(value)
        case .stream: request.isStreaming = try flag(value)
        case .streamOptions: try takeOptions(value)
        case .includeUsage: try takeUsageFlag(value)
        case .choices: request.choices = try wholeNumber(value, 1...128) ?? 1
        case .maxTokens: try takeMaxTokens(value)
        }
    }

    /// Checks what only the end of the body can tell.
    consuming func finish() throws(SurfaceFault) -> SurfaceRequest {
        guard
            request.body.getInteger(at: request.body.readerIndex + request.body.offsetAfterSpace(from: 0))
                == UInt8(0x7B)
        else {
            throw SurfaceFault(.invalidInput, code: "request.wrong_type", "The body must be a JSON object.")
        }
        guard !request.model.isEmpty else { throw .missing("model") }
        guard hasTurns else { throw .missing("messages") }
        try endTurn()
        request.texts += JoinedTexts.of(predicted.map { request.texts[$0] })
        guard hasRoom else { throw .tooManyTexts }
        guard turn >= 0 else { throw .invalid("messages", "a list of at least one message") }
        request.turns = turn + 1
        return request
    }
}
