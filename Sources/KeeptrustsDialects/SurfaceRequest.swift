public import KeeptrustsCore
public import KeeptrustsWire
public import NIOCore

/// A request that one scan has read: what the gateway needs to know, and every text with its place.
public struct SurfaceRequest: Sendable {
    /// The body as it was received.
    public internal(set) var body: ByteBuffer

    /// The model that was asked for; never empty.
    public internal(set) var model = ""

    /// The model's token in `body`, quotes included.
    public internal(set) var modelToken = 0..<0
    public internal(set) var isStreaming = false

    /// Whether the caller asked for a last chunk with the usage.
    ///
    /// If not, the gateway asks for itself and keeps it.
    public internal(set) var includesUsage = false

    /// How many answers are asked for (`n`).
    public internal(set) var choices = 1

    /// The most tokens that the answer may have; nil when the caller did not say.
    public internal(set) var maxTokens: Int?

    /// How many messages there are.
    public internal(set) var turns = 0

    /// The id of the one provider whose targets know all fields of the request; nil when every target may be asked.
    public internal(set) var vendor: String?

    /// Every string of the body that is not a known field without text, in document order.
    public internal(set) var texts: [LocatedText] = []

    /// The tools that the model may call, as far as they are named.
    public var tools: [DeclaredTool] {
        declarations.compactMap { declaration in
            guard let name = declaration.name.flatMap({ body.string($0, limit: 512) }) else { return nil }
            return DeclaredTool(name: name, schema: declaration.schema.map { body.bytes($0) })
        }
    }

    /// The pictures, sounds and files that the request brings along or points at, in document order.
    public var documents: [AttachedDocument] {
        attachments.map { AttachedDocument(body.text($0.value), isReference: $0.isReference) }
    }

    /// Where those stand.
    var attachments: [Attachment] = []

    struct Attachment: Sendable {
        var value: JSONValue
        var isReference = false
    }

    /// Where tools are declared.
    var declarations: [Declaration] = []

    struct Declaration: Sendable {
        var name: JSONValue?
        var schema: Range<Int>?
    }

    /// What policies change; every translation of this request applies it.
    public var edits = JSONEdits()

    var usageSwitch = UsageSwitch.insertOptions

    /// How `stream_options.include_usage` becomes true.
    enum UsageSwitch {
        case insertOptions
        case replace(Range<Int>, isOptions: Bool)
        case insertFlag(at: Int, isOnlyOne: Bool)
    }

    init(body: ByteBuffer) { self.body = body }

    /// The body with ``edits`` applied: what policies allowed to be sent.
    public var editedBody: ByteBuffer { edits.isEmpty ? body : edits.apply(to: body) }

    /// Adds what makes the upstream send its usage at the end of the stream.
    func switchUsageOn(_ edits: inout JSONEdits) {
        switch usageSwitch {
        case .insertOptions:
            let start = body.offsetAfterSpace(from: 0) + 1
            edits.insert(ByteBuffer(string: #""stream_options":{"include_usage":true},"#), at: start)
        case .replace(let range, let isOptions):
            edits.replace(range, with: ByteBuffer(string: isOptions ? #"{"include_usage":true}"# : "true"))
        case .insertFlag(let offset, let isOnlyOne):
            edits.insert(ByteBuffer(string: #""include_usage":true"# + (isOnlyOne ? "" : ",")), at: offset)
        }
    }
}
