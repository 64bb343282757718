public import NIOCore

/// Takes pieces out of a text that may be JSON, so that JSON stays JSON.
///
/// Within a string only its content changes. A number, or another value outside strings, becomes a string. What gives a
/// document its form stays, and so does a key that is only the beginning of what is taken out; white space between values
/// stays too. Text that is no JSON changes as it is. Goes through the text once, whole or piece by piece.
public struct JSONRedactor: Sendable {
    private var nested: NestedText

    /// The text that is not written yet, from `start` on.
    private var held = ByteBuffer()
    private var start = 0

    /// What is to be taken out, in order; those before `next` are done.
    private var cuts: [JSONCut] = []
    private var next = 0
    private var made = 0
    private var edits = JSONCutting()

    public init(_ start: JSONStart = .text) { nested = NestedText(start) }

    /// Takes out `range` of the text (byte offsets from its beginning).
    ///
    /// It must not begin before what was written. Those that overlap become one, with the replacement of the longest.
    public mutating func cut(_ range: Range<Int>, for replacement: String) {
        guard !range.isEmpty else { return }
        var cut = JSONCut(range: range, replacement: replacement, number: made)
        made += 1
        var place = cuts.count
        while place > next, cuts[place - 1].range.upperBound > cut.range.lowerBound {
            let other = cuts[place - 1]
            place -= 1
            guard other.range.lowerBound < cut.range.upperBound else { continue }
            if other.range.count >= cut.range.count { cut.replacement = other.replacement }
            let (lower, upper) = (other.range.lowerBound, other.range.upperBound)
            cut.range = min(lower, cut.range.lowerBound)..<max(upper, cut.range.upperBound)
            cuts.remove(at: place)
        }
        cuts.insert(cut, at: place)
    }

    /// Takes the next piece of the text.
    public mutating func push(_ text: ByteBuffer) { held.writeImmutableBuffer(text) }

    /// Writes the text with the cuts made, as far as it is decided.
    ///
    /// - Parameters:
    ///   - limit: Nothing before this will be taken out apart from the cuts that are known.
    ///   - isLast: The text is there in full, and `limit` is its end.
    ///   - out: Where it goes; a value outside strings waits for its end.
    public mutating func write(upTo limit: Int, isLast: Bool, into out: inout ByteBuffer) {
        let end = read(upTo: limit, isLast: isLast)
        for edit in edits.take() {
            write(upTo: edit.range.lowerBound, into: &out)
            out.writeImmutableBuffer(edit.replacement)
            held.moveReaderIndex(forwardBy: edit.range.upperBound - start)
            start = edit.range.upperBound
        }
        write(upTo: end, into: &out)
        if held.readerIndex > 1_024 { held.discardReadBytes() }
    }

    private mutating func write(upTo end: Int, into out: inout ByteBuffer) {
        guard end > start, let piece = held.readSlice(length: end - start) else { return }
        out.writeImmutableBuffer(piece)
        start = end
    }

    /// The changes that the cuts make in a whole text, in order.
    public mutating func edits(of text: ByteBuffer) -> [JSONEdit] {
        held = text
        _ = read(upTo: text.readableBytes, isLast: true)
        return edits.take()
    }

    /// Goes through the text as far as it is decided; returns the end of what can be written.
    private mutating func read(upTo limit: Int, isLast: Bool) -> Int {
        let (from, start, held) = (nested.count, start, held)
        let whole = start + held.readableBytes
        let limit = isLast ? whole : end(of: min(limit, whole))
        var (cuts, next) = ([JSONCut](), next)
        var edits = JSONCutting()
        swap(&edits, &self.edits)
        swap(&cuts, &self.cuts)
        held.withUnsafeReadableBytes { bytes in
            let part = UnsafeRawBufferPointer(rebasing: bytes[from - start..<max(limit, from) - start])
            nested.read(part, isLast: isLast) { stretch in
                while next < cuts.count, cuts[next].range.upperBound <= stretch.raw.lowerBound { next += 1 }
                edits.take(stretch, of: bytes, from: start, cuts, next)
            }
        }
        if isLast { edits.finish() }
        if next > 64 {
            cuts.removeFirst(next)
            next = 0
        }
        (self.cuts, self.next, self.edits) = (cuts, next, edits)
        return edits.settled
    }

    /// How far the text can be read before `limit`: a cut is made as a whole.
    private func end(of limit: Int) -> Int {
        for cut in cuts[next...] where cut.range.upperBound > limit { return min(limit, cut.range.lowerBound) }
        return limit
    }
}
