import KeeptrustsCore
import KeeptrustsWire

/// What tools are called with, and which there are.
extension RequestReader {
    /// The list of calls, a single call, or one of a list.
    mutating func beginCalls(_ value: JSONValue, _ field: RequestField?) {
        if field == .calls { callsEnd = value.span.upperBound }
        if field == .call || value.kind != .array, value.kind != .null {
            endCall()
            call = value.span
            tools.beginCall(at: request.texts.count)
        }
        if value.kind == .string { addText(value) }
    }

    /// A call that names no tool is judged as it is written; whoever judges calls refuses it.
    mutating func endCall() {
        guard let call else { return }
        self.call = nil
        if !tools.hasArguments(request.texts) { addOddCall(call) }
    }

    /// What is a call, but not in the form of one.
    mutating func takeOddCall(_ value: JSONValue) {
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
    mutating func takeArguments(_ value: JSONValue) {
        guard value.kind != .string else { return addText(value, .arguments) }
        guard value.kind != .null else { return }
        skipEnd = value.span.upperBound
        let (role, phase, index) = owner(at: value.span.lowerBound)
        let first = request.texts.count
        request.texts.append(LocatedText(.value, value.span, in: request.body, role: role, phase: phase, index: index))
        appendNested(of: first)
        tools.mark(.arguments, from: first, in: &request.texts)
    }

    mutating func takeToolName(_ value: JSONValue) {
        guard value.kind == .string else { return }
        addText(value, .name)
        if value.span.count > 2 { call = nil }
        tools.setName(request.body.string(value, limit: 512) ?? "", in: &request.texts)
    }

    mutating func takeDeclaration(_ value: JSONValue, _ field: RequestField?) {
        if field == .tool { request.declarations.append(SurfaceRequest.Declaration()) }
        if value.kind == .string { addText(value) }
        let last = request.declarations.count - 1
        guard last >= 0 else { return }
        if field == .declaredName, value.kind == .string { request.declarations[last].name = value }
        if field == .declaredSchema, value.kind == .object { request.declarations[last].schema = value.span }
    }
}
