import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// A text is longer than is compared with references here: the policy fails.
private struct TextTooLong: Error {}

// The backend `local`.
extension EmbeddingDetector {
    /// The longest text that is compared (bytes).
    private static let mostLocalBytes = 1 << 18

    var examines: Bool { local != nil }

    func examine(_ examination: Examination) throws -> Opinion {
        var opinion = Opinion()
        guard let local else { return opinion }
        for segment in examination.own where examination.length(of: segment) > 0 {
            guard examination.length(of: segment) <= Self.mostLocalBytes else { throw TextTooLong() }
            for place in places(in: segment, near: local, examination) {
                let whole = examination.segments[segment].text.withUnsafeReadableBytes {
                    $0.sentences(around: place.span)
                }
                note(place.reference, place.score, segment, findingAt: place.span, taking: whole, &opinion)
            }
        }
        return opinion
    }

    /// The places of a text that are near a reference, as it was sent and in other ways; those that overlap are one.
    private func places(
        in segment: Int, near references: ReferenceTexts, _ examination: Examination
    ) -> [ReferenceTexts.Nearness] {
        var places: [ReferenceTexts.Nearness] = []
        examination.read(segment, [.folded, .lookalike]) { text, view in
            references.eachNear(in: text, atLeast: threshold) { found in
                var place = found
                if let view { place.span = view.original(found.span) }
                places.join(place)
            }
        }
        let ordered = places.sorted { $0.span.lowerBound < $1.span.lowerBound }
        return ordered.reduce(into: []) { $0.join($1) }
    }
}

extension [ReferenceTexts.Nearness] {
    /// Appends a place, or makes it one with the last, where the nearer reference counts.
    fileprivate mutating func join(_ place: Element) {
        guard var last, last.span.overlaps(place.span) else { return append(place) }
        let start = Swift.min(last.span.lowerBound, place.span.lowerBound)
        let end = Swift.max(last.span.upperBound, place.span.upperBound)
        if place.score > last.score { last = place }
        last.span = start..<end
        self[count - 1] = last
    }
}

extension UnsafeRawBufferPointer {
    /// The sentences, or lines, that a place is part of.
    fileprivate func sentences(around span: Range<Int>) -> Range<Int> {
        let marks = Set(".!?\n".utf8)
        let before = self[..<span.lowerBound].lastIndex(where: marks.contains).map { $0 + 1 } ?? 0
        let end = self[span.upperBound...].firstIndex(where: marks.contains) ?? count
        // What parts this sentence from the one before stays.
        let start = self[before..<span.lowerBound].firstIndex { $0 > 0x20 } ?? span.lowerBound
        return start..<Swift.min(end + 1, count)
    }
}
