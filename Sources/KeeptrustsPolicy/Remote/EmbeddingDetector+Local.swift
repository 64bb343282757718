import KeeptrustsCore
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
            for place in examination.places(in: segment, near: local, atLeast: threshold) {
                let whole = examination.segments[segment].text.withUnsafeReadableBytes {
                    $0.sentences(around: place.span)
                }
                note(place.reference, place.score, segment, findingAt: place.span, taking: whole, &opinion)
            }
        }
        return opinion
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
