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
    ///
    /// The regions stand in the order of their patterns.
    func parts(of pattern: Int, textCount: Int) -> [PatternRegion] {
        let first = firstIndex(of: pattern)
        var end = first
        while end < count, self[end].pattern == pattern { end += 1 }
        guard first < end else { return [PatternRegion(pattern: pattern, span: 0..<textCount, latest: textCount)] }
        guard end - first > 1 else { return [self[first]] }
        var apart: [PatternRegion] = []
        for part in self[first..<end].sorted(by: { $0.span.lowerBound < $1.span.lowerBound }) {
            if let last = apart.last, part.span.lowerBound <= last.span.upperBound {
                apart[apart.count - 1].widen(by: part)
            } else {
                apart.append(part)
            }
        }
        return apart
    }

    private func firstIndex(of pattern: Int) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].pattern < pattern { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// A part of a text that is searched: where matches may begin, and where the text ends as far as they see it.
struct SearchPart: Equatable {
    var starts: Range<Int>
    var end: Int

    /// Bytes that a pattern looks at beyond what it matches, that its validator does, and words before a match.
    static let surroundings = 160

    /// Bytes behind a region that a pattern looks at.
    private static let lookAhead = 16

    /// Bytes behind a match that may decide on it: a validator looks at fewer than a pattern does.
    private static let ahead = 2 * lookAhead

    /// The parts in which matches of a pattern are looked for.
    ///
    /// - Parameters:
    ///   - regions: Where matches can stand, in order and apart from each other.
    ///   - places: Lists of places, of each of which a match must stand near to one.
    ///   - starts: The parts in which matches must begin, in order and apart from each other; nil for all.
    ///   - longest: Bytes that a match has at most; nil without a bound, so that no place is near enough.
    /// - Returns: The parts, in order.
    static func all(
        in regions: [PatternRegion], near places: [[Range<Int>]], startingIn starts: [Range<Int>]?, longest: Int?
    ) -> [SearchPart] {
        let parts = regions.map { region in
            let first = region.span.lowerBound
            return SearchPart(
                starts: first..<max(first, region.latest + 1), end: region.span.upperBound + lookAhead)
        }
        guard let longest else { return parts }
        let near = places.reduce(parts) { parts, places in
            let starts = places.joinedWhereTheyTouch(before: longest + ahead, behind: surroundings)
            return within(starts, parts, longest: longest)
        }
        return starts.map { within($0, near, longest: longest) } ?? near
    }

    /// Of some parts, what begins in `starts`.
    private static func within(_ starts: [Range<Int>], _ parts: [SearchPart], longest: Int) -> [SearchPart] {
        var wanted: [SearchPart] = []
        var first = 0
        for part in parts {
            while first < starts.count, starts[first].upperBound <= part.starts.lowerBound { first += 1 }
            var next = first
            while next < starts.count, starts[next].lowerBound < part.starts.upperBound {
                let end = min(part.end, starts[next].upperBound + longest + surroundings)
                wanted.append(SearchPart(starts: starts[next].clamped(to: part.starts), end: end))
                next += 1
            }
        }
        return wanted
    }
}

extension [Range<Int>] {
    /// The same places, which are in order, with so many bytes more on both sides, as ranges of which none touches another.
    func joinedWhereTheyTouch(before: Int, behind: Int) -> [Range<Int>] {
        var apart: [Range<Int>] = []
        for place in self {
            let span = Swift.max(0, place.lowerBound - before)..<place.upperBound + behind
            if let last = apart.last, span.lowerBound <= last.upperBound {
                apart[apart.count - 1] = last.lowerBound..<Swift.max(last.upperBound, span.upperBound)
            } else {
                apart.append(span)
            }
        }
        return apart
    }
}
