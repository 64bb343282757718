extension Confirmer {
    /// Searches for the first match that begins at or after `start`, and no later than at `latest`.
    ///
    /// A pattern with an anchor is tried only shortly before each place where the anchor stands.
    func next(
        in text: UnsafeRawBufferPointer, from start: Int, upTo latest: Int, isNarrow: Bool = false,
        _ memory: MatchMemory
    ) throws(MatchFailure) -> (whole: Range<Int>, found: Range<Int>)? {
        guard let (byte, reach, before) = anchor else {
            return try find(text, from: start, limit: latest < text.count ? latest : nil, isNarrow, memory)
        }
        var first = start
        var place = text.firstIndex(of: byte, from: start)
        while let anchor = place {
            let least = max(first, anchor - reach)
            first = anchor
            while first > least, before.contains(text[first - 1]) { first -= 1 }
            first = text.beginOfCharacter(atOrAfter: first)
            let limit = min(anchor, latest)
            if first <= limit, let match = try find(text, from: first, limit: limit, isNarrow, memory) { return match }
            place = text.firstIndex(of: byte, from: anchor + 1)
        }
        return nil
    }

    private func find(
        _ text: UnsafeRawBufferPointer, from start: Int, limit: Int?, _ isNarrow: Bool, _ memory: MatchMemory
    ) throws(MatchFailure) -> (whole: Range<Int>, found: Range<Int>)? {
        switch try search(text, from: start, limit: limit, isOpen: false, isNarrow: isNarrow, memory) {
        case .match(let whole, let found): (whole, found)
        case .none, .partial: nil
        }
    }
}
