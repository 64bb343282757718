public import KeeptrustsCore
import KeeptrustsWire
public import NIOCore

/// The provider `demo`: answers without any upstream, always the same to the same request.
///
/// Each answer says that it is a demo. It repeats the last text of the user, as policies let it through, so that
/// policies on answers have something to find. A request that forces a tool call gets one. `n`, `stop`, `max_tokens` and
/// `max_completion_tokens` count (four bytes are a token), and where `response_format` asks for JSON the text is an
/// object; which one a schema describes is beyond a demo.
public struct DemoProvider: Sendable {
    private let id: String
    private let created: Int
    private let model: String
    private let reply: Reply
    private let finishReason: StaticString
    private let choices: Int
    private let usage: Usage

    fileprivate enum Reply {
        case text(String)
        case call(name: String, arguments: String)
    }

    /// - Parameters:
    ///   - request: Its edits are applied.
    ///   - model: The target's model.
    ///   - time: When the answer says it was made.
    public init(_ request: SurfaceRequest, model: String, at time: Timestamp = Timestamp(rawValue: 0)) {
        let body = request.editedBody
        let said = DemoQuestion(body, fallback: request)
        self.model = model
        created = Int(max(0, time.rawValue / 1_000_000))
        id = "chatcmpl-demo-" + Self.digest(body)
        let (whole, isStopped) = Self.reply(to: said)
        let (text, isCut) = Self.cut(whole.text, toTokens: said.maxTokens)
        reply = whole.with(text)
        finishReason = isCut ? "length" : isStopped ? "stop" : reply.finishReason
        choices = said.choices
        usage = Usage(
            inputTokens: (said.bytes + 3) / 4, outputTokens: choices * ((text.utf8.count + 3) / Self.tokenBytes))
    }

    /// How many bytes of a text the demo takes for a token.
    private static let tokenBytes = 4

    /// The answer, and whether it ends before a text at which the caller wants it to.
    private static func reply(to said: DemoQuestion) -> (Reply, isStopped: Bool) {
        if let tool = said.forcedTool { return (.call(name: tool, arguments: arguments(said.text)), false) }
        let text = said.wantsJSON ? arguments(said.text) : answer(said.text, words: said.words)
        let ends = said.stops.compactMap { text.firstRange(of: $0)?.lowerBound }
        return (.text(String(text[..<(ends.min() ?? text.endIndex)])), !ends.isEmpty)
    }

    /// The text, whole characters of it, as far as it has no more tokens than it may have.
    private static func cut(_ text: String, toTokens most: Int?) -> (String, isCut: Bool) {
        guard let most, text.utf8.count > most * tokenBytes else { return (text, false) }
        var (end, size) = (text.startIndex, 0)
        while end < text.endIndex {
            size += text[end].utf8.count
            guard size <= most * tokenBytes else { break }
            end = text.index(after: end)
        }
        return (String(text[..<end]), true)
    }

    /// The answer as a whole, in the dialect of chat completions.
    public var answer: ByteBuffer {
        var out = ByteBufferAllocator().buffer(capacity: 512 + reply.text.utf8.count)
        out.writeStaticString(#"{"id":"#)
        out.writeJSONString(id)
        out.writeStaticString(#","object":"chat.completion","created":"#)
        out.writeDecimal(created)
        out.writeStaticString(#","model":"#)
        out.writeJSONString(model)
        out.writeStaticString(#","choices":["#)
        for choice in 0..<choices {
            if choice > 0 { out.writeStaticString(",") }
            write(choice, into: &out)
        }
        out.writeStaticString(#"],"usage":"#)
        out.writeUsage(usage)
        out.writeStaticString("}")
        return out
    }

    private func write(_ choice: Int, into out: inout ByteBuffer) {
        out.writeStaticString(#"{"index":"#)
        out.writeDecimal(choice)
        out.writeStaticString(#","message":{"role":"assistant","content":"#)
        switch reply {
        case .text(let text): out.writeJSONString(text)
        case .call(let name, let arguments):
            out.writeStaticString("null,")
            Self.writeCall(name, arguments, into: &out)
        }
        out.writeStaticString(#","refusal":null},"logprobs":null,"finish_reason":""#)
        out.writeStaticString(finishReason)
        out.writeStaticString(#""}"#)
    }

    /// The same answer as the events of a stream, usage and end mark included; each one complete (`data: …`).
    ///
    /// The choices take turns.
    public var events: [ByteBuffer] {
        let template = ChunkTemplate(
            id: Self.token(id), created: ByteBuffer(string: "\(created)"), model: Self.token(model))
        let turns = pieces.map { piece in (0..<choices).map { piece(template, $0) } }
        var usageEvent = ByteBuffer()
        template.writeUsage(usage, into: &usageEvent)
        return turns.flatMap(\.self) + [usageEvent, ByteBuffer(string: "data: [DONE]\n\n")]
    }

    /// Writes one event of a choice.
    private typealias Piece = (_ template: ChunkTemplate, _ choice: Int) -> ByteBuffer

    /// What each choice sends, in this order.
    private var pieces: [Piece] {
        var pieces = [Self.delta { $0.writeStaticString(#""role":"assistant","content":"""#) }]
        switch reply {
        case .text(let text):
            pieces += Self.pieces(of: text).map { Self.text($0, .content) }
        case .call(let name, let arguments):
            pieces.append(Self.delta { Self.writeCall(name, "", index: 0, into: &$0) })
            pieces += Self.pieces(of: arguments).map { Self.text($0, .toolArguments(0)) }
        }
        return pieces + [
            { [finishReason] template, choice in
                var out = ByteBuffer()
                template.writeFinish(finishReason, choice: choice, into: &out)
                return out
            }
        ]
    }

    private static func delta(_ write: @escaping (inout ByteBuffer) -> Void) -> Piece {
        { template, choice in
            var out = ByteBuffer()
            template.writeDelta(choice: choice, into: &out, write)
            return out
        }
    }

    private static func text(_ piece: String, _ channel: Channel) -> Piece {
        { template, choice in
            var out = ByteBuffer()
            template.writeText(ByteBuffer(string: piece), choice: choice, channel: channel, into: &out)
            return out
        }
    }

    private static func token(_ text: String) -> ByteBuffer {
        var token = ByteBuffer()
        token.writeJSONString(text)
        return token
    }

    private static func answer(_ text: String, words: Int) -> String {
        let count = words == 1 ? "1 word" : "\(words) words"
        return """
            This is the Keeptrusts demo provider: no model was asked. Your last message has \(count). \
            You said: \(text)
            """
    }

    private static func arguments(_ text: String) -> String {
        var out = ByteBuffer(string: #"{"demo":true,"text":"#)
        out.writeJSONString(text)
        out.writeStaticString("}")
        return String(buffer: out)
    }

    private static func writeCall(_ name: String, _ arguments: String, index: Int? = nil, into out: inout ByteBuffer) {
        out.writeStaticString(#""tool_calls":[{"#)
        if let index {
            out.writeStaticString(#""index":"#)
            out.writeDecimal(index)
            out.writeStaticString(",")
        }
        out.writeStaticString(#""id":"call_demo","type":"function","function":{"name":"#)
        out.writeJSONString(name)
        out.writeStaticString(#","arguments":"#)
        out.writeJSONString(arguments)
        out.writeStaticString("}}]")
    }

    /// The text in at most 14 pieces of whole characters, cut before a space where there is one near.
    private static func pieces(of text: String) -> [String] {
        let size = max(6, (text.count + 13) / 14)
        var pieces: [String] = []
        var rest = text[...]
        while !rest.isEmpty {
            var piece = rest.prefix(size)
            if piece.endIndex < rest.endIndex, let space = piece.lastIndex(of: " "), space > piece.startIndex,
                pieces.count < 13, rest[space...].count <= (13 - pieces.count) * size
            {
                piece = rest[..<space]
            }
            pieces.append(String(piece))
            rest = rest[piece.endIndex...]
        }
        return pieces
    }

    /// FNV-1a, 64 bits, in letters, for many digits in a row could be somebody's: the same request has the same id.
    private static func digest(_ body: ByteBuffer) -> String {
        let hash = body.readableBytesView.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        let letters = (0..<16).map { UInt8(ascii: "a") + UInt8(truncatingIfNeeded: hash >> (UInt64($0) * 4) & 0xF) }
        return String(decoding: letters, as: UTF8.self)
    }
}

extension DemoProvider.Reply {
    fileprivate var text: String {
        switch self {
        case .text(let text): text
        case .call(_, let arguments): arguments
        }
    }

    /// The same with another text.
    fileprivate func with(_ text: String) -> Self {
        switch self {
        case .text: .text(text)
        case .call(let name, _): .call(name: name, arguments: text)
        }
    }

    fileprivate var finishReason: StaticString {
        switch self {
        case .text: "stop"
        case .call: "tool_calls"
        }
    }
}
