import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import KeeptrustsWire
import NIOCore

/// Puts into an answer what the markers of its request stand for, once every policy has judged it.
///
/// Only what models say, and what they call tools with: ids, names and fields that nobody knows keep their markers.
struct AnswerUnmasking {
    private struct Key: Hashable {
        var choice: Int
        var channel: KeeptrustsDialects.Channel
    }

    private struct Text {
        var key: Key
        var unmasking: TextUnmasking
    }

    private let table: MarkerTable

    /// Bytes that may still be put in.
    private var room: Int

    /// The texts of a streamed answer, in the order in which they began.
    private var texts: [Text] = []
    private var places: [Key: Int] = [:]

    /// - Parameters:
    ///   - table: The markers.
    ///   - room: Bytes that may be put into the whole answer; markers beyond stay.
    init(_ table: MarkerTable, room: Int) {
        self.table = table
        self.room = room
    }

    /// Takes the next piece of a streamed text; gives what may be sent.
    mutating func push(
        _ piece: ByteBuffer, of choice: Int, _ channel: KeeptrustsDialects.Channel, isLast: Bool
    ) -> ByteBuffer {
        guard channel.isNamed else { return piece }
        let key = Key(choice: choice, channel: channel)
        let place = places[key] ?? begin(key)
        return texts[place].unmasking.push(piece, isLast: isLast, table, &room)
    }

    private mutating func begin(_ key: Key) -> Int {
        places[key] = texts.count
        texts.append(Text(key: key, unmasking: TextUnmasking(quotesBare: key.channel.isToolCall)))
        return texts.count - 1
    }

    /// Ends the streamed texts of a choice.
    ///
    /// - Parameters:
    ///   - choice: The choice; nil for all.
    ///   - deltas: Texts that do not end yet.
    ///   - write: Takes what was held back of a text.
    mutating func end(
        _ choice: Int?, except deltas: [AnswerText], _ write: (ByteBuffer, Int, KeeptrustsDialects.Channel) -> Void
    ) {
        for place in texts.indices where choice == nil || texts[place].key.choice == choice {
            let key = texts[place].key
            guard !deltas.contains(where: { $0.choice == key.choice && $0.channel == key.channel }) else { continue }
            let rest = texts[place].unmasking.end()
            if rest.readableBytes > 0 { write(rest, key.choice, key.channel) }
        }
    }

    /// The body of a whole answer.
    mutating func body(of answer: SurfaceAnswer) -> ByteBuffer {
        var edits = JSONEdits()
        var edited: Set<Int> = []
        for text in answer.texts where text.channel.isNamed && text.text.segment.standsAlone {
            let said = text.text.segment.text
            var unmasking = TextUnmasking(quotesBare: text.channel.isToolCall)
            let rest = unmasking.push(said, isLast: true, table, &room)
            guard rest != said else { continue }
            edits.replace(text.text.rawRange(of: 0..<said.readableBytes), with: text.text.bytes(saying: rest))
            edited.insert(text.choice)
        }
        // The log probabilities say the text once more.
        for token in answer.logprobs where edited.contains(token.choice) {
            edits.replace(token.range, with: ByteBuffer(string: "null"))
        }
        return edits.apply(to: answer.body)
    }
}

extension Segment {
    /// Whether it is neither a piece of another text nor put together of others.
    fileprivate var standsAlone: Bool { tool?.part != .fragment && !isJoined }
}

extension KeeptrustsDialects.Channel {
    /// Whether it is a text that a model says.
    fileprivate var isNamed: Bool { self != .other && !isField && !isLogprobs }
}
