import NIOCore

extension ByteBuffer {
    /// The sentences of the text that hold these places, in order and each once; sentences side by side are one span.
    ///
    /// A sentence ends with a line, or behind `.`, `!` or `?` and quote marks, where white space follows.
    ///
    /// - Parameter spans: Places in the text (byte offsets), in any order.
    /// - Returns: Spans that overlap nowhere, without the white space between sentences.
    func sentences(around spans: [Range<Int>]) -> [Range<Int>] {
        withUnsafeReadableBytes { text in
            var sentences: [Range<Int>] = []
            for span in spans.sorted(by: { $0.lowerBound < $1.lowerBound }) {
                if let last = sentences.last, span.upperBound <= last.upperBound { continue }
                let floor = sentences.last?.upperBound ?? 0
                let start = text.beginOfSentence(holding: span.lowerBound, notBefore: floor)
                let end = text.endOfSentence(holding: max(span.upperBound, start + 1))
                if let last = sentences.last, text.isGap(last.upperBound..<start) {
                    sentences[sentences.count - 1] = last.lowerBound..<end
                } else {
                    sentences.append(start..<end)
                }
            }
            return sentences
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether nothing stands there, or nothing but spaces.
    fileprivate func isGap(_ range: Range<Int>) -> Bool { self[range].allSatisfy { $0 == 0x20 } }

    private static let marks: Set<UInt8> = [0x2E, 0x21, 0x3F]
    private static let markers: Set<UInt8> = [0x2D, 0x2A, 0x3E, 0x23]
    private static let closers: Set<UInt8> = [0x22, 0x27, 0x29, 0x5D, 0x2A, 0x5F]

    fileprivate func beginOfSentence(holding place: Int, notBefore floor: Int) -> Int {
        var start = Swift.max(floor, Swift.min(place, count))
        while start > floor, !isBoundary(before: start) { start -= 1 }
        while start < place, self[start] <= 0x20 || isMarker(start) { start += 1 }
        return start
    }

    /// Whether a mark of a list, a quotation or a heading stands here, in front of a sentence.
    private func isMarker(_ place: Int) -> Bool {
        guard Self.markers.contains(self[place]), place + 1 < count else { return false }
        return self[place + 1] == 0x20 || self[place + 1] == self[place]
    }

    fileprivate func endOfSentence(holding place: Int) -> Int {
        var end = Swift.min(place, count)
        while end < count, self[end] != 0x0A, !endsSentence(at: end) { end += 1 }
        return end
    }

    /// Whether a sentence may begin here.
    private func isBoundary(before place: Int) -> Bool {
        self[place - 1] == 0x0A || self[place - 1] <= 0x20 && endsSentence(at: place - 1)
    }

    /// Whether what stands before `place`, where white space stands, ends a sentence.
    private func endsSentence(at place: Int) -> Bool {
        guard self[place] <= 0x20 else { return false }
        var last = place - 1
        while last > 0, Self.closers.contains(self[last]) { last -= 1 }
        return last >= 0 && Self.marks.contains(self[last])
    }
}
