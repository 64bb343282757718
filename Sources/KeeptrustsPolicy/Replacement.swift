/// What one policy wants to stand in the place of a piece of a text.
struct Replacement: Sendable, Equatable {
    var segment: Int
    var span: Range<Int>
    var text: String

    /// How sure it is that the piece must go, 0...1.
    var confidence = 1.0

    /// Redactions in the order of the texts.
    ///
    /// Those that overlap become one, with the text of the surest, and of several of these of the longest; what is
    /// inserted in the middle of one comes behind.
    static func merged(_ replacements: [Replacement]) -> [Redaction] {
        var merged: [Redaction] = []
        var strongest = (confidence: 0.0, length: 0)
        let ordered = replacements.sorted { a, b in
            (a.segment, a.span.lowerBound, a.span.isEmpty ? 0 : 1, b.span.upperBound)
                < (b.segment, b.span.lowerBound, b.span.isEmpty ? 0 : 1, a.span.upperBound)
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
            if next.span.isEmpty {
                merged[index].replacement += next.text
            } else if (next.confidence, next.span.count) > strongest {
                merged[index].replacement = next.text
                strongest = (next.confidence, next.span.count)
            }
        }
        return merged
    }
}
