import KeeptrustsCore
import KeeptrustsWire

/// Messages, and whose the texts in them are.
extension RequestReader {
    mutating func beginTurns(_ value: JSONValue) throws(SurfaceFault) {
        guard value.kind == .array else { throw .wrongType("messages", "a list of messages") }
        (hasTurns, turnsEnd) = (true, value.span.upperBound)
    }

    mutating func beginTurn(_ value: JSONValue) throws(SurfaceFault) {
        if turn >= 0 { try endTurn() }
        turn += 1
        guard value.kind == .object else { throw .wrongType("messages[\(turn)]", "an object") }
        (firstText, role, content) = (request.texts.count, nil, nil)
        parts.removeAll(keepingCapacity: true)
        (answeredCall, speaker) = (nil, nil)
    }

    mutating func endTurn() throws(SurfaceFault) {
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

    mutating func takeRole(_ value: JSONValue) throws(SurfaceFault) {
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
    static func phase(of role: Segment.Role, isCall: Bool) -> Phase {
        switch role {
        case .assistant: isCall ? .toolCall : .request
        case .tool: .toolResult
        case .system, .user: .request
        }
    }

    /// Whose a value is, where it stands, and in which message.
    func owner(at start: Int) -> (role: Segment.Role, phase: Phase, index: Int32) {
        guard start < turnsEnd else { return (.user, .request, -1) }
        let isCall = start < callsEnd
        let phase = role.map { Self.phase(of: $0, isCall: isCall) } ?? (isCall ? .toolCall : .request)
        return (role ?? .user, phase, Int32(turn))
    }
}
