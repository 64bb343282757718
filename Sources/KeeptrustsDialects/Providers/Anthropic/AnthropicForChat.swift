public import KeeptrustsCore
public import KeeptrustsWire
public import NIOCore

/// Anthropic's Messages API, version 2023-06-01, for callers of `/v1/chat/completions`.
public struct AnthropicForChat: Translation {
    /// When answers say they were made (seconds since 1970): the provider does not say it.
    private let created: ByteBuffer
    private var stream: AnthropicStream

    public init(at time: Timestamp) {
        created = ByteBuffer(string: String(max(0, time.rawValue / 1_000_000)))
        stream = AnthropicStream(created: created)
    }

    public var passesThrough: Bool { false }

    public func request(_ request: SurfaceRequest, model: String) throws(DialectError) -> UpstreamRequest {
        let reader = try AnthropicRequestReader(request)
        var writer = AnthropicRequestWriter(reader.chat)
        return UpstreamRequest(path: "/messages", body: try writer.write(model: model))
    }

    public func answer(_ body: ByteBuffer) throws(DialectError) -> ByteBuffer {
        try AnthropicAnswer(body).chatCompletion(created: created)
    }

    public mutating func translate(_ event: ServerSentEvent, into out: inout ByteBuffer) throws(DialectError) {
        try stream.translate(event, into: &out)
    }

    /// Nothing: the end of a complete stream is an event of its own.
    public func end(into out: inout ByteBuffer) {}

    public func failure(status: Int, body: ByteBuffer) -> UpstreamFailure {
        UpstreamFailure(status: status, ErrorFields(body: body))
    }

    /// The finish reason that a stop reason becomes.
    static func finishReason(_ value: JSONValue, in body: ByteBuffer) -> StaticString {
        switch body.string(value, limit: 64) {
        case "max_tokens", "model_context_window_exceeded": "length"
        case "tool_use": "tool_calls"
        case "refusal": "content_filter"
        default: "stop"  // `end_turn`, `stop_sequence`, `pause_turn`, and what this version does not know yet.
        }
    }
}

/// The token counts of Anthropic, which leaves cached tokens out of `input_tokens`.
struct AnthropicUsage {
    var input = 0
    var cacheCreation = 0
    var cacheRead = 0
    var output = 0
    private var isKnown = false

    enum Field: Sendable { case input, cacheCreation, cacheRead, output }

    /// Takes a count; a later one of a stream replaces an earlier one, since they are running totals.
    mutating func take(_ value: JSONValue, _ field: Field, in body: ByteBuffer) {
        guard let number = body.wholeNumber(value), number <= 1_000_000_000 else { return }
        isKnown = true
        switch field {
        case .input: input = number
        case .cacheCreation: cacheCreation = number
        case .cacheRead: cacheRead = number
        case .output: output = number
        }
    }

    var usage: Usage? {
        guard isKnown else { return nil }
        return Usage(
            inputTokens: input + cacheCreation + cacheRead, outputTokens: output, cachedInputTokens: cacheRead)
    }
}
