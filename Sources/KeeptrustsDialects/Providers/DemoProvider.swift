public import KeeptrustsCore
import KeeptrustsWire
public import NIOCore

/// The provider `demo`: answers without any upstream, always the same to the same request.
///
/// Each answer says that it is a demo. It repeats the last text of the user, as policies let it through, so that
/// policies on answers have something to find. A request that forces a tool call gets one.
public struct DemoProvider: Sendable {
    private let id: String
    private let created: Int
    private let model: String
    private let reply: Reply
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
        if let tool = said.forcedTool {
            reply = .call(name: tool, arguments: Self.arguments(said.text))
        } else {
            reply = .text(Self.answer(said.text, words: said.words))
        }
        usage = Usage(inputTokens: (said.bytes + 3) / 4, outputTokens: (reply.text.utf8.count + 3) / 4)
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
        out.writeStaticString(#","choices":[{"index":0,"message":{"role":"assistant","content":"#)
        switch reply {
        case .text(let text): out.writeJSONString(text)
        case .call(let name, let arguments):
            out.writeStaticString("null,")
            Self.writeCall(name, arguments, into: &out)
        }
        out.writeStaticString(#","refusal":null},"logprobs":null,"finish_reason":""#)
        out.writeStaticString(reply.finishReason)
        out.writeStaticString(#""}],"usage":"#)
        out.writeUsage(usage)
        out.writeStaticString("}")
        return out
    }

    /// The same answer as the events of a stream, usage and end mark included; each one complete (`data: …`).
    public var events: [ByteBuffer] {
        var token = ByteBuffer()
        token.writeJSONString(id)
        var modelToken = ByteBuffer()
        modelToken.writeJSONString(model)
        let template = ChunkTemplate(id: token, created: ByteBuffer(string: String(created)), model: modelToken)
        var events: [ByteBuffer] = []
        func event(_ write: (inout ByteBuffer) -> Void) {
            var out = ByteBuffer()
            write(&out)
            events.append(out)
        }
        event {
            template.writeDelta(choice: 0, into: &$0) { $0.writeStaticString(#""role":"assistant","content":"""#) }
        }
        switch reply {
        case .text(let text):
            for piece in Self.pieces(of: text) {
                event { template.writeText(ByteBuffer(string: piece), choice: 0, channel: .content, into: &$0) }
            }
        case .call(let name, let arguments):
            event { template.writeDelta(choice: 0, into: &$0) { Self.writeCall(name, "", index: 0, into: &$0) } }
            for piece in Self.pieces(of: arguments) {
                event {
                    template.writeText(ByteBuffer(string: piece), choice: 0, channel: .toolArguments(0), into: &$0)
                }
            }
        }
        event { template.writeFinish(reply.finishReason, choice: 0, into: &$0) }
        event { template.writeUsage(usage, into: &$0) }
        event { $0.writeStaticString("data: [DONE]\n\n") }
        return events
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

    /// FNV-1a, 64 bits: the same request has the same id.
    private static func digest(_ body: ByteBuffer) -> String {
        let hash = body.readableBytesView.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        return String(hash, radix: 16)
    }
}

extension DemoProvider.Reply {
    fileprivate var text: String {
        switch self {
        case .text(let text): text
        case .call(_, let arguments): arguments
        }
    }

    fileprivate var finishReason: StaticString {
        switch self {
        case .text: "stop"
        case .call: "tool_calls"
        }
    }
}

/// What the demo provider takes from a request.
private struct DemoQuestion {
    /// The user's last text, at most 2,000 characters of it.
    var text = ""
    var words = 0

    /// The tool that must be called.
    var forcedTool: String?

    /// The size of all texts.
    var bytes = 0

    private enum Field: Sendable { case tool, choice, choiceName }

    private static let table = FieldTable<Field>([
        ("tools.*.function.name", .tool), ("tool_choice", .choice), ("tool_choice.function.name", .choiceName),
    ])

    init(_ body: ByteBuffer, fallback: SurfaceRequest) {
        let request = (try? Surface.chatCompletions.read(body)) ?? fallback
        let texts = request.texts.filter { !$0.segment.isJoined }
        bytes = texts.reduce(0) { $0 + $1.segment.text.readableBytes }
        let last = texts.last { $0.index >= 0 && $0.segment.role == .user && $0.segment.phase == .request }
        if let last {
            let whole = String(buffer: last.segment.text)
            words = whole.split(whereSeparator: \.isWhitespace).count
            text = String(whole.prefix(2_000))
        }
        findTool(in: body)
    }

    private mutating func findTool(in body: ByteBuffer) {
        var values: [JSONValue] = []
        guard (try? JSONScanner.scan(body, Self.table.shape, into: &values)) != nil else { return }
        var (first, named, isRequired): (String?, String?, Bool) = (nil, nil, false)
        for value in values {
            switch Self.table[value] {
            case .tool: first = first ?? body.string(value, limit: 256)
            case .choice: isRequired = body.isString(value, "required")
            case .choiceName: named = body.string(value, limit: 256)
            case nil: break
            }
        }
        forcedTool = named ?? (isRequired ? first : nil)
    }
}
