/// A part of a text that can hold a match of a pattern.
public struct PatternRegion: Sendable, Equatable {
    public var pattern: Int
    public var span: Range<Int>

    /// No match that the region stands for begins behind this.
    public var latest: Int

    /// Takes in another region of the pattern, and what stands between the two.
    mutating func widen(by other: Self) {
        span = min(span.lowerBound, other.span.lowerBound)..<max(span.upperBound, other.span.upperBound)
        latest = max(latest, other.latest)
    }
}

extension [PatternRegion] {
    /// The parts of a text that can hold a match of `pattern`, in order and apart from each other; all of it, when no part
    /// is known.
    func parts(of pattern: Int, textCount: Int) -> [PatternRegion] {
        var parts: [PatternRegion] = []
        for region in self where region.pattern == pattern { parts.append(region) }
        guard !parts.isEmpty else { return [PatternRegion(pattern: pattern, span: 0..<textCount, latest: textCount)] }
        guard parts.count > 1 else { return parts }
        parts.sort { $0.span.lowerBound < $1.span.lowerBound }
        var apart = [parts[0]]
        for part in parts.dropFirst() {
            if part.span.lowerBound <= apart[apart.count - 1].span.upperBound {
                apart[apart.count - 1].widen(by: part)
            } else {
                apart.append(part)
            }
        }
        return apart
    }
}
