import KeeptrustsWire
import NIOCore

/// What providers say of an error, under the names that they use.
struct ErrorFields: Equatable {
    var message: String?
    var type: String?
    var code: String?
    var param: String?

    private enum Field { case message, type, code, param }

    /// OpenAI's, Anthropic's and Google's envelopes, and the bare forms of others.
    private static let table = FieldTable<Field>([
        ("error", .message), ("error.message", .message), ("error.type", .type), ("error.code", .code),
        ("error.status", .type), ("error.param", .param),
        ("*.error.message", .message), ("*.error.code", .code), ("*.error.status", .type),
        ("message", .message), ("message.detail", .message), ("detail", .message), ("type", .type), ("code", .code),
        ("param", .param),
    ])

    /// Reads an error's body; whatever it is, it is not trusted, and may be no JSON at all.
    init(body: ByteBuffer) {
        self.init()
        var values: [JSONValue] = []
        guard body.readableBytes <= 65_536, (try? JSONScanner.scan(body, Self.table.shape, into: &values)) != nil else {
            return
        }
        for value in values {
            switch Self.table[value] {
            case .message: message = body.string(value) ?? message
            case .type: type = body.string(value, limit: 128) ?? type
            case .code: take(code: value, in: body)
            case .param: param = body.string(value, limit: 128) ?? param
            case nil: break
            }
        }
    }

    init(message: String? = nil, type: String? = nil, code: String? = nil, param: String? = nil) {
        self.message = message
        self.type = type
        self.code = code
        self.param = param
    }

    /// A code may be a word or a number.
    mutating func take(code value: JSONValue, in body: ByteBuffer) {
        code = body.string(value, limit: 128) ?? body.wholeNumber(value).map(String.init) ?? code
    }
}
