import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// What the demo provider takes from a request.
struct DemoQuestion {
    /// The user's last text, at most 2,000 characters of it.
    var text = ""
    var words = 0

    /// The tool that must be called.
    var forcedTool: String?

    /// The size of all texts.
    var bytes = 0

    /// How many answers there are to be, and how many tokens one may have.
    var choices: Int
    var maxTokens: Int?

    /// Texts before which the answer ends: 16 at most, of up to 256 bytes.
    private(set) var stops: [String] = []

    /// Whether the answer is to be a JSON object.
    private(set) var wantsJSON = false

    private enum Field: Sendable { case tool, choice, choiceName, stop, format }

    private static let table = FieldTable<Field>([
        ("tools.*.function.name", .tool), ("tool_choice", .choice), ("tool_choice.function.name", .choiceName),
        ("stop", .stop), ("stop.*", .stop), ("response_format.type", .format),
    ])

    /// - Parameters:
    ///   - body: The request as policies let it through.
    ///   - fallback: The same as it was read, where they have changed it so that it cannot be read any more.
    init(_ body: ByteBuffer, fallback: SurfaceRequest) {
        let request = (try? Surface.chatCompletions.read(body)) ?? fallback
        (choices, maxTokens) = (request.choices, request.maxTokens)
        let texts = request.texts.filter { !$0.segment.isJoined }
        bytes = texts.reduce(0) { $0 + $1.segment.text.readableBytes }
        let last = texts.last { $0.index >= 0 && $0.segment.role == .user && $0.segment.phase == .request }
        if let last {
            let whole = String(buffer: last.segment.text)
            words = whole.split(whereSeparator: \.isWhitespace).count
            text = String(whole.prefix(2_000))
        }
        readSettings(body)
    }

    private mutating func readSettings(_ body: ByteBuffer) {
        var values: [JSONValue] = []
        guard (try? JSONScanner.scan(body, Self.table.shape, into: &values)) != nil else { return }
        var (first, named, isRequired): (String?, String?, Bool) = (nil, nil, false)
        for value in values {
            switch Self.table[value] {
            case .tool: first = first ?? body.string(value, limit: 256)
            case .choice: isRequired = body.isString(value, "required")
            case .choiceName: named = body.string(value, limit: 256)
            case .stop: addStop(body.string(value, limit: 256))
            case .format: wantsJSON = ["json_object", "json_schema"].contains(body.string(value, limit: 64))
            case nil: break
            }
        }
        forcedTool = named ?? (isRequired ? first : nil)
    }

    private mutating func addStop(_ text: String?) {
        if let text, !text.isEmpty, stops.count < 16 { stops.append(text) }
    }
}
