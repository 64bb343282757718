public import NIOCore

/// Changes to a document's bytes, gathered first and made in one pass.
public struct JSONEdits: Sendable {
    private var edits: [Edit] = []

    private struct Edit {
        var range: Range<Int>
        var replacement: ByteBuffer
    }

    public init() {}

    public var isEmpty: Bool { edits.isEmpty }

    /// Puts `replacement` in the place of the bytes in `range`, which count from the document's first byte.
    ///
    /// Where ranges overlap, all of their bytes are removed and all replacements stay, in the order of their ranges.
    public mutating func replace(_ range: Range<Int>, with replacement: ByteBuffer) {
        edits.append(Edit(range: range, replacement: replacement))
    }

    /// Puts `text` in the place of a part of a string, escaped; quotes are not added.
    public mutating func replace(_ range: Range<Int>, withJSONEscaped text: String) {
        var replacement = ByteBuffer()
        replacement.writeJSONContent(text)
        replace(range, with: replacement)
    }

    /// Puts `addition` before the byte at `offset`.
    public mutating func insert(_ addition: ByteBuffer, at offset: Int) {
        replace(offset..<offset, with: addition)
    }

    /// The document with the changes made; `document` itself when there are none.
    public func apply(to document: ByteBuffer) -> ByteBuffer {
        guard !edits.isEmpty else { return document }
        let end = document.readableBytes
        var result = ByteBuffer()
        result.reserveCapacity(end + edits.reduce(0) { $0 + $1.replacement.readableBytes })
        var start = 0
        for edit in inOrder {
            let lower = min(max(edit.range.lowerBound, start), end)
            if lower > start { result.writeImmutableBuffer(document.bytes(start..<lower)) }
            result.writeImmutableBuffer(edit.replacement)
            start = max(lower, min(edit.range.upperBound, end))
        }
        result.writeImmutableBuffer(document.bytes(start..<end))
        return result
    }

    /// By where they begin; at one place insertions come first, then what was asked for first.
    private var inOrder: [Edit] {
        let isInOrder = zip(edits, edits.dropFirst()).allSatisfy { $0.range.upperBound <= $1.range.lowerBound }
        guard !isInOrder else { return edits }
        return edits.enumerated().sorted { a, b in
            let (keyA, keyB) = (a.element.range, b.element.range)
            return (keyA.lowerBound, keyA.isEmpty ? 0 : 1, a.offset) < (keyB.lowerBound, keyB.isEmpty ? 0 : 1, b.offset)
        }.map(\.element)
    }
}
