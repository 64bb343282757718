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
private struct RequestReader: ~Copyable {
    private var request: SurfaceRequest
    private let surface: Surface

    /// Where the containers end that tell whose a string is.
    private var turnsEnd = 0
    private var callsEnd = 0

    /// The call at hand, of which no name is known yet.
    private var call: Range<Int>?

    /// Where arguments end that are no text, and are judged as their JSON text is.
    private var skipEnd = 0

    /// Where the preferences of providers end, of which every key is known.
    private var preferencesEnd = 0

    /// The message at hand: its number, its first text, its role once that is known, what its content is.
    private var turn = -1
    private var firstText = 0
    private var role: Segment.Role?
    private var content: JSONKind?

    /// Which texts are parts of the message at hand.
    private var parts: [Int] = []
    private var hasTurns = false
    private var tools = ToolTexts()

    /// The last value, if it was a key that no row names.
    private var key: JSONValue?

    /// The key of the list at hand, if no row names it, and where its last element ends.
    private var list: (key: JSONValue, end: Int)?

    /// Which texts are parts of a prediction.
    private var predicted: [Int] = []

    /// The call that the message at hand answers, and who is said to speak in it.
    private var answeredCall: JSONValue?
    private var speaker: JSONValue?

    /// A document within a text has more texts than there is room for.
    private var isOverfull = false

    private var table: FieldTable<RequestField> { surface.request }

    /// Whether there are no more texts than may be.
    var hasRoom: Bool { !isOverfull && request.texts.count <= LocatedText.mostInBody }

    init(body: ByteBuffer, surface: Surface) {
        self.surface = surface
        request = SurfaceRequest(body: body)
        request.texts.reserveCapacity(16)
    }

    mutating func take(_ value: JSONValue, _ field: RequestField?) throws(SurfaceFault) {
        guard value.span.lowerBound >= skipEnd else { return }
        let member = request.body.member(key, value)
        takeList(value)
        key = value.field == JSONShape.otherKey ? value : nil
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

    /// A value or key that no row names.
    private mutating func takeOther(_ value: JSONValue, _ member: Range<Int>?) throws(SurfaceFault) {
        guard value.span.lowerBound >= preferencesEnd else { throw unknownPreference(value) }
        if value.kind == .string { addText(value, member: member) }
        addElement(value)
    }

    /// Follows the list that `value` is an element of.
    private mutating func takeList(_ value: JSONValue) {
        if let key, request.body.isElement(value, after: key) {
            list = (key, value.span.upperBound)
        } else if let known = list {
            let isNext = known.end < value.span.lowerBound && request.body.isPlain(known.end..<value.span.lowerBound)
            list = isNext ? (known.key, value.span.upperBound) : nil
        }
    }

    /// Adds an element of a list, which was added by itself, with the key of the list, where its meaning is that of the key.
    private mutating func addElement(_ value: JSONValue) {
        guard let key = list?.key, let text = request.texts.last, !text.isNested,
            text.start == value.span.lowerBound + (value.kind == .string ? 1 : 0),
            value.kind == .number || text.segment.text.needsKey
        else { return }
        let (role, phase, index) = owner(at: value.span.lowerBound)
        let name = LocatedText(key, in: request.body, role: role, phase: phase, index: index)
        request.texts.append(LocatedText(parts: [name, text], linesBetweenWords: false, separator: ": "))
    }

    /// A name that is more than a name is a text.
    private mutating func takeName(_ value: JSONValue) {
        if value.kind == .string, !request.body.isPlainName(value) { addText(value) }
    }

    private mutating func takeContent(_ value: JSONValue) {
        content = value.kind
        if value.kind == .string { addText(value) }
    }

    private mutating func takeAttachment(_ value: JSONValue, _ field: RequestField?) {
        guard value.kind == .string else { return }
        let isReference = field == .fileID
        request.attachments.append(.init(value: value, isReference: isReference))
        let isPlain = isReference ? request.body.isPlainName(value) : request.body.isEncodedMedia(value)
        if !isPlain { addText(value) }
    }

    private mutating func takeModel(_ value: JSONValue) throws(SurfaceFault) {
        guard value.kind == .string else { throw .wrongType("model", "a string") }
        guard value.span.count > 2, let model = request.body.string(value, limit: 256) else {
            throw .invalid("model", "a name of 1 to 256 bytes")
        }
        (request.model, request.modelToken) = (model, value.span)
    }

    private mutating func takeOptions(_ value: JSONValue) throws(SurfaceFault) {
        switch value.kind {
        case .null: request.usageSwitch = .replace(value.span, isOptions: true)
        case .object:
            let start = value.span.lowerBound + 1
            let isEmpty = request.body.offsetAfterSpace(from: start) == value.span.upperBound - 1
            request.usageSwitch = .insertFlag(at: start, isOnlyOne: isEmpty)
        case .string, .number, .true, .false, .array: throw .wrongType("stream_options", "an object")
        }
    }

    private mutating func takePreferences(_ value: JSONValue) throws(SurfaceFault) {
        guard value.kind != .null else { return }
        guard value.kind == .object else { throw .notPreferences() }
        (request.vendor, preferencesEnd) = ("openrouter", value.span.upperBound)
    }

    private mutating func takePreference(_ value: JSONValue) throws(SurfaceFault) {
        let form = Preference(atPath: table.path(of: value))
        guard form.takes(value.kind) else { throw .invalid(table.place(of: value), form.text) }
        takeName(value)
    }

    /// A member that no row names: by its key, where that is a plain one.
    private func unknownPreference(_ value: JSONValue) -> SurfaceFault {
        let isName = value.kind == .string && request.body.isPlainName(value)
        return .notPreferences(isName ? request.body.string(value, limit: 64).flatMap { $0.isEmpty ? nil : $0 } : nil)
    }

    private mutating func takeUsageFlag(_ value: JSONValue) throws(SurfaceFault) {
        request.includesUsage = try flag(value)
        request.usageSwitch = .replace(value.span, isOptions: false)
    }

    private mutating func takeMaxTokens(_ value: JSONValue) throws(SurfaceFault) {
        let number = try wholeNumber(value, 1...100_000_000)
        request.maxTokens = [request.maxTokens, number].compactMap { $0 }.min()
    }

    private func flag(_ value: JSONValue) throws(SurfaceFault) -> Bool {
        guard [.true, .false, .null].contains(value.kind) else {
            throw .wrongType(table.place(of: value), "true or false")
        }
        return value.kind == .true
    }

    private func wholeNumber(_ value: JSONValue, _ range: ClosedRange<Int>) throws(SurfaceFault) -> Int? {
        if value.kind == .null { return nil }
        guard value.kind == .number else { throw .wrongType(table.place(of: value), "a whole number") }
        guard let number = request.body.wholeNumber(value), range.contains(number) else {
            throw .invalid(table.place(of: value), "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private mutating func beginTurns(_ value: JSONValue) throws(SurfaceFault) {
        guard value.kind == .array else { throw .wrongType("messages", "a list of messages") }
        (hasTurns, turnsEnd) = (true, value.span.upperBound)
    }

    /// The list of calls, a single call, or one of a list.
    private mutating func beginCalls(_ value: JSONValue, _ field: RequestField?) {
        if field == .calls { callsEnd = value.span.upperBound }
        if field == .call || value.kind != .array, value.kind != .null {
            endCall()
            call = value.span
            tools.beginCall(at: request.texts.count)
        }
        if value.kind == .string { addText(value) }
    }

    /// A call that names no tool is judged as it is written; whoever judges calls refuses it.
    private mutating func endCall() {
        guard let call else { return }
        self.call = nil
        if !tools.hasArguments(request.texts) { addOddCall(call) }
    }

    /// What is a call, but not in the form of one.
    private mutating func takeOddCall(_ value: JSONValue) {
        guard value.kind != .null else { return }
        endCall()
        tools.beginCall(at: request.texts.count)
        addOddCall(value.span)
    }

    private mutating func addOddCall(_ span: Range<Int>) {
        let phase = role.map { Self.phase(of: $0, isCall: true) } ?? .toolCall
        var text = LocatedText(
            echo: request.body.bytes(span), of: span, role: role ?? .user, phase: phase, index: Int32(turn))
        text.segment.tool = tools.use(.arguments)
        request.texts.append(text)
    }

    /// Arguments that are no text are judged as their JSON text is.
    private mutating func takeArguments(_ value: JSONValue) {
        guard value.kind != .string else { return addText(value, .arguments) }
        guard value.kind != .null else { return }
        skipEnd = value.span.upperBound
        let (role, phase, index) = owner(at: value.span.lowerBound)
        let first = request.texts.count
        request.texts.append(LocatedText(.value, value.span, in: request.body, role: role, phase: phase, index: index))
        appendNested(of: first)
        tools.mark(.arguments, from: first, in: &request.texts)
    }

    private mutating func beginTurn(_ value: JSONValue) throws(SurfaceFault) {
        if turn >= 0 { try endTurn() }
        turn += 1
        guard value.kind == .object else { throw .wrongType("messages[\(turn)]", "an object") }
        (firstText, role, content) = (request.texts.count, nil, nil)
        parts.removeAll(keepingCapacity: true)
        (answeredCall, speaker) = (nil, nil)
    }

    private mutating func endTurn() throws(SurfaceFault) {
        guard turn >= 0 else { return }
        endCall()
        guard let role else { throw .missing("messages[\(turn)].role") }
        // What an assistant says may be in its calls; a tool may have nothing to say.
        guard role == .assistant || content != nil && (content != .null || role == .tool) else {
            throw .invalid("messages[\(turn)].content", "a text or a list of parts")
        }
        if parts.count > 1 { request.texts += JoinedTexts.of(parts.map { request.texts[$0] }) }
        guard role == .tool else { return }
        for index in firstText..<request.texts.count
        where request.texts[index].segment.text.beginsDocument && !request.texts[index].segment.isJoined {
            appendNested(of: index)
        }
        let id = answeredCall.flatMap { request.body.string($0, limit: 512) }
        let name = id.flatMap { tools.name(ofCall: $0) } ?? speaker.flatMap { request.body.string($0, limit: 512) }
        guard let name else { return }
        let result = tools.result(of: name)
        for index in firstText..<request.texts.count where request.texts[index].segment.phase == .toolResult {
            request.texts[index].segment.tool = result
        }
    }

    private mutating func takeToolName(_ value: JSONValue) {
        guard value.kind == .string else { return }
        addText(value, .name)
        if value.span.count > 2 { call = nil }
        tools.setName(request.body.string(value, limit: 512) ?? "", in: &request.texts)
    }

    private mutating func takeDeclaration(_ value: JSONValue, _ field: RequestField?) {
        if field == .tool { request.declarations.append(SurfaceRequest.Declaration()) }
        if value.kind == .string { addText(value) }
        let last = request.declarations.count - 1
        guard last >= 0 else { return }
        if field == .declaredName, value.kind == .string { request.declarations[last].name = value }
        if field == .declaredSchema, value.kind == .object { request.declarations[last].schema = value.span }
    }

    private mutating func takeRole(_ value: JSONValue) throws(SurfaceFault) {
        guard value.kind == .string else { throw .wrongType("messages[\(turn)].role", "a string") }
        guard let role = self.role(value) else {
            throw .invalid("messages[\(turn)].role", "system, developer, user, assistant, tool or function")
        }
        self.role = role
        for index in firstText..<request.texts.count { assign(role, to: index) }
    }

    private func role(_ value: JSONValue) -> Segment.Role? {
        guard value.hasEscapes else { return Self.roles.first { request.body.isString(value, $0.0) }?.1 }
        let name = request.body.string(value, limit: 64)
        return Self.roles.first { "\($0.0)" == name }?.1
    }

    private static let roles: [(StaticString, Segment.Role)] = [
        ("user", .user), ("assistant", .assistant), ("system", .system), ("tool", .tool), ("developer", .system),
        ("function", .tool),
    ]

    /// Corrects a text that stood in its message before the role.
    private mutating func assign(_ role: Segment.Role, to index: Int) {
        let isCall = request.texts[index].segment.phase == .toolCall
        request.texts[index].segment.role = role
        request.texts[index].segment.phase = Self.phase(of: role, isCall: isCall)
    }

    /// Only an assistant calls tools: what others say in the form of a call is what they say.
    private static func phase(of role: Segment.Role, isCall: Bool) -> Phase {
        switch role {
        case .assistant: isCall ? .toolCall : .request
        case .tool: .toolResult
        case .system, .user: .request
        }
    }

    /// Whose a value is, where it stands, and in which message.
    private func owner(at start: Int) -> (role: Segment.Role, phase: Phase, index: Int32) {
        guard start < turnsEnd else { return (.user, .request, -1) }
        let isCall = start < callsEnd
        let phase = role.map { Self.phase(of: $0, isCall: isCall) } ?? (isCall ? .toolCall : .request)
        return (role ?? .user, phase, Int32(turn))
    }

    /// A number that is larger than it may be at its place may be that of a card; with its key, so that its meaning is known.
    private mutating func takeNumber(_ value: JSONValue, _ field: RequestField?, _ member: Range<Int>?) {
        if field == .toolArguments || field == .seed && request.body.isInteger64(value) { return }
        let most = field?.mostDigits ?? ByteBuffer.mostDigits
        guard !request.body.isSmallNumber(value, mostDigits: most) else { return }
        addMember(member == nil ? .value : .member, member ?? value.span, of: value)
    }

    private mutating func addMember(_ form: LocatedText.Form, _ span: Range<Int>, of value: JSONValue) {
        // Its key was added by itself, and is judged with it now.
        if let last = request.texts.last, last.isKey(of: span) { request.texts.removeLast() }
        let (role, phase, index) = owner(at: value.span.lowerBound)
        let first = request.texts.count
        let text = LocatedText(form, span, in: request.body, role: role, phase: phase, index: index)
        request.texts.append(text.unescaped)
        guard value.span.lowerBound < callsEnd else { return }
        appendNested(of: first)
        tools.mark(.fragment, from: first, in: &request.texts)
    }

    /// Adds a part of a text in several; nil for one that says nothing.
    private mutating func addPart(_ value: JSONValue) -> Int? {
        guard value.kind == .string, value.span.count > 2 else { return nil }
        addText(value)
        return request.texts.count - 1
    }

    private mutating func appendNested(of index: Int) {
        if !NestedTexts.append(of: request.texts[index], to: &request.texts) { isOverfull = true }
    }

    /// Adds a string; a short one at a place that no row names, with its key, so that its meaning is known.
    private mutating func addText(
        _ value: JSONValue, _ part: ToolUse.Part = .fragment, member: Range<Int>? = nil
    ) {
        guard value.span.count > 2 else { return }
        let (role, phase, index) = owner(at: value.span.lowerBound)
        let text = LocatedText(value, in: request.body, role: role, phase: phase, index: index)
        if let member, text.segment.text.needsKey { return addMember(.member, member, of: value) }
        let first = request.texts.count
        request.texts.append(text)
        guard value.span.lowerBound < callsEnd else { return }
        if value.hasEscapes { appendNested(of: first) }
        tools.mark(part, from: first, in: &request.texts)
    }
}
