public import NIOCore

/// Takes pieces out of a text that may be JSON, so that JSON stays JSON.
///
/// Within a string only its content changes. A number, or another value outside strings, becomes a string. What gives a
/// document its form stays, and so does a key that is only the beginning of what is taken out; white space between values
/// stays too. Text that is no JSON changes as it is. Goes through the text once.
public struct JSONRedactor: Sendable {
    private let start: JSONStart

    /// What is to be taken out, in order.
    private var cuts: [JSONCut] = []
    private var made = 0

    public init(_ start: JSONStart = .text) { self.start = start }

    /// Takes out `range` of the text (byte offsets from its beginning).
    ///
    /// Those that overlap become one, with the replacement of the longest.
    public mutating func cut(_ range: Range<Int>, for replacement: String) {
        guard !range.isEmpty else { return }
        var cut = JSONCut(range: range, replacement: replacement, number: made)
        made += 1
        var place = cuts.count
        while place > 0, cuts[place - 1].range.upperBound > cut.range.lowerBound {
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

    /// The changes that the cuts make in a whole text, in order.
    public func edits(of text: ByteBuffer) -> [JSONEdit] {
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
