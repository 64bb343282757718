import KeeptrustsCore
import KeeptrustsDialects
import NIOCore

/// Names, such as ids and words of a closed set, that a streamed answer has at places without a channel.
///
/// Many servers repeat one with every event. One that is not repeated as it was may be a text that comes in pieces.
struct StreamedLabels {
    private struct Place: Hashable {
        var choice: Int
        var channel: KeeptrustsDialects.Channel
    }

    private struct Label {
        var last: ByteBuffer

        /// What was sent there, its end where it is long.
        var all: ByteBuffer

        /// It is no more than a name by itself.
        var isPlain: Bool

        /// It has gone on, so that whatever follows goes on, too.
        var isCut = false
    }

    private var labels: [Place: Label] = [:]

    /// Places that are watched; more are not taken for names.
    private static let limit = 256

    /// Bytes that are kept of what was sent at a place.
    private static let mostKept = 256

    /// What is known of a name at its place.
    enum Sighting { case new, repeated, changed }

    /// Takes a string; false when it is no name, or another than the one that stood there before.
    mutating func take(_ delta: AnswerText) -> Bool {
        let text = delta.text.segment.text
        let place = Place(choice: delta.choice, channel: delta.channel)
        if let known = labels[place] { return known.last == text }
        guard labels.count < Self.limit, delta.isLabel else { return false }
        labels[place] = Label(last: text, all: text, isPlain: true)
        return true
    }

    /// Takes a string at the place of a name; `.changed` when it may go on with what stood there before.
    mutating func take(_ name: AnswerName) -> Sighting {
        let text = name.text.text.segment.text
        let place = Place(choice: name.text.choice, channel: name.text.channel)
        guard let known = labels[place] else {
            guard labels.count < Self.limit else { return .changed }
            labels[place] = Label(last: text, all: text, isPlain: name.isPlain)
            return .new
        }
        guard known.last != text || known.isCut else { return .repeated }
        guard name.mayChange, known.isPlain, !known.isCut else {
            labels[place]?.isCut = true
            return .changed
        }
        var all = ByteBuffer()
        if name.text.choice >= 0 { all.writeImmutableBuffer(known.all) }
        all.writeImmutableBuffer(text)
        all.moveReaderIndex(forwardBy: max(0, all.readableBytes - Self.mostKept))
        labels[place] = Label(last: text, all: all, isPlain: true)
        return .new
    }

    /// What was sent at the place of a string; nil for nothing.
    subscript(delta: AnswerText) -> ByteBuffer? {
        labels.isEmpty ? nil : labels[Place(choice: delta.choice, channel: delta.channel)]?.all
    }
}
