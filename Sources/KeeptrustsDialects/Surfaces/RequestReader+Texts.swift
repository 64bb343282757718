import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// What is to be judged.
extension RequestReader {
    /// A value or key that no row names.
    mutating func takeOther(_ value: JSONValue, _ member: Range<Int>?) throws(SurfaceFault) {
        guard value.span.lowerBound >= preferencesEnd else { throw unknownPreference(value) }
        if value.kind == .string { addText(value, member: member) }
        addDistant(value)
    }

    /// Adds a value, which was added by itself, with what says from elsewhere what it means.
    private mutating func addDistant(_ value: JSONValue) {
        guard let key = keys.distant, request.body.isVague(value) else { return }
        let (role, phase, index) = owner(at: value.span.lowerBound)
        let text = LocatedText(value, named: key, in: request.body, role: role, phase: phase, index: index)
        request.texts.append(text)
        guard value.span.lowerBound < callsEnd else { return }
        tools.mark(.fragment, from: request.texts.count - 1, in: &request.texts)
    }

    /// A name that is more than a name is a text.
    mutating func takeName(_ value: JSONValue) {
        if value.kind == .string, !request.body.isPlainName(value) { addText(value) }
    }

    mutating func takeContent(_ value: JSONValue) {
        content = value.kind
        if value.kind == .string { addText(value) }
    }

    mutating func takeAttachment(_ value: JSONValue, _ field: RequestField?) {
        guard value.kind == .string else { return }
        let isReference = field == .fileID
        request.attachments.append(.init(value: value, isReference: isReference))
        let isPlain = isReference ? request.body.isPlainName(value) : request.body.isEncodedMedia(value)
        if !isPlain { addText(value) }
    }

    /// A number that is larger than it may be at its place may be that of a card; with its key, so that its meaning is known.
    mutating func takeNumber(_ value: JSONValue, _ field: RequestField?, _ member: Range<Int>?) {
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
    mutating func addPart(_ value: JSONValue) -> Int? {
        guard value.kind == .string, value.span.count > 2 else { return nil }
        addText(value)
        return request.texts.count - 1
    }

    mutating func appendNested(of index: Int) {
        if !NestedTexts.append(of: request.texts[index], to: &request.texts) { isOverfull = true }
    }

    /// Adds a string; a short one at a place that no row names, with its key, so that its meaning is known.
    mutating func addText(
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
