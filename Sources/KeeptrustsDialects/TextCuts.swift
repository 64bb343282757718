import KeeptrustsCore
public import KeeptrustsWire
public import NIOCore

/// A piece that a policy takes out of a text of a body, and what stands there instead.
public struct TextCut: Sendable {
    /// Which of the body's texts.
    public var text: Int

    /// Where in that text (byte offsets); empty for what is put in.
    public var span: Range<Int>
    public var replacement: String

    public init(text: Int, span: Range<Int>, replacement: String) {
        self.text = text
        self.span = span
        self.replacement = replacement
    }
}

extension JSONEdits {
    /// Makes cuts in a body: JSON stays JSON, also where a text is a document itself.
    ///
    /// What is cut out of a document and out of a string in it is cut once.
    ///
    /// - Parameters:
    ///   - cuts: The cuts, in any order.
    ///   - text: The body's texts.
    public mutating func cut(_ cuts: [TextCut], outOf text: (Int) -> LocatedText) {
        var documents = CutDocuments()
        for cut in cuts { documents.spread(cut, over: text(cut.text)) }
        for cut in cuts {
            let located = text(cut.text)
            // Whoever makes the cuts takes the whole value out; what was put together is cut where its parts stand.
            guard located.form != .echo, located.form != .parts else { continue }
            guard located.isDocument || documents.have(located) else {
                replace(located.rawRange(of: cut.span), withJSONEscaped: cut.replacement)
                continue
            }
            guard !cut.span.isEmpty else {
                // A number has no place for it.
                if located.form == .string { replace(located.rawRange(of: cut.span), withJSONEscaped: cut.replacement) }
                continue
            }
            documents.cut(cut.span, of: located, for: cut.replacement)
        }
        for (document, redactor) in documents.all { apply(redactor, to: document) }
    }

    private mutating func apply(_ redactor: JSONRedactor, to document: LocatedText) {
        for edit in redactor.edits(of: document.segment.text) {
            let range = document.rawRange(of: edit.range)
            if document.form == .string {
                replace(range, withJSONEscaped: String(buffer: edit.replacement))
            } else {
                replace(range, with: edit.replacement)
            }
        }
    }
}

/// The texts in which cuts are made together: documents, and parts of a text that was put together of several.
private struct CutDocuments {
    private var redactors: [Int: (document: LocatedText, redactor: JSONRedactor)] = [:]

    var all: some Sequence<(document: LocatedText, redactor: JSONRedactor)> { redactors.values }

    /// Whether something is cut out of this text already.
    func have(_ text: LocatedText) -> Bool { !redactors.isEmpty && redactors[text.start] != nil }

    /// Makes a cut in a text that was put together in each of its parts: what is put in stands where the cut begins.
    mutating func spread(_ cut: TextCut, over text: LocatedText) {
        guard let pieces = text.pieces(of: cut.span) else { return }
        for (number, piece) in pieces.enumerated() {
            self.cut(piece.span, of: piece.text, for: number == 0 ? cut.replacement : "")
        }
    }

    mutating func cut(_ span: Range<Int>, of text: LocatedText, for replacement: String) {
        let (document, span) = text.inDocument(span)
        redactors[document.start, default: (document, JSONRedactor(document.form.start))].redactor
            .cut(span, for: replacement)
    }
}

extension LocatedText {
    /// Whether a cut must leave a document whole: a part of the body, or what a tool is called with, or what looks like one.
    public var isDocument: Bool {
        form != .string || isNested || segment.phase == .toolCall || segment.text.beginsDocument
    }

    /// What must stand in the body, and where, for it to say `text`.
    ///
    /// Of a value with its name, the value alone changes; nil where it does not.
    public func change(saying text: ByteBuffer) -> (range: Range<Int>, bytes: ByteBuffer)? {
        let old = segment.text
        guard let value = lastPart else { return (rawRange(of: 0..<old.readableBytes), bytes(saying: text)) }
        let said = value.segment.text
        let name = old.readableBytes - said.readableBytes
        if text.bytes(max(0, text.readableBytes - said.readableBytes)..<text.readableBytes) == said { return nil }
        let isNamed = text.readableBytes >= name && text.bytes(0..<name) == old.bytes(0..<name)
        return value.change(saying: isNamed ? text.bytes(name..<text.readableBytes) : text)
    }

    /// The bytes that must stand in the body where the text stood, for it to say `text`; none means that it says nothing.
    public func bytes(saying text: ByteBuffer) -> ByteBuffer {
        var bytes = ByteBuffer()
        switch form {
        case .string: bytes.writeJSONContent(String(buffer: text))
        case .parts, .echo: bytes.writeStaticString("null")
        case .value where text.beginsDocument && text.isJSON: bytes.writeImmutableBuffer(text)
        case .value: bytes.writeJSONString(text)
        case .member where text.isMember: bytes.writeImmutableBuffer(text)
        case .member:
            let old = segment.text
            let key = old.readableBytes - old.trailingNumber.readableBytes
            if let kept = text.getSlice(at: text.readerIndex, length: key), kept == old.bytes(0..<key) {
                bytes.writeImmutableBuffer(kept)
                bytes.writeJSONString(text.bytes(key..<text.readableBytes))
            } else {
                bytes.writeJSONString(text)
                bytes.writeStaticString(":null")
            }
        }
        return bytes
    }
}
