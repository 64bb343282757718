import KeeptrustsCore
import KeeptrustsPolicy
import KeeptrustsWire
public import NIOCore

/// A text that ``BenchReport`` measures policies on.
public struct BenchText: Sendable {
    public var name: String
    public var bytes: ByteBuffer

    /// The same text as the events of a streamed answer; empty when streams are not measured.
    var pieces: [ByteBuffer]

    /// What a policy may know apart from the text.
    let facts: ExchangeFacts

    /// Where the text stands, and the other texts that come with it.
    private let placed: [Segment]

    /// A text of a user; as a stream, four words are an event.
    public init(name: String, bytes: ByteBuffer) {
        self.name = name
        self.bytes = bytes
        pieces = bytes.pieces(ofWords: 4)
        facts = ExchangeFacts()
        placed = [Segment(bytes, role: .user, phase: .request)]
    }

    /// A row as `kt policy scan` reads it; as a stream, its chunks are the events.
    public init(_ row: TextRow) {
        name = String(decoding: row.id.unquoted.readableBytesView, as: UTF8.self)
        bytes = row.segments[row.main].text
        pieces = row.pieces
        facts = row.facts
        placed = row.segments
    }

    /// The texts where they stand; for a chain that judges none of them there, the first place where it does.
    func segments(for chain: PolicyChain) -> [Segment] {
        guard !placed.contains(where: { chain.runs(on: $0.phase) }) else { return placed }
        let phase = Phase.allCases.first { chain.runs(on: $0) } ?? .request
        return [Segment(bytes, role: phase.usualRole, phase: phase, choice: phase.onlyChoice)]
    }

    /// Ordinary prose of 1 and of 10 KB in which nothing is to be found.
    public static let builtIn = [
        BenchText(name: "1 KB", bytes: prose(1_000)), BenchText(name: "10 KB", bytes: prose(10_000)),
    ]
}

extension ByteBuffer {
    /// A JSON string's text, or a number as it is written.
    fileprivate var unquoted: ByteBuffer {
        guard readableBytesView.first == UInt8(ascii: "\"") else { return self }
        return Unescaped(self, token: 0..<readableBytes, hasEscapes: true).text
    }

    /// The text cut behind every so many words, each piece with the spaces behind it.
    fileprivate func pieces(ofWords count: Int) -> [ByteBuffer] {
        var pieces: [ByteBuffer] = []
        var (rest, words) = (self, 0)
        var length = 0
        for byte in readableBytesView {
            length += 1
            guard byte == UInt8(ascii: " ") else { continue }
            words += 1
            guard words.isMultiple(of: count), let piece = rest.readSlice(length: length) else { continue }
            pieces.append(piece)
            length = 0
        }
        return rest.readableBytes > 0 ? pieces + [rest] : pieces
    }
}

/// Sentences of everyday office life, repeated up to a size.
private func prose(_ size: Int) -> ByteBuffer {
    let sentences = [
        "The delivery to the branch in the old town was late again, and the customer asked us for a written answer.",
        "Please read the notes of the meeting and write down which of the open points we can settle this week.",
        "Our new colleague will take over the monthly figures, so let us show her how the tables are put together.",
        "The second draft of the brochure is better, but the part about opening hours still needs shorter sentences.",
        "Could you compare the two offers for the lift repair and tell me where they differ in price and in duration?",
        "I would like the summary in plain words, with one example for each of the three rules, and without tables.",
    ]
    var text = ByteBuffer()
    var index = 0
    while text.readableBytes < size {
        text.writeString(sentences[index % sentences.count] + (index % 5 == 4 ? "\n\n" : " "))
        index += 1
    }
    return text.getSlice(at: text.readerIndex, length: size) ?? text
}
