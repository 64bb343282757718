/// A part of a text that can hold a match of a pattern.
public struct PatternRegion: Sendable, Equatable {
    public var pattern: Int
    public var span: Range<Int>
}

extension [PatternRegion] {
    /// The parts of a text that can hold a match of `pattern`, in order and apart from each other; all of it, when no part
    /// is known.
    func spans(of pattern: Int, textCount: Int) -> [Range<Int>] {
        var spans: [Range<Int>] = []
        for region in self where region.pattern == pattern { spans.append(region.span) }
        guard spans.count > 1 else { return spans.isEmpty ? [0..<textCount] : spans }
        spans.sort { $0.lowerBound < $1.lowerBound }
        var apart = [spans[0]]
        for span in spans.dropFirst() {
            let last = apart[apart.count - 1]
            if span.lowerBound <= last.upperBound {
                apart[apart.count - 1] = last.lowerBound..<Swift.max(last.upperBound, span.upperBound)
            } else {
                apart.append(span)
            }
        }
        return apart
    }
}
