extension TextView {
    /// Whether it says what the text says, so that another look at it shows nothing new.
    public func isSame(as text: UnsafeRawBufferPointer) -> Bool {
        bytes.count == text.count && bytes.withUnsafeBytes { $0.isSame(as: text) }
    }

    /// The parts of this view that are not the text as it was sent, byte by byte, in order.
    ///
    /// An empty part says that something of the text was left out there. Parts that are near to each other are one.
    ///
    /// - Parameter text: The text as it was sent.
    /// - Returns: Offsets in this view.
    public func changes(from text: UnsafeRawBufferPointer) -> [Range<Int>] {
        var changes: [Range<Int>] = []
        var (place, next) = (0, 0)
        while place < bytes.count {
            let origin = original(place..<place + 1)
            let end = place + origin.count
            let isKept =
                !origin.isEmpty && end <= bytes.count && origin.upperBound <= text.count
                && zip(place..<end, origin).allSatisfy { bytes[$0] == text[$1] && original($0..<$0 + 1) == origin }
            if isKept, origin.lowerBound == next {
                place = end
            } else {
                Self.add(place..<(isKept ? place : place + 1), to: &changes)
                place = isKept ? end : place + 1
            }
            next = origin.upperBound
        }
        if next < text.count { Self.add(bytes.count..<bytes.count, to: &changes) }
        return changes
    }

    /// Bytes between two parts that are taken for one, at most.
    private static let nearness = 16

    private static func add(_ change: Range<Int>, to changes: inout [Range<Int>]) {
        guard let last = changes.last, change.lowerBound - last.upperBound <= nearness else {
            return changes.append(change)
        }
        changes[changes.count - 1] = last.lowerBound..<max(last.upperBound, change.upperBound)
    }
}
