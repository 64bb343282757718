/// What one policy wants to stand in the place of a piece of a text.
struct Replacement: Sendable, Equatable {
    var segment: Int
    var span: Range<Int>
    var text: String

    /// How sure it is that the piece must go, 0...1.
    var confidence = 1.0

    /// Redactions in the order of the texts.
    ///
    /// Those that overlap become one, with the text of the surest, and of several of these of the longest.
    static func merged(_ replacements: [Replacement]) -> [Redaction] {
        var merged: [Redaction] = []
        var strongest = (confidence: 0.0, length: 0)
        let ordered = replacements.sorted {
            ($0.segment, $0.span.lowerBound, $1.span.upperBound) < ($1.segment, $1.span.lowerBound, $0.span.upperBound)
        }
        for next in ordered {
            guard let last = merged.last, last.segment == next.segment, next.span.lowerBound < last.span.upperBound
            else {
                merged.append(Redaction(segment: next.segment, span: next.span, replacement: next.text))
                strongest = (next.confidence, next.span.count)
                continue
            }
            let index = merged.count - 1
            merged[index].span = last.span.lowerBound..<max(last.span.upperBound, next.span.upperBound)
            if (next.confidence, next.span.count) > strongest {
                merged[index].replacement = next.text
                strongest = (next.confidence, next.span.count)
            }
        }
        return merged
    }
}
