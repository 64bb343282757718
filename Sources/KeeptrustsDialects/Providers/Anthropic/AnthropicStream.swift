import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// A streamed answer of Anthropic's Messages API, event by event.
struct AnthropicStream {
    private let created: ByteBuffer

    /// What later events need; never a text.
    private var template: ChunkTemplate?
    private var usage = AnthropicUsage()
    private var calls: [Call] = []

    /// A tool call: the block that it is, and whether any arguments have come.
    private struct Call {
        var block: Int
        var hasArguments = false
    }

    /// More calls than this are no answer any more.
    private static let maxCalls = 128

    init(created: ByteBuffer) { self.created = created }

    mutating func translate(_ event: ServerSentEvent, into out: inout ByteBuffer) throws(DialectError) {
        guard event.name != "ping" else { return }
        let found = try Found(event)
        switch found.kind(event.name) {
        case .delta: try continueBlock(found, into: &out)
        case .start: begin(found, into: &out)
        case .blockStart: try beginBlock(found, into: &out)
        case .blockStop: try endBlock(found, into: &out)
        case .messageDelta: try finish(found, into: &out)
        case .stop: try stop(found, into: &out)
        case .error: found.writeError(into: &out)
        case nil: break  // What this version of the API does not have yet; its makers announce such events.
        }
    }

    private mutating func begin(_ found: Found, into out: inout ByteBuffer) {
        usage = AnthropicUsage()
        for (value, field) in found.counts { usage.take(value, field, in: found.data) }
        let template = ChunkTemplate(
            id: found.token(found.id), created: created, model: found.token(found.model))
        self.template = template
        template.writeDelta(choice: 0, into: &out) { $0.writeStaticString(#""role":"assistant","content":"""#) }
    }

    private mutating func beginBlock(_ found: Found, into out: inout ByteBuffer) throws(DialectError) {
        let template = try begun()
        guard let type = found.blockType else { return }
        if found.data.isString(type, "tool_use") {
            guard calls.count < Self.maxCalls else { throw .malformed("too many tool calls") }
            calls.append(Call(block: found.index ?? -1))
            template.writeDelta(choice: 0, into: &out) { out in
                out.writeStaticString(#""tool_calls":[{"index":"#)
                out.writeDecimal(calls.count - 1)
                out.writeStaticString(#","id":"#)
                out.writeToken(found.toolID, of: found.data)
                out.writeStaticString(#","type":"function","function":{"name":"#)
                out.writeToken(found.toolName, of: found.data)
                out.writeStaticString(#","arguments":""}}]"#)
            }
        } else if found.data.isString(type, "text") {
            found.write(found.blockText, .content, template, into: &out)
        } else if found.data.isString(type, "thinking") {
            found.write(found.blockThinking, .reasoningContent, template, into: &out)
        }
    }

    private mutating func continueBlock(_ found: Found, into out: inout ByteBuffer) throws(DialectError) {
        let template = try begun()
        found.write(found.text, .content, template, into: &out)
        found.write(found.thinking, .reasoningContent, template, into: &out)
        if let json = found.partialJSON, json.kind == .string, json.span.count > 2 {
            guard let call = calls.lastIndex(where: { $0.block == found.index }) else { return }
            calls[call].hasArguments = true
            found.write(json, .toolArguments(call), template, into: &out)
        }
    }

    /// A call without arguments has sent none; for a caller no arguments are an empty object.
    private mutating func endBlock(_ found: Found, into out: inout ByteBuffer) throws(DialectError) {
        let template = try begun()
        guard let call = calls.lastIndex(where: { $0.block == found.index }), !calls[call].hasArguments else { return }
        calls[call].hasArguments = true
        template.writeText(ByteBuffer(string: "{}"), choice: 0, channel: .toolArguments(call), into: &out)
    }

    private mutating func finish(_ found: Found, into out: inout ByteBuffer) throws(DialectError) {
        let template = try begun()
        for (value, field) in found.counts { usage.take(value, field, in: found.data) }
        guard let reason = found.stopReason, reason.kind == .string else { return }
        template.writeFinish(AnthropicForChat.finishReason(reason, in: found.data), choice: 0, into: &out)
    }

    private func stop(_ found: Found, into out: inout ByteBuffer) throws(DialectError) {
        let template = try begun()
        if let usage = usage.usage { template.writeUsage(usage, into: &out) }
        out.writeStaticString("data: [DONE]\n\n")
    }

    private func begun() throws(DialectError) -> ChunkTemplate {
        guard let template else { throw .malformed("an event before message_start") }
        return template
    }
}

extension AnthropicStream {
    /// What one event says.
    fileprivate struct Found {
        let data: ByteBuffer
        var type: JSONValue?
        var id: JSONValue?
        var model: JSONValue?
        var index: Int?
        var blockType: JSONValue?
        var blockText: JSONValue?
        var blockThinking: JSONValue?
        var toolID: JSONValue?
        var toolName: JSONValue?
        var text: JSONValue?
        var thinking: JSONValue?
        var partialJSON: JSONValue?
        var stopReason: JSONValue?
        var errorType: JSONValue?
        var errorMessage: JSONValue?
        var counts: [(JSONValue, AnthropicUsage.Field)] = []

        enum Kind { case start, blockStart, delta, blockStop, messageDelta, stop, error }

        private enum Field: Sendable {
            case type, id, model, index, blockType, blockText, blockThinking, toolID, toolName
            case text, thinking, partialJSON, stopReason, errorType, errorMessage
            case usage(AnthropicUsage.Field)
        }

        private static let table = FieldTable<Field>([
            ("type", .type), ("message.id", .id), ("message.model", .model), ("index", .index),
            ("content_block.type", .blockType), ("content_block.text", .blockText),
            ("content_block.thinking", .blockThinking), ("content_block.id", .toolID),
            ("content_block.name", .toolName), ("delta.text", .text), ("delta.thinking", .thinking),
            ("delta.partial_json", .partialJSON), ("delta.stop_reason", .stopReason),
            ("error.type", .errorType), ("error.message", .errorMessage),
            ("message.usage.input_tokens", .usage(.input)), ("message.usage.output_tokens", .usage(.output)),
            ("message.usage.cache_creation_input_tokens", .usage(.cacheCreation)),
            ("message.usage.cache_read_input_tokens", .usage(.cacheRead)),
            ("usage.input_tokens", .usage(.input)), ("usage.output_tokens", .usage(.output)),
            ("usage.cache_creation_input_tokens", .usage(.cacheCreation)),
            ("usage.cache_read_input_tokens", .usage(.cacheRead)),
        ])

        init(_ event: ServerSentEvent) throws(DialectError) {
            data = event.data
            var values: [JSONValue] = []
            values.reserveCapacity(16)
            do { try JSONScanner.scan(data, Self.table.shape, into: &values) } catch {
                throw .malformed("an event that is not acceptable JSON: \(error.reason.rawValue)")
            }
            for value in values { take(value) }
        }

        private mutating func take(_ value: JSONValue) {
            switch Self.table[value] {
            case .type: type = value
            case .id: id = value
            case .model: model = value
            case .index: index = data.wholeNumber(value)
            case .blockType: blockType = value
            case .blockText: blockText = value
            case .blockThinking: blockThinking = value
            case .toolID: toolID = value
            case .toolName: toolName = value
            case .text: text = value
            case .thinking: thinking = value
            case .partialJSON: partialJSON = value
            case .stopReason: stopReason = value
            case .errorType: errorType = value
            case .errorMessage: errorMessage = value
            case .usage(let field): counts.append((value, field))
            case nil: break
            }
        }

        /// What the event is: its data say it, and its name if they do not.
        func kind(_ name: String) -> Kind? {
            guard let type else { return Self.kinds.first { "\($0.0)" == name }?.1 }
            return Self.kinds.first { data.isString(type, $0.0) }?.1
        }

        private static let kinds: [(StaticString, Kind)] = [
            ("content_block_delta", .delta), ("content_block_start", .blockStart), ("content_block_stop", .blockStop),
            ("message_start", .start), ("message_delta", .messageDelta), ("message_stop", .stop), ("error", .error),
        ]

        /// A token that is to be remembered; nil for one that no provider sends.
        func token(_ value: JSONValue?) -> ByteBuffer? {
            value.flatMap { $0.kind == .string && $0.span.count <= 512 ? data.bytes($0.span) : nil }
        }

        /// Passes a piece of text on as the token that it is; what it says is not changed by that.
        func write(_ value: JSONValue?, _ channel: Channel, _ template: ChunkTemplate, into out: inout ByteBuffer) {
            guard let value, value.kind == .string, value.span.count > 2 else { return }
            template.writeToken(data.bytes(value.span), choice: 0, channel: channel, into: &out)
        }

        func writeError(into out: inout ByteBuffer) {
            out.writeStaticString(#"data: {"error":{"message":"#)
            out.writeToken(errorMessage, of: data)
            out.writeStaticString(#","type":"#)
            out.writeToken(errorType, of: data)
            out.writeStaticString("}}\n\n")
        }
    }
}
