public import NIOCore

/// Takes pieces out of a text that may be JSON, so that JSON stays JSON.
///
/// Within a string only its content changes. A number, or another value outside strings, becomes a string. What gives a
/// document its form stays, and so does a key that is only the beginning of what is taken out; white space between values
/// stays too. Text that is no JSON changes as it is. Goes through the text once.
public struct JSONRedactor: Sendable {
    private let start: JSONStart

    /// What is to be taken out, as it was asked for.
    private var cuts: [JSONCut] = []

    public init(_ start: JSONStart = .text) { self.start = start }

    /// Takes out `range` of the text (byte offsets from its beginning).
    ///
    /// Those that overlap become one, with the replacement of the longest.
    public mutating func cut(_ range: Range<Int>, for replacement: String) {
        guard !range.isEmpty else { return }
        cuts.append(JSONCut(range: range, replacement: replacement, number: cuts.count))
    }

    /// The changes that the cuts make in a whole text, in order.
    public func edits(of text: ByteBuffer) -> [JSONEdit] {
        let cuts = JSONCut.merged(cuts)
        var nested = NestedText(start)
        var cutting = JSONCutting()
        var next = 0
        text.withUnsafeReadableBytes { bytes in
            nested.read(bytes) { stretch in
                while next < cuts.count, cuts[next].range.upperBound <= stretch.raw.lowerBound { next += 1 }
                cutting.take(stretch, of: bytes, cuts, next)
            }
        }
        return cutting.finished()
    }
}
