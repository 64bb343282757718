public import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// A text of a body, and the way back from its offsets to the body's bytes.
public struct LocatedText: Sendable {
    /// The text as the model will read it.
    public var segment: Segment

    /// The message (of a request) or the choice (of an answer) that it belongs to; -1 for none.
    public var index: Int32

    /// Where the text begins in the body.
    private let start: Int32

    /// The way back, where it is not a matter of adding; most texts have no escapes.
    private let detour: Detour?

    /// How a text with escapes, or in a document that is a string itself, maps to the body.
    private final class Detour: Sendable {
        let unescaped: Unescaped
        let outer: LocatedText?

        init(_ unescaped: Unescaped, outer: LocatedText?) {
            self.unescaped = unescaped
            self.outer = outer
        }
    }

    /// Locates the string `value` in `body`, which is the body itself or else the document that the text `outer` is.
    init(
        _ value: JSONValue, in body: ByteBuffer, role: Segment.Role, phase: Phase, index: Int32,
        outer: LocatedText? = nil
    ) {
        self.index = index
        start = Int32(truncatingIfNeeded: value.span.lowerBound + 1)
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

    /// A text that was put together of pieces: its places are those in itself.
    public init(joined segment: Segment) {
        self.segment = segment
        (index, start, detour) = (-1, 0, nil)
    }

    /// Strings and keys of the document that this text is, where they are written with escapes of their own.
    ///
    /// Whoever carries a call out reads those. Their places are those in this text, or in the body that it stands in.
    public var nested: [LocatedText] {
        var texts: [LocatedText] = []
        NestedTexts.append(of: self, to: &texts)
        return texts
    }

    /// Where in the body a span of the text stands, ready for `JSONEdits`.
    public func rawRange(of span: Range<Int>) -> Range<Int> {
        guard let detour else { return span.lowerBound + Int(start)..<span.upperBound + Int(start) }
        let range = detour.unescaped.rawRange(of: span)
        return detour.outer?.rawRange(of: range) ?? range
    }
}
