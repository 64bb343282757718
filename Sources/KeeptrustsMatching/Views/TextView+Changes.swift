extension TextView {
    /// Whether it says what the text says, so that another look at it shows nothing new.
    public func isSame(as text: UnsafeRawBufferPointer) -> Bool {
        bytes.count == text.count && bytes.withUnsafeBytes { $0.isSame(as: text) }
    }

    /// Whether its length is near to another, as that of a text is which says mostly the same.
    public func isAbout(asLongAs count: Int) -> Bool { abs(bytes.count - count) <= count / 8 }

    /// The parts of this view that are not the text as it was sent, byte by byte, in order.
    ///
    /// An empty part says that something of the text was left out there. Parts that are near to each other are one.
    ///
    /// - Parameter text: The text as it was sent.
    /// - Returns: Offsets in this view.
    public func changes(from text: UnsafeRawBufferPointer) -> [Range<Int>] {
        changes(
            from: text, { Origin(start: UInt32(clamping: $0), end: UInt32(clamping: $0 + 1)) },
            upTo: { next, start in max(next + 1, Int(start)) })
    }

    /// The same for another view of the text: what is not said there in the same words of the text as it was sent.
    public func changes(from other: TextView) -> [Range<Int>] {
        other.withBytes { bytes, origins in
            changes(from: bytes, { origins[$0] }, upTo: { next, _ in next + 1 })
        }
    }

    /// The parts that are not those of `other`, each byte of which stands for what `origin` says.
    ///
    /// Both are read side by side; where they part, the one goes on that is behind in the text as it was sent: `skip` may say
    /// how far, up to what stands for the given place of that.
    @inline(__always)
    private func changes(
        from other: UnsafeRawBufferPointer, _ origin: (Int) -> Origin, upTo skip: (Int, UInt32) -> Int
    ) -> [Range<Int>] {
        var changes: [Range<Int>] = []
        // The change that may go on; nothing, as long as there is none.
        var (lower, upper) = (-1, -1)
        withBytes { bytes, origins in
            var (place, next) = (0, 0)
            while place < bytes.count, next < other.count {
                let (own, theirs) = (origins[place], origin(next))
                if bytes[place] == other[next] {
                    if own == theirs {
                        (place, next) = (place + 1, next + 1)
                        continue
                    }
                    let length = bytes.lengthOfCharacter(at: place)
                    if length > 1, bytes.isSame(place, as: other, next, length), own.start == theirs.start,
                        origins[place + length - 1].end == origin(next + length - 1).end
                    {
                        (place, next) = (place + length, next + length)
                        continue
                    }
                }
                let isLeftOut = theirs.start < own.start
                if lower >= 0, place - upper > Self.nearness { changes.append(lower..<upper) }
                if lower < 0 || place - upper > Self.nearness { lower = place }
                upper = isLeftOut ? place : place + 1
                if isLeftOut {
                    next = skip(next, own.start)
                } else {
                    if theirs.start == own.start { next += 1 }
                    place += 1
                }
            }
            if lower >= 0 { changes.append(lower..<upper) }
            if place < bytes.count || next < other.count { changes.append(place..<bytes.count) }
        }
        return changes
    }

    /// Bytes between two parts that are taken for one, at most.
    private static let nearness = 16
}

extension UnsafeRawBufferPointer {
    /// How many bytes the character that begins at `place` has by its first one, as far as they are there; 1 where none
    /// begins.
    fileprivate func lengthOfCharacter(at place: Int) -> Int {
        let lead = self[place]
        return lead < 0xC0 ? 1 : Swift.min((~lead).leadingZeroBitCount, count - place)
    }

    /// Whether the bytes at `place` are those at another one of another text.
    fileprivate func isSame(_ place: Int, as other: Self, _ next: Int, _ length: Int) -> Bool {
        guard place + length <= count, next + length <= other.count else { return false }
        return (0..<length).allSatisfy { self[place + $0] == other[next + $0] }
    }
}
