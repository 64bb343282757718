public import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// A text of a body, and the way back from its offsets to the body's bytes.
public struct LocatedText: Sendable {
    /// The texts that a body may have; each takes some hundred bytes and two microseconds, be it ever so short.
    public static let mostInBody = 65_536

    /// The text as the model will read it.
    public var segment: Segment

    /// The message (of a request) or the choice (of an answer) that it belongs to; -1 for none.
    public var index: Int32

    /// What the text is in its body.
    let form: Form

    enum Form: Sendable {
        /// The content of a string.
        case string

        /// A member of an object, key and value, as they are written.
        case member

        /// A number.
        case value

        /// Several texts of the body, one after the other, each of which is there by itself, too.
        case parts

        /// What another value of the body says: it can only be taken out as a whole.
        case echo

        var start: JSONStart {
            switch self {
            case .string, .parts, .echo: .text
            case .member: .member
            case .value: .value
            }
        }
    }

    /// Where the text begins in the body, or in the document that it is a string of.
    private let offset: Int32
    var start: Int { Int(offset) }

    /// The way back, where it is not a matter of adding; most texts have no escapes.
    private let detour: Detour?

    /// How a text with escapes, in a document that is a string itself, or of several texts maps to the body.
    private final class Detour: Sendable {
        let unescaped: Unescaped?
        let outer: LocatedText?
        let parts: TextParts?

        init(_ unescaped: Unescaped? = nil, outer: LocatedText? = nil, parts: TextParts? = nil) {
            self.unescaped = unescaped
            self.outer = outer
            self.parts = parts
        }
    }

    /// Locates the string `value` in `body`, which is the body itself or else the document that the text `outer` is.
    init(
        _ value: JSONValue, in body: ByteBuffer, role: Segment.Role, phase: Phase, index: Int32,
        outer: LocatedText? = nil
    ) {
        self.index = index
        form = .string
        offset = Int32(truncatingIfNeeded: value.span.lowerBound + 1)
        guard value.hasEscapes || outer != nil else {
            detour = nil
            let text = body.bytes(value.span.lowerBound + 1..<value.span.upperBound - 1)
            segment = Segment(text, role: role, phase: phase)
            return
        }
        let unescaped = Unescaped(body, token: value.span, hasEscapes: value.hasEscapes)
        detour = Detour(unescaped, outer: outer)
        segment = Segment(unescaped.text, role: role, phase: phase)
    }

    /// Locates a number, or a member of an object, in `body`.
    init(_ form: Form, _ span: Range<Int>, in body: ByteBuffer, role: Segment.Role, phase: Phase, index: Int32) {
        self.index = index
        self.form = form
        offset = Int32(truncatingIfNeeded: span.lowerBound)
        detour = nil
        segment = Segment(body.bytes(span), role: role, phase: phase)
    }

    /// What the value at `span` of the body says, in its own words.
    init(echo text: ByteBuffer, of span: Range<Int>, role: Segment.Role, phase: Phase, index: Int32) {
        self.index = index
        form = .echo
        offset = Int32(truncatingIfNeeded: span.lowerBound)
        detour = nil
        segment = Segment(text, role: role, phase: phase)
    }

    /// Puts texts of one message together, which are not empty; what was found in it is to be looked up with ``pieces(of:)``.
    init(parts: [LocatedText], linesBetweenWords: Bool, separator: StaticString = "") {
        let whole = TextParts(parts, linesBetweenWords: linesBetweenWords, separator: separator)
        segment = parts[0].segment
        (segment.text, segment.choice, segment.isJoined) = (whole.text, nil, true)
        (index, form, offset) = (parts[0].index, .parts, 0)
        detour = Detour(parts: whole)
    }

    /// Puts a value behind what names it, both of which are texts of their own.
    init(
        _ value: JSONValue, named name: JSONValue, in body: ByteBuffer, role: Segment.Role, phase: Phase, index: Int32
    ) {
        let name = LocatedText(name, in: body, role: role, phase: phase, index: index)
        let text =
            value.kind == .string
            ? LocatedText(value, in: body, role: role, phase: phase, index: index)
            : LocatedText(.value, value.span, in: body, role: role, phase: phase, index: index)
        self.init(parts: [name, text], linesBetweenWords: false, separator: ": ")
    }

    /// A text that was put together of pieces: its places are those in itself.
    public init(joined segment: Segment) {
        self.segment = segment
        (index, form, offset, detour) = (-1, .string, 0, nil)
    }

    /// Strings and keys of the document that this text is, where they are written with escapes of their own.
    ///
    /// Whoever carries a call out reads those. Their places are those in this text, or in the body that it stands in. Nil
    /// when there are more than a body may have.
    public var nested: [LocatedText]? {
        var texts: [LocatedText] = []
        return NestedTexts.append(of: self, to: &texts) ? texts : nil
    }

    /// What the text says when all its escapes are undone, whatever it is; the text itself when it has none.
    var unescaped: LocatedText {
        guard segment.text.readableBytesView.contains(0x5C) else { return self }
        return unescaped(0..<segment.text.readableBytes)
    }

    /// What a range of the text says when all escapes in it are undone.
    func unescaped(_ range: Range<Int>) -> LocatedText {
        // As the content of a string between quotes that need not be there.
        let content = JSONValue(
            field: 0, kind: .string, span: range.lowerBound - 1..<range.upperBound + 1, hasEscapes: true)
        return LocatedText(
            content, in: segment.text, role: segment.role, phase: segment.phase, index: index, outer: self)
    }

    /// Where in the body a span of the text stands, ready for `JSONEdits`.
    public func rawRange(of span: Range<Int>) -> Range<Int> {
        guard let detour, let unescaped = detour.unescaped else {
            return span.lowerBound + start..<span.upperBound + start
        }
        let range = unescaped.rawRange(of: span)
        return detour.outer?.rawRange(of: range) ?? range
    }

    /// Whether it is the key of the member of an object that stands at `span` of the body.
    func isKey(of span: Range<Int>) -> Bool { form == .string && !isNested && start == span.lowerBound + 1 }

    /// Whether it is a string of a document that is a string itself.
    var isNested: Bool { detour?.outer != nil }

    /// The text of the body that this one is, or is a string of, and where in that a span stands.
    func inDocument(_ span: Range<Int>) -> (document: LocatedText, span: Range<Int>) {
        guard let outer = detour?.outer, let unescaped = detour?.unescaped else { return (self, span) }
        return outer.inDocument(unescaped.rawRange(of: span))
    }

    /// The texts of the body that a span of one that was put together of them touches; nil for any other.
    func pieces(of span: Range<Int>) -> [TextParts.Piece]? { detour?.parts?.pieces(of: span) }

    /// The last of the texts that this one was put together of; nil for any other.
    var lastPart: LocatedText? { detour?.parts?.last }
}
