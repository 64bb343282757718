import KeeptrustsCore
import NIOCore

/// The texts of one message put together, so that what is spread over them is found.
enum JoinedTexts {
    /// Puts texts together as models read them: one behind the other and, where two words meet, on lines of their own, too.
    ///
    /// - Parameter parts: Texts of one message that are content of strings of the body, in their order.
    /// - Returns: What is to be judged beside the parts; nothing when there are fewer than two.
    static func of(_ parts: [LocatedText]) -> [LocatedText] {
        guard parts.count > 1 else { return [] }
        let joined = LocatedText(parts: parts, linesBetweenWords: false)
        let meets = zip(parts, parts.dropFirst()).contains { $0.segment.text.meets($1.segment.text) }
        return meets ? [joined, LocatedText(parts: parts, linesBetweenWords: true)] : [joined]
    }
}

/// The texts that a text was put together of, and where each begins in it.
struct TextParts: Sendable {
    /// A part of a span: in which text, and where in that.
    typealias Piece = (text: LocatedText, span: Range<Int>)

    private(set) var text = ByteBuffer()
    private var parts: [(start: Int, text: LocatedText)] = []

    var last: LocatedText? { parts.last?.text }

    init(_ texts: [LocatedText], linesBetweenWords: Bool, separator: StaticString = "") {
        text.reserveCapacity(texts.reduce(texts.count) { $0 + $1.segment.text.readableBytes })
        for part in texts {
            if !parts.isEmpty { text.writeStaticString(separator) }
            if linesBetweenWords, text.meets(part.segment.text) { text.writeStaticString("\n") }
            parts.append((text.readableBytes, part))
            text.writeImmutableBuffer(part.segment.text)
        }
    }

    /// The parts that a span of the whole touches, in their order.
    func pieces(of span: Range<Int>) -> [Piece] {
        var (low, high) = (0, parts.count)
        while low < high {
            let middle = (low + high) / 2
            if parts[middle].start <= span.lowerBound { low = middle + 1 } else { high = middle }
        }
        return parts[max(0, low - 1)...].prefix { $0.start < span.upperBound }.compactMap { start, text in
            let own = span.clamped(to: start..<start + text.segment.text.readableBytes)
            return own.isEmpty ? nil : (text, own.lowerBound - start..<own.upperBound - start)
        }
    }
}

extension ByteBuffer {
    /// Whether a word ends here and another begins in `next`, so that nothing stands between the two.
    fileprivate func meets(_ next: ByteBuffer) -> Bool {
        guard let last = readableBytesView.last, let first = next.readableBytesView.first else { return false }
        return last.isOfWord && first.isOfWord
    }
}

extension UInt8 {
    /// Whether it is a letter, a digit, or part of a character that is not ASCII.
    fileprivate var isOfWord: Bool { self >= 0x80 || self &- 0x30 < 10 || (self | 0x20) &- 0x61 < 26 }
}
