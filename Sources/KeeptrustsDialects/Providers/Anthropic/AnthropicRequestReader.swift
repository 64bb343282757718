import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// A chat completion's request as the translation to Anthropic needs it: tokens of the body that is to be sent.
struct ChatTokens {
    var body: ByteBuffer
    var isStreaming: Bool
    var maxTokens: Int?
    var messages: [Message] = []
    var tools: [Tool] = []
    var stops: [JSONValue] = []
    var temperature: JSONValue?
    var topP: JSONValue?
    var topK: JSONValue?
    var user: JSONValue?
    var thinking: JSONValue?
    var toolChoice: JSONValue?
    var toolChoiceType: JSONValue?
    var toolChoiceName: JSONValue?
    var allowsParallelCalls = true

    struct Message {
        var role = ""
        var content: JSONValue?
        var refusal: JSONValue?
        var parts: [Part] = []
        var calls: [Call] = []
        var callID: JSONValue?
    }

    struct Part {
        var type: JSONValue?
        var text: JSONValue?
        var url: JSONValue?
        var cacheControl: JSONValue?
    }

    struct Call {
        var type: JSONValue?
        var id: JSONValue?
        var name: JSONValue?
        var arguments: JSONValue?
    }

    struct Tool {
        var type: JSONValue?
        var name: JSONValue?
        var description: JSONValue?
        var parameters: JSONValue?
    }
}

/// Finds the tokens of a request, and refuses what Anthropic cannot be asked.
struct AnthropicRequestReader {
    private(set) var chat: ChatTokens

    private enum Field: Sendable {
        case message, role, content, refusal, part, partType, partText, url, cacheControl, callID
        case call, callType, callToolID, callName, arguments
        case tool, toolType, toolName, toolDescription, toolParameters
        case setting(Setting)
        case unsupported
    }

    private enum Setting: Sendable {
        case toolChoice, toolChoiceType, toolChoiceName, parallel
        case temperature, topP, topK, stop, user, thinking
        case format, modality, logprobs
    }

    private static let table = FieldTable<Field>([
        ("messages.*", .message), ("messages.*.role", .role), ("messages.*.content", .content),
        ("messages.*.refusal", .refusal), ("messages.*.content.*", .part), ("messages.*.content.*.type", .partType),
        ("messages.*.content.*.text", .partText), ("messages.*.content.*.refusal", .partText),
        ("messages.*.content.*.image_url", .url), ("messages.*.content.*.image_url.url", .url),
        ("messages.*.content.*.cache_control", .cacheControl), ("messages.*.tool_call_id", .callID),
        ("messages.*.tool_calls.*", .call), ("messages.*.tool_calls.*.type", .callType),
        ("messages.*.tool_calls.*.id", .callToolID), ("messages.*.tool_calls.*.function.name", .callName),
        ("messages.*.tool_calls.*.function.arguments", .arguments), ("messages.*.function_call", .unsupported),
        ("messages.*.audio", .unsupported),
        ("tools.*", .tool), ("tools.*.type", .toolType), ("tools.*.function.name", .toolName),
        ("tools.*.function.description", .toolDescription), ("tools.*.function.parameters", .toolParameters),
        ("tool_choice", .setting(.toolChoice)), ("tool_choice.type", .setting(.toolChoiceType)),
        ("tool_choice.function.name", .setting(.toolChoiceName)), ("parallel_tool_calls", .setting(.parallel)),
        ("temperature", .setting(.temperature)), ("top_p", .setting(.topP)), ("top_k", .setting(.topK)),
        ("stop", .setting(.stop)), ("stop.*", .setting(.stop)),
        ("user", .setting(.user)), ("thinking", .setting(.thinking)),
        ("response_format.type", .setting(.format)), ("modalities.*", .setting(.modality)),
        ("logprobs", .setting(.logprobs)),
        ("audio", .unsupported), ("functions", .unsupported), ("function_call", .unsupported),
        ("web_search_options", .unsupported),
    ])

    init(_ request: SurfaceRequest) throws(DialectError) {
        let body = request.editedBody
        guard request.choices == 1 else { throw Self.unsupported("n") }
        chat = ChatTokens(body: body, isStreaming: request.isStreaming, maxTokens: request.maxTokens)
        var values: [JSONValue] = []
        values.reserveCapacity(64)
        do { try JSONScanner.scan(body, Self.table.shape, into: &values) } catch {
            throw .unsupported(param: "messages", "The request is no valid JSON after a policy has changed it.")
        }
        for value in values { try take(value) }
    }

    private mutating func take(_ value: JSONValue) throws(DialectError) {
        guard let field = Self.table[value], value.kind != .null else { return }
        switch field {
        case .message: chat.messages.append(ChatTokens.Message())
        case .role:
            let role = chat.body.string(value, limit: 16) ?? ""
            change { $0.role = role }
        case .content:
            guard value.kind == .string || value.kind == .array else {
                throw Self.unsupported(Self.table.place(of: value))
            }
            change { $0.content = value }
        case .refusal: change { $0.refusal = value }
        case .part: change { $0.parts.append(ChatTokens.Part()) }
        case .partType: changePart { $0.type = value }
        case .partText: changePart { $0.text = value }
        case .url: if value.kind == .string { changePart { $0.url = value } }
        case .cacheControl: changePart { $0.cacheControl = value }
        case .callID: change { $0.callID = value }
        case .call: change { $0.calls.append(ChatTokens.Call()) }
        case .callType: changeCall { $0.type = value }
        case .callToolID: changeCall { $0.id = value }
        case .callName: changeCall { $0.name = value }
        case .arguments: changeCall { $0.arguments = value }
        case .tool: chat.tools.append(ChatTokens.Tool())
        case .toolType: changeTool { $0.type = value }
        case .toolName: changeTool { $0.name = value }
        case .toolDescription: changeTool { $0.description = value }
        case .toolParameters: changeTool { $0.parameters = value }
        case .setting(let setting): try take(value, setting)
        case .unsupported: throw Self.unsupported(Self.table.place(of: value))
        }
    }

    private mutating func take(_ value: JSONValue, _ setting: Setting) throws(DialectError) {
        switch setting {
        case .toolChoice: chat.toolChoice = value
        case .toolChoiceType: chat.toolChoiceType = value
        case .toolChoiceName: chat.toolChoiceName = value
        case .parallel: chat.allowsParallelCalls = value.kind != .false
        case .temperature: chat.temperature = try number(value)
        case .topP: chat.topP = try number(value)
        case .topK: chat.topK = try number(value)
        case .stop: if value.kind == .string, value.span.count > 2 { chat.stops.append(value) }
        case .user: if value.kind == .string { chat.user = value }
        case .thinking: if value.kind == .object { chat.thinking = value }
        case .format: guard chat.body.isString(value, "text") else { throw Self.unsupported("response_format") }
        case .modality: guard chat.body.isString(value, "text") else { throw Self.unsupported("modalities") }
        case .logprobs: guard value.kind != .true else { throw Self.unsupported("logprobs") }
        }
    }

    private func number(_ value: JSONValue) throws(DialectError) -> JSONValue {
        guard value.kind == .number else {
            let place = Self.table.place(of: value)
            throw .unsupported(param: place, "The field '\(place)' must be a number.")
        }
        return value
    }

    private mutating func change(_ change: (inout ChatTokens.Message) -> Void) {
        guard !chat.messages.isEmpty else { return }
        change(&chat.messages[chat.messages.count - 1])
    }

    private mutating func changePart(_ change: (inout ChatTokens.Part) -> Void) {
        self.change { if !$0.parts.isEmpty { change(&$0.parts[$0.parts.count - 1]) } }
    }

    private mutating func changeCall(_ change: (inout ChatTokens.Call) -> Void) {
        self.change { if !$0.calls.isEmpty { change(&$0.calls[$0.calls.count - 1]) } }
    }

    private mutating func changeTool(_ change: (inout ChatTokens.Tool) -> Void) {
        guard !chat.tools.isEmpty else { return }
        change(&chat.tools[chat.tools.count - 1])
    }

    static func unsupported(_ place: String) -> DialectError {
        .unsupported(param: place, "The provider 'anthropic' has no counterpart of '\(place)'.")
    }
}
