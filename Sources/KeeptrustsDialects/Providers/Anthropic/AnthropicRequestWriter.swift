import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// Writes a request of Anthropic's Messages API out of the tokens of a chat completion's.
///
/// Texts are copied as the tokens that they are, so the provider gets exactly what policies allowed.
struct AnthropicRequestWriter {
    private let chat: ChatTokens
    private let body: ByteBuffer
    private var out: ByteBuffer

    /// Whose message is open in `messages`.
    private var side: Side?

    private enum Side { case user, assistant }

    /// The limit when the caller names none: the API wants one.
    private static let defaultMaxTokens = 4_096

    init(_ chat: ChatTokens) {
        self.chat = chat
        body = chat.body
        out = ByteBufferAllocator().buffer(capacity: chat.body.readableBytes + 512)
    }

    mutating func write(model: String) throws(DialectError) -> ByteBuffer {
        out.writeStaticString(#"{"model":"#)
        out.writeJSONString(model)
        out.writeStaticString(#","max_tokens":"#)
        out.writeDecimal(chat.maxTokens ?? Self.defaultMaxTokens)
        if chat.isStreaming { out.writeStaticString(#","stream":true"#) }
        try writeSystem()
        try writeMessages()
        writeSettings()
        try writeTools()
        out.writeStaticString("}")
        return out
    }

    // System messages may stand anywhere in a chat; here they are a field of their own.
    private mutating func writeSystem() throws(DialectError) {
        var isFirst = true
        for (number, message) in chat.messages.enumerated() where Self.isSystem(message) {
            for block in try blocks(message, number, allowsImages: false) {
                out.writeStaticString(isFirst ? #","system":["# : ",")
                isFirst = false
                try write(block)
            }
        }
        if !isFirst { out.writeStaticString("]") }
    }

    private mutating func writeMessages() throws(DialectError) {
        out.writeStaticString(#","messages":["#)
        for (number, message) in chat.messages.enumerated() where !Self.isSystem(message) {
            switch message.role {
            case "assistant": try writeAnswer(message, number)
            case "tool": try writeResult(message, number)
            case "user":
                for block in try blocks(message, number, allowsImages: true) {
                    begin(.user)
                    try write(block)
                }
            default: throw AnthropicRequestReader.unsupported("messages[\(number)].role")
            }
        }
        guard side != nil else {
            throw .unsupported(param: "messages", "The provider 'anthropic' needs a message of a user.")
        }
        out.writeStaticString("]}]")
    }

    private static func isSystem(_ message: ChatTokens.Message) -> Bool {
        message.role == "system" || message.role == "developer"
    }

    /// Opens a message of this side, or adds a block to the one that is open: sides must alternate.
    private mutating func begin(_ next: Side) {
        guard side != next else {
            out.writeStaticString(",")
            return
        }
        if side != nil { out.writeStaticString("]},") }
        out.writeStaticString(
            next == .user ? #"{"role":"user","content":["# : #"{"role":"assistant","content":["#)
        side = next
    }

    private mutating func writeAnswer(_ message: ChatTokens.Message, _ number: Int) throws(DialectError) {
        for block in try blocks(message, number, allowsImages: false) {
            begin(.assistant)
            try write(block)
        }
        for (position, call) in message.calls.enumerated() {
            let place = "messages[\(number)].tool_calls[\(position)]"
            if let type = call.type, !body.isString(type, "function") {
                throw AnthropicRequestReader.unsupported("\(place).type")
            }
            begin(.assistant)
            out.writeStaticString(#"{"type":"tool_use","id":"#)
            out.writeImmutableBuffer(try string(call.id, "\(place).id"))
            out.writeStaticString(#","name":"#)
            out.writeImmutableBuffer(try string(call.name, "\(place).function.name"))
            out.writeStaticString(#","input":"#)
            out.writeImmutableBuffer(try object(call.arguments, "\(place).function.arguments"))
            out.writeStaticString("}")
        }
    }

    private mutating func writeResult(_ message: ChatTokens.Message, _ number: Int) throws(DialectError) {
        begin(.user)
        out.writeStaticString(#"{"type":"tool_result","tool_use_id":"#)
        out.writeImmutableBuffer(try string(message.callID, "messages[\(number)].tool_call_id"))
        var isFirst = true
        for block in try blocks(message, number, allowsImages: true) {
            out.writeStaticString(isFirst ? #","content":["# : ",")
            isFirst = false
            try write(block)
        }
        out.writeStaticString(isFirst ? "}" : "]}")
    }

    private mutating func writeSettings() {
        if let temperature = chat.temperature {
            out.writeStaticString(#","temperature":"#)
            // Callers may go to 2, the provider to 1.
            let isTooHigh = Double(String(buffer: body.bytes(temperature.span))).map { $0 > 1 } ?? false
            if isTooHigh { out.writeStaticString("1") } else { out.writeToken(temperature, of: body) }
        }
        // Newer models take either of the two; 1 changes nothing.
        if let topP = chat.topP, chat.temperature == nil || !body.bytes(topP.span).isOne {
            out.writeStaticString(#","top_p":"#)
            out.writeToken(topP, of: body)
        }
        if let topK = chat.topK {
            out.writeStaticString(#","top_k":"#)
            out.writeToken(topK, of: body)
        }
        for (index, stop) in chat.stops.enumerated() {
            out.writeStaticString(index == 0 ? #","stop_sequences":["# : ",")
            out.writeToken(stop, of: body)
        }
        if !chat.stops.isEmpty { out.writeStaticString("]") }
        if let user = chat.user {
            out.writeStaticString(#","metadata":{"user_id":"#)
            out.writeToken(user, of: body)
            out.writeStaticString("}")
        }
        if let thinking = chat.thinking {
            out.writeStaticString(#","thinking":"#)
            out.writeToken(thinking, of: body)
        }
    }

    private mutating func writeTools() throws(DialectError) {
        guard !chat.tools.isEmpty else { return }
        for (position, tool) in chat.tools.enumerated() {
            if let type = tool.type, !body.isString(type, "function") {
                throw AnthropicRequestReader.unsupported("tools[\(position)].type")
            }
            out.writeStaticString(position == 0 ? #","tools":[{"name":"# : #",{"name":"#)
            out.writeImmutableBuffer(try string(tool.name, "tools[\(position)].function.name"))
            if let description = tool.description, description.kind == .string {
                out.writeStaticString(#","description":"#)
                out.writeToken(description, of: body)
            }
            out.writeStaticString(#","input_schema":"#)
            if let parameters = tool.parameters, parameters.kind == .object {
                out.writeToken(parameters, of: body)
            } else {
                out.writeStaticString(#"{"type":"object","properties":{}}"#)
            }
            out.writeStaticString("}")
        }
        out.writeStaticString("]")
        try writeToolChoice()
    }

    private mutating func writeToolChoice() throws(DialectError) {
        let kind: StaticString
        if let name = chat.toolChoiceName {
            out.writeStaticString(#","tool_choice":{"type":"tool","name":"#)
            out.writeToken(name, of: body)
        } else {
            switch chat.toolChoice.map({ body.string($0, limit: 16) }) {
            case nil where chat.allowsParallelCalls: return
            case nil, "auto": kind = #""auto""#
            case "none": kind = #""none""#
            case "required": kind = #""any""#
            default: throw AnthropicRequestReader.unsupported("tool_choice")
            }
            out.writeStaticString(#","tool_choice":{"type":"#)
            out.writeStaticString(kind)
            guard "\(kind)" != #""none""# else {
                out.writeStaticString("}")
                return
            }
        }
        out.writeStaticString(chat.allowsParallelCalls ? "}" : #","disable_parallel_tool_use":true}"#)
    }
}

extension AnthropicRequestWriter {
    /// A piece of a message's content.
    private enum Block {
        case text(JSONValue, cacheControl: JSONValue?)
        case image(JSONValue, place: String)
    }

    /// The content of a message; empty texts are left out, since the API refuses them.
    private func blocks(
        _ message: ChatTokens.Message, _ number: Int, allowsImages: Bool
    ) throws(DialectError) -> [Block] {
        var blocks: [Block] = []
        if let content = message.content, content.kind == .string, content.span.count > 2 {
            blocks.append(.text(content, cacheControl: nil))
        }
        for (position, part) in message.parts.enumerated() {
            let place = "messages[\(number)].content[\(position)]"
            guard let type = part.type else { throw AnthropicRequestReader.unsupported(place) }
            if body.isString(type, "text") || body.isString(type, "refusal") {
                guard let text = part.text, text.kind == .string else {
                    throw AnthropicRequestReader.unsupported("\(place).text")
                }
                if text.span.count > 2 { blocks.append(.text(text, cacheControl: part.cacheControl)) }
            } else if allowsImages, body.isString(type, "image_url"), let url = part.url {
                blocks.append(.image(url, place: place))
            } else {
                throw AnthropicRequestReader.unsupported(place)
            }
        }
        if let refusal = message.refusal, refusal.kind == .string, refusal.span.count > 2 {
            blocks.append(.text(refusal, cacheControl: nil))
        }
        return blocks
    }

    private mutating func write(_ block: Block) throws(DialectError) {
        switch block {
        case .text(let text, let cacheControl):
            out.writeStaticString(#"{"type":"text","text":"#)
            out.writeToken(text, of: body)
            if let cacheControl {
                out.writeStaticString(#","cache_control":"#)
                out.writeToken(cacheControl, of: body)
            }
            out.writeStaticString("}")
        case .image(let url, let place): try writeImage(body.text(url), place)
        }
    }

    private mutating func writeImage(_ url: ByteBuffer, _ place: String) throws(DialectError) {
        let view = url.readableBytesView
        if view.starts(with: "https://".utf8) || view.starts(with: "http://".utf8) {
            out.writeStaticString(#"{"type":"image","source":{"type":"url","url":"#)
            out.writeJSONString(url)
            out.writeStaticString("}}")
            return
        }
        guard let comma = view.prefix(64).firstIndex(of: 0x2C),
            let type = Self.mediaTypes.first(where: { view[..<comma].elementsEqual("data:\($0);base64".utf8) })
        else { throw AnthropicRequestReader.unsupported("\(place).image_url.url") }
        out.writeStaticString(#"{"type":"image","source":{"type":"base64","media_type":"#)
        out.writeJSONString(type)
        out.writeStaticString(#","data":"#)
        out.writeJSONString(ByteBuffer(view[(comma + 1)...]))
        out.writeStaticString("}}")
    }

    private static let mediaTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"]

    /// A string token that must be there.
    private func string(_ value: JSONValue?, _ place: String) throws(DialectError) -> ByteBuffer {
        guard let value, value.kind == .string, value.span.count > 2 else {
            throw .unsupported(param: place, "The provider 'anthropic' needs a string at '\(place)'.")
        }
        return body.bytes(value.span)
    }

    /// The object that a string holds as JSON; no arguments at all are an empty one.
    private func object(_ value: JSONValue?, _ place: String) throws(DialectError) -> ByteBuffer {
        guard let value, value.kind == .string else { return ByteBuffer(string: "{}") }
        let text = body.text(value)
        let start = text.offsetAfterSpace(from: 0)
        guard start < text.readableBytes else { return ByteBuffer(string: "{}") }
        var values: [JSONValue] = []
        guard text.getInteger(at: text.readerIndex + start) == UInt8(0x7B),
            (try? JSONScanner.scan(text, Self.anything, into: &values)) != nil
        else {
            throw .unsupported(param: place, "The field '\(place)' must hold a JSON object.")
        }
        return text
    }

    private static let anything = JSONShape([], reportsOthers: false)
}

extension ByteBuffer {
    fileprivate var isOne: Bool { Double(String(buffer: self)) == 1 }
}
