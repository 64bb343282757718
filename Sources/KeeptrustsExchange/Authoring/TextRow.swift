public import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsWire
public import NIOCore

/// One row of a file of texts: what is judged, and what names it.
///
/// A row is a JSON object with an `id` and a `text`. `role` says who speaks (a user, unless it says otherwise), `phase` where in an
/// exchange the text stands. `chunks` are the same text in the pieces of a stream. With `tool` and `arguments` it is a tool
/// call, and with `context` an answer to a request that held these sources. Other members are passed over.
public struct TextRow: Sendable {
    /// The id as it is written: a JSON string or number.
    public var id: ByteBuffer

    /// What a gateway would judge of it.
    public var segments: [Segment]

    /// The segment in which offsets count; the others are what a reader of a tool's arguments makes of parts of it.
    public var main = 0

    /// The pieces of `segments[main]`, when it comes as a stream.
    public var pieces: [ByteBuffer] = []

    /// What an answer may rest on.
    public var sources: [ByteBuffer] = []

    /// Reads a row.
    ///
    /// - Parameters:
    ///   - line: The row's bytes.
    ///   - phase: Where a text stands whose row does not say; nil for a user's request.
    /// - Throws: ``RowFault`` when it is none.
    public init(_ line: ByteBuffer, phase: Phase? = nil) throws(RowFault) {
        var values: [JSONValue] = []
        do throws(JSONFault) { try JSONScanner.scan(line, Self.shape, into: &values) } catch { throw RowFault(error) }
        let fields = try RowFields(values, in: line)
        guard let id = fields.id else { throw RowFault("it has no 'id'") }
        self.id = id
        if let tool = fields.tool, let arguments = fields.arguments {
            (segments, main) = try Self.call(of: tool, with: arguments)
            return
        }
        guard let text = fields.text else {
            guard fields.tool == nil else { throw RowFault("it has a 'tool', and no 'arguments'") }
            throw RowFault("it has no 'text'")
        }
        guard fields.chunks.isEmpty || fields.chunks.reduce(0, { $0 + $1.readableBytes }) == text.readableBytes,
            fields.chunks.isEmpty || fields.joinedChunks == text
        else { throw RowFault("'chunks' are not the pieces of 'text'") }
        let place = try Self.place(fields, otherwise: phase)
        segments = [Segment(text, role: place.role, phase: place.phase, choice: place.phase.onlyChoice)]
        pieces = fields.chunks
        sources = fields.sources
    }

    /// Whose text it is, and where it stands.
    private static func place(
        _ fields: RowFields, otherwise phase: Phase?
    ) throws(RowFault) -> (role: Segment.Role, phase: Phase) {
        var role: Segment.Role?
        if let name = fields.role {
            role = Segment.Role(rawValue: name)
            guard role != nil else { throw RowFault("'role' is none of system, user, assistant, tool") }
        }
        var phase = phase
        if let name = fields.phase {
            phase = Phase(rawValue: name)
            guard phase != nil else { throw RowFault("'phase' is none of request, response, tool_call, tool_result") }
        } else if !fields.sources.isEmpty {
            phase = .response
        } else if let role {
            phase = role.usualPhase
        }
        let place = phase ?? .request
        return (role ?? place.usualRole, place)
    }

    /// The texts of a tool call, as the gateway finds them in an answer; and which of them the arguments are.
    private static func call(
        of tool: String, with arguments: ByteBuffer
    ) throws(RowFault) -> (segments: [Segment], main: Int) {
        var body = ByteBuffer()
        body.writeStaticString(#"{"choices":[{"message":{"role":"assistant","tool_calls":[{"type":"function","#)
        body.writeStaticString(#""function":{"name":"#)
        body.writeJSONString(tool)
        body.writeStaticString(#","arguments":"#)
        body.writeJSONString(arguments)
        body.writeStaticString("}}]}}]}")
        do throws(DialectError) {
            let texts = try Surface.chatCompletions.readAnswer(body).texts
            let segments = texts.map(\.text.segment)
            return (segments, segments.firstIndex { $0.phase == .toolCall } ?? 0)
        } catch {
            throw RowFault("it is no tool call that a gateway could read")
        }
    }

    fileprivate static let shape = JSONShape(RowFields.Name.allCases.map(\.path), reportsOthers: false)
}

extension TextRow {
    /// What policies may know apart from the text: the sources, as documents that a tool has found.
    var facts: ExchangeFacts {
        var facts = ExchangeFacts()
        facts.conversation = sources.map { Segment($0, role: .tool, phase: .toolResult) }
        return facts
    }
}

/// A row that cannot be read.
public struct RowFault: Error, Equatable, CustomStringConvertible {
    /// What is wrong with it; never its text.
    public var description: String

    init(_ description: String) { self.description = description }

    init(_ fault: JSONFault) {
        self.init("it is not JSON: \(fault.reason.rawValue.replacing("_", with: " ")) at byte \(fault.offset)")
    }
}

extension Segment.Role {
    /// Where a text of this role usually stands.
    public var usualPhase: Phase {
        switch self {
        case .system, .user: .request
        case .assistant: .response
        case .tool: .toolResult
        }
    }
}

extension Phase {
    /// The choice whose answer a text of this phase is that stands for a whole answer.
    var onlyChoice: Int32? {
        switch self {
        case .response: 0
        case .request, .toolCall, .toolResult: nil
        }
    }

    /// Who usually speaks there.
    public var usualRole: Segment.Role {
        switch self {
        case .request: .user
        case .response, .toolCall: .assistant
        case .toolResult: .tool
        }
    }
}

/// The members of a row that say something.
private struct RowFields {
    enum Name: Int, CaseIterable {
        case id, text, role, phase, tool, arguments, chunks, chunk, context, source

        var path: String {
            switch self {
            case .id: "id"
            case .text: "text"
            case .role: "role"
            case .phase: "phase"
            case .tool: "tool"
            case .arguments: "arguments"
            case .chunks: "chunks"
            case .chunk: "chunks.*"
            case .context: "context"
            case .source: "context.*"
            }
        }
    }

    var id: ByteBuffer?
    var text: ByteBuffer?
    var role: String?
    var phase: String?
    var tool: String?
    var arguments: ByteBuffer?
    var chunks: [ByteBuffer] = []
    var sources: [ByteBuffer] = []

    init(_ values: [JSONValue], in line: ByteBuffer) throws(RowFault) {
        for value in values where value.kind != .null {
            switch Name(rawValue: value.field) {
            case .id:
                guard value.kind == .string || value.kind == .number else {
                    throw RowFault("'id' is no text and no number")
                }
                id = line.token(value)
            case .text: text = try Self.text(value, "text", in: line)
            case .role: role = String(buffer: try Self.text(value, "role", in: line))
            case .phase: phase = String(buffer: try Self.text(value, "phase", in: line))
            case .tool: tool = String(buffer: try Self.text(value, "tool", in: line))
            case .arguments: arguments = try Self.object(value, in: line)
            case .chunks, .context:
                guard value.kind == .array else { throw RowFault("'chunks' and 'context' are lists of texts") }
            case .chunk: chunks.append(try Self.text(value, "chunks", in: line))
            case .source: sources.append(try Self.text(value, "context", in: line))
            case nil: continue
            }
        }
    }

    var joinedChunks: ByteBuffer {
        var joined = ByteBuffer()
        for chunk in chunks { joined.writeImmutableBuffer(chunk) }
        return joined
    }

    /// An object as it is written, or the text of one.
    private static func object(_ value: JSONValue, in line: ByteBuffer) throws(RowFault) -> ByteBuffer {
        let written = value.kind == .string ? line.text(value) : line.token(value)
        var values: [JSONValue] = []
        do throws(JSONFault) { try JSONScanner.scan(written, anyMember, into: &values) } catch {
            throw RowFault("'arguments' is no object, and no text that holds one")
        }
        guard written.readableBytesView.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{")
        else { throw RowFault("'arguments' is no object, and no text that holds one") }
        return written
    }

    private static let anyMember = JSONShape([], reportsOthers: false)

    private static func text(_ value: JSONValue, _ name: String, in line: ByteBuffer) throws(RowFault) -> ByteBuffer {
        guard value.kind == .string else { throw RowFault("'\(name)' is no text") }
        return line.text(value)
    }
}

extension ByteBuffer {
    /// A token as it is written.
    fileprivate func token(_ value: JSONValue) -> ByteBuffer {
        getSlice(at: readerIndex + value.span.lowerBound, length: value.span.count) ?? ByteBuffer()
    }

    /// The value of a string token, its escapes undone.
    fileprivate func text(_ value: JSONValue) -> ByteBuffer {
        Unescaped(self, token: value.span, hasEscapes: value.hasEscapes).text
    }
}
