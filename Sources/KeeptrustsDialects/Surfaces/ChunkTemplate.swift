public import KeeptrustsCore
import KeeptrustsWire
public import NIOCore

/// Writes events of one streamed chat completion that the upstream did not send, in the form of those that it did.
///
/// Holds its own copy of the few bytes that repeat, so that no read buffer stays alive for it.
public struct ChunkTemplate: Sendable {
    /// `{"id":…,"object":…,"created":…,"model":…,"choices":[`.
    private let start: ByteBuffer

    /// Takes id, time and model of an event of the stream; of these, what may have to be taken out of the event is left out.
    public init(_ chunk: SurfaceChunk) {
        let answer = chunk.answer
        func name(_ range: Range<Int>?) -> ByteBuffer? {
            guard let range, range.count >= 2 else { return nil }
            let isName = answer.body.isPlainName(at: range.lowerBound + 1..<range.upperBound - 1, isServers: true)
            return isName ? answer.body.bytes(range) : nil
        }
        let created = answer.created.flatMap { range in
            let value = JSONValue(field: 0, kind: .number, span: range)
            return answer.body.isTime(value) ? answer.body.bytes(range) : nil
        }
        self.init(id: name(answer.id), created: created, model: name(answer.modelToken))
    }

    /// - Parameters: Tokens of JSON; nil stands for none.
    init(id: ByteBuffer?, created: ByteBuffer?, model: ByteBuffer?) {
        var out = ByteBufferAllocator().buffer(capacity: 192)
        out.writeStaticString(#"{"id":"#)
        out.writeImmutableBuffer(id ?? ByteBuffer(string: #""""#))
        out.writeStaticString(#","object":"chat.completion.chunk","created":"#)
        out.writeImmutableBuffer(created ?? ByteBuffer(string: "0"))
        out.writeStaticString(#","model":"#)
        out.writeImmutableBuffer(model ?? ByteBuffer(string: #""""#))
        out.writeStaticString(#","choices":["#)
        start = out
    }

    /// Writes an event with the next piece of a text; nothing for `.field` and `.other`, which are never held back alone, and
    /// for `.logprobs`.
    public func writeText(_ text: ByteBuffer, choice: Int, channel: Channel, into out: inout ByteBuffer) {
        var token = ByteBufferAllocator().buffer(capacity: text.readableBytes + 16)
        token.writeJSONString(text)
        writeToken(token, choice: choice, channel: channel, into: &out)
    }

    /// Writes an event that ends a choice, such as with `content_filter`.
    public func writeFinish(_ reason: StaticString, choice: Int, into out: inout ByteBuffer) {
        begin(choice, into: &out)
        out.writeStaticString(#"},"finish_reason":""#)
        out.writeStaticString(reason)
        out.writeStaticString("\"}]}\n\n")
    }

    /// Writes an event with the usage and no choice.
    public func writeUsage(_ usage: Usage, into out: inout ByteBuffer) {
        out.writeStaticString("data: ")
        out.writeImmutableBuffer(start)
        out.writeStaticString(#"],"usage":"#)
        out.writeUsage(usage)
        out.writeStaticString("}\n\n")
    }

    /// Writes an event with a text that is a token of JSON already.
    func writeToken(_ token: ByteBuffer, choice: Int, channel: Channel, into out: inout ByteBuffer) {
        let (before, after): (StaticString, StaticString)
        var number: Int?
        switch channel {
        case .content: (before, after) = (#""content":"#, "")
        case .completion: return writeCompletion(token, choice: choice, into: &out)
        case .refusal: (before, after) = (#""refusal":"#, "")
        case .reasoning: (before, after) = (#""reasoning":"#, "")
        case .reasoningContent: (before, after) = (#""reasoning_content":"#, "")
        case .reasoningDetails: (before, after) = (#""reasoning_details":[{"type":"reasoning.text","text":"#, "}]")
        case .transcript: (before, after) = (#""audio":{"transcript":"#, "}")
        case .functionArguments: (before, after) = (#""function_call":{"arguments":"#, "}")
        case .toolArguments(let call):
            (before, after) = (#","function":{"arguments":"#, "}}]")
            number = call
        case .logprobs, .field, .other: return
        }
        begin(choice, into: &out)
        if let number {
            out.writeStaticString(#""tool_calls":[{"index":"#)
            out.writeDecimal(number)
        }
        out.writeStaticString(before)
        out.writeImmutableBuffer(token)
        out.writeStaticString(after)
        end(into: &out)
    }

    private func writeCompletion(_ token: ByteBuffer, choice: Int, into out: inout ByteBuffer) {
        begin(choice, into: &out)
        out.writeStaticString(#"},"text":"#)
        out.writeImmutableBuffer(token)
        out.writeStaticString(",\"finish_reason\":null}]}\n\n")
    }

    /// Writes an event with a delta of the caller's making.
    func writeDelta(choice: Int, into out: inout ByteBuffer, _ write: (inout ByteBuffer) -> Void) {
        begin(choice, into: &out)
        write(&out)
        end(into: &out)
    }

    private func begin(_ choice: Int, into out: inout ByteBuffer) {
        out.writeStaticString("data: ")
        out.writeImmutableBuffer(start)
        out.writeStaticString(#"{"index":"#)
        out.writeDecimal(choice)
        out.writeStaticString(#","delta":{"#)
    }

    private func end(into out: inout ByteBuffer) { out.writeStaticString("},\"finish_reason\":null}]}\n\n") }
}

extension ByteBuffer {
    /// Writes the object `usage`, as OpenAI names its fields.
    mutating func writeUsage(_ usage: Usage) {
        writeStaticString(#"{"prompt_tokens":"#)
        writeDecimal(usage.inputTokens)
        writeStaticString(#","completion_tokens":"#)
        writeDecimal(usage.outputTokens)
        writeStaticString(#","total_tokens":"#)
        writeDecimal(usage.inputTokens + usage.outputTokens)
        writeStaticString(#","prompt_tokens_details":{"cached_tokens":"#)
        writeDecimal(usage.cachedInputTokens)
        writeStaticString("}}")
    }
}
