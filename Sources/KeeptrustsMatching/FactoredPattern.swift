/// A part of a text that can hold a match of a pattern.
public struct PatternRegion: Sendable, Equatable {
    public var pattern: Int
    public var span: Range<Int>

    /// A match can begin only where the part begins.
    public var beginsAtStart: Bool
}

/// A pattern that may match where a text holds one word of each group, near enough to each other.
struct FactoredPattern: Sendable {
    var pattern: Int
    var gate: Gate

    /// The longest match in bytes; nil without a bound.
    var longest: Int?

    /// The words of each group, as bits of what a scan notes.
    var groups: [Words]

    /// The words of which every match begins with one, with their lengths in bytes, by their numbers.
    var leading: [UInt32: Int]
    var leadingWords: Words

    typealias Words = [(word: Int, mask: UInt64)]

    /// Notes in `scratch` whether and where the pattern may match the text last scanned.
    @inline(__always)
    func note(in scratch: PatternScratch, textCount: Int) {
        let bits = scratch.hits
        for group in groups where !Self.holdsAny(of: group, bits) { return }
        if !leading.isEmpty, !Self.holdsAny(of: leadingWords, bits) { return }
        guard let longest, !scratch.sightings.pointee.isFull else { return hit(0..<textCount, scratch) }
        let places = scratch.sightings.pointee.ordered()
        if leading.isEmpty {
            noteRegions(places, longest, scratch, textCount)
        } else {
            noteBeginnings(places, longest, scratch, textCount)
        }
    }

    @inline(__always)
    private static func holdsAny(of group: Words, _ bits: UnsafeMutablePointer<UInt64>) -> Bool {
        var any: UInt64 = 0
        for (word, mask) in group { any |= bits[word] & mask }
        return any != 0
    }

    /// Notes each leading word that words of all groups follow before the longest match would end.
    private func noteBeginnings(
        _ places: UnsafeBufferPointer<Sightings.Place>, _ longest: Int, _ scratch: PatternScratch, _ textCount: Int
    ) {
        let before = scratch.regions.count
        for (index, place) in places.enumerated() {
            guard let length = leading[place.word] else { continue }
            let start = Int(place.end) - length
            let end = min(textCount, start + longest)
            var missing = (1 << groups.count) - 1
            // Words inside the leading one count too.
            var next = index
            while next > 0, Int(places[next - 1].end) > start { next -= 1 }
            while missing != 0, next < places.count, Int(places[next].end) <= end {
                for group in groups.indices where missing & 1 << group != 0 && holds(group, places[next].word) {
                    missing &= ~(1 << group)
                }
                next += 1
            }
            guard missing == 0 else { continue }
            hit(start..<end, beginsAtStart: true, scratch)
        }
        // A word may end with another one, which begins later.
        if scratch.regions.count > before + 1 {
            scratch.regions[before...].sort { $0.span.lowerBound < $1.span.lowerBound }
        }
    }

    /// Notes the parts in which words of all groups stand no farther apart than the longest match.
    private func noteRegions(
        _ places: UnsafeBufferPointer<Sightings.Place>, _ longest: Int, _ scratch: PatternScratch, _ textCount: Int
    ) {
        var latest = (-longest - 1, -longest - 1, -longest - 1)
        var region: Range<Int>?
        for place in places {
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

    private func hit(_ span: Range<Int>, beginsAtStart: Bool = false, _ scratch: PatternScratch) {
        scratch.hits[pattern / 64] |= 1 << UInt64(pattern % 64)
        scratch.regions.append(PatternRegion(pattern: pattern, span: span, beginsAtStart: beginsAtStart))
    }
}
