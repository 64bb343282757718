import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// A whole answer of Anthropic's Messages API.
struct AnthropicAnswer {
    private let body: ByteBuffer
    private var blocks: [Block] = []
    private var id: JSONValue?
    private var model: JSONValue?
    private var stopReason: JSONValue?
    private var usage = AnthropicUsage()
    private var isMessage = false
    private var isError = false

    private struct Block {
        var type: JSONValue?
        var text: JSONValue?
        var thinking: JSONValue?
        var id: JSONValue?
        var name: JSONValue?
        var input: JSONValue?
    }

    private enum Field: Sendable {
        case id, model, content, block, blockType, text, thinking, toolID, toolName, input, stopReason, error
        case usage(AnthropicUsage.Field)
    }

    private static let table = FieldTable<Field>([
        ("id", .id), ("model", .model), ("content", .content), ("content.*", .block), ("content.*.type", .blockType),
        ("content.*.text", .text), ("content.*.thinking", .thinking), ("content.*.id", .toolID),
        ("content.*.name", .toolName), ("content.*.input", .input), ("stop_reason", .stopReason), ("error", .error),
        ("usage.input_tokens", .usage(.input)), ("usage.cache_creation_input_tokens", .usage(.cacheCreation)),
        ("usage.cache_read_input_tokens", .usage(.cacheRead)), ("usage.output_tokens", .usage(.output)),
    ])

    init(_ body: ByteBuffer) throws(DialectError) {
        self.body = body
        var values: [JSONValue] = []
        do { try JSONScanner.scan(body, Self.table.shape, into: &values) } catch {
            throw .malformed("an answer that is not acceptable JSON: \(error.reason.rawValue)")
        }
        for value in values { take(value) }
        guard isMessage || isError else { throw .malformed("an answer without content") }
    }

    private mutating func take(_ value: JSONValue) {
        switch Self.table[value] {
        case .id: id = value
        case .model: model = value
        case .content: isMessage = value.kind == .array
        case .block: blocks.append(Block())
        case .blockType: change { $0.type = value }
        case .text: change { $0.text = value }
        case .thinking: change { $0.thinking = value }
        case .toolID: change { $0.id = value }
        case .toolName: change { $0.name = value }
        case .input: change { $0.input = value }
        case .stopReason: stopReason = value
        case .error: isError = value.kind == .object
        case .usage(let field): usage.take(value, field, in: body)
        case nil: break
        }
    }

    private mutating func change(_ change: (inout Block) -> Void) {
        guard !blocks.isEmpty else { return }
        change(&blocks[blocks.count - 1])
    }

    /// The same as a chat completion; an error in an answer's clothes stays as it is, its envelope is understood.
    func chatCompletion(created: ByteBuffer) throws(DialectError) -> ByteBuffer {
        guard isMessage else { return body }
        var out = ByteBufferAllocator().buffer(capacity: body.readableBytes + 512)
        out.writeStaticString(#"{"id":"#)
        out.writeToken(id, of: body)
        out.writeStaticString(#","object":"chat.completion","created":"#)
        out.writeImmutableBuffer(created)
        out.writeStaticString(#","model":"#)
        out.writeToken(model, of: body)
        out.writeStaticString(#","choices":[{"index":0,"message":{"role":"assistant","content":"#)
        writeMessage(into: &out)
        out.writeStaticString(#"},"logprobs":null,"finish_reason":""#)
        out.writeStaticString(stopReason.map { AnthropicForChat.finishReason($0, in: body) } ?? "stop")
        out.writeStaticString("\"}]")
        if let usage = usage.usage {
            out.writeStaticString(#","usage":"#)
            out.writeUsage(usage)
        }
        out.writeStaticString("}")
        return out
    }

    private func writeMessage(into out: inout ByteBuffer) {
        let texts = blocks.compactMap { isType($0, "text") ? $0.text : nil }
        let thoughts = blocks.compactMap { isType($0, "thinking") ? $0.thinking : nil }
        let calls = blocks.filter { isType($0, "tool_use") }
        if texts.isEmpty, !calls.isEmpty { out.writeStaticString("null") } else { writeJoined(texts, into: &out) }
        out.writeStaticString(#","refusal":null"#)
        if !thoughts.isEmpty {
            out.writeStaticString(#","reasoning_content":"#)
            writeJoined(thoughts, into: &out)
        }
        guard !calls.isEmpty else { return }
        for (index, call) in calls.enumerated() {
            out.writeStaticString(index == 0 ? #","tool_calls":[{"id":"# : #",{"id":"#)
            out.writeToken(call.id, of: body)
            out.writeStaticString(#","type":"function","function":{"name":"#)
            out.writeToken(call.name, of: body)
            out.writeStaticString(#","arguments":"#)
            out.writeJSONString(call.input.map { body.bytes($0.span) } ?? ByteBuffer(string: "{}"))
            out.writeStaticString("}}")
        }
        out.writeStaticString("]")
    }

    private func isType(_ block: Block, _ type: StaticString) -> Bool {
        block.type.map { body.isString($0, type) } ?? false
    }

    /// Writes several string tokens as one: their insides in a row are a string's inside too.
    private func writeJoined(_ tokens: [JSONValue], into out: inout ByteBuffer) {
        out.writeStaticString("\"")
        for token in tokens where token.kind == .string {
            out.writeImmutableBuffer(body.bytes(token.span.lowerBound + 1..<token.span.upperBound - 1))
        }
        out.writeStaticString("\"")
    }
}

extension ByteBuffer {
    /// Writes a token of another text as it is; an empty string when there is none.
    mutating func writeToken(_ value: JSONValue?, of body: ByteBuffer) {
        if let value { writeImmutableBuffer(body.bytes(value.span)) } else { writeStaticString(#""""#) }
    }
}
