/// A part of a text that can hold a match of a pattern.
public struct PatternRegion: Sendable, Equatable {
    public var pattern: Int
    public var span: Range<Int>
}

/// A pattern that may match where a text holds one word of each group, near enough to each other.
struct FactoredPattern: Sendable {
    var pattern: Int
    var gate: Gate

    /// The longest match in bytes; nil without a bound.
    var longest: Int?

    /// The words of each group, as bits of what a scan notes.
    var groups: [[(word: Int, mask: UInt64)]]

    /// Notes in `scratch` whether and where the pattern may match the text last scanned.
    @inline(__always)
    func note(in scratch: PatternScratch, textCount: Int) {
        let bits = scratch.hits
        for group in groups {
            var any: UInt64 = 0
            for (word, mask) in group { any |= bits[word] & mask }
            if any == 0 { return }
        }
        noteRegions(in: scratch, textCount: textCount)
    }

    private func noteRegions(in scratch: PatternScratch, textCount: Int) {
        guard let longest, !scratch.sightings.pointee.isFull else { return hit(0..<textCount, scratch) }
        var latest = (-longest - 1, -longest - 1, -longest - 1)
        var region: Range<Int>?
        for place in scratch.sightings.pointee.ordered() {
            let end = Int(place.end)
            if holds(0, place.word) { latest.0 = end }
            if groups.count > 1, holds(1, place.word) { latest.1 = end }
            if groups.count > 2, holds(2, place.word) { latest.2 = end }
            let first = min(latest.0, groups.count > 1 ? latest.1 : end, groups.count > 2 ? latest.2 : end)
            guard end - first <= longest else { continue }
            let near = max(0, end - longest)..<min(textCount, first + longest)
            guard let open = region else {
                region = near
                continue
            }
            if near.lowerBound <= open.upperBound {
                region = open.lowerBound..<max(open.upperBound, near.upperBound)
            } else {
                hit(open, scratch)
                region = near
            }
        }
        if let region { hit(region, scratch) }
    }

    private func holds(_ group: Int, _ word: UInt32) -> Bool {
        groups[group].contains { $0.word == Int(word >> 6) && $0.mask & 1 << UInt64(word & 63) != 0 }
    }

    private func hit(_ span: Range<Int>, _ scratch: PatternScratch) {
        scratch.hits[pattern / 64] |= 1 << UInt64(pattern % 64)
        scratch.regions.append(PatternRegion(pattern: pattern, span: span))
    }
}
