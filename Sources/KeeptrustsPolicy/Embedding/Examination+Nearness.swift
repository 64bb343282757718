import KeeptrustsMatching

extension Examination {
    /// The longest piece of a text that is compared at once, and what two of them share (bytes).
    private static let mostBytes = 1 << 18
    private static let sharedBytes = 1 << 13

    /// The places of a text that are near a reference, as it was sent and with letters that look like others as these.
    ///
    /// - Parameters:
    ///   - segment: Which of the texts.
    ///   - references: What it is compared with.
    ///   - threshold: The least cosine, above 0.
    /// - Returns: The places in their order; those that overlap are one.
    func places(
        in segment: Int, near references: ReferenceTexts, atLeast threshold: Double
    ) -> [ReferenceTexts.Nearness] {
        var places: [ReferenceTexts.Nearness] = []
        read(segment, [.folded, .lookalike]) { text, view in
            var start = 0
            repeat {
                let piece = UnsafeRawBufferPointer(rebasing: text[start..<min(start + Self.mostBytes, text.count)])
                references.eachNear(in: piece, atLeast: threshold) { found in
                    var place = found
                    place.span = start + found.span.lowerBound..<start + found.span.upperBound
                    if let view { place.span = view.original(place.span) }
                    places.append(place)
                }
                start += Self.mostBytes - Self.sharedBytes
            } while start + Self.sharedBytes < text.count
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
