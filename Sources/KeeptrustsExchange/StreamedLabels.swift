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

    private var labels: [Place: ByteBuffer] = [:]

    /// Places that are watched; more are not taken for names.
    private static let limit = 256

    /// Takes a string; false when it is no name, or another than the one that stood there before.
    mutating func take(_ delta: AnswerText) -> Bool {
        let text = delta.text.segment.text
        let place = Place(choice: delta.choice, channel: delta.channel)
        if let known = labels[place] { return known == text }
        guard labels.count < Self.limit, delta.isLabel else { return false }
        labels[place] = text
        return true
    }

    /// What was sent at the place of a string; nil for nothing.
    subscript(delta: AnswerText) -> ByteBuffer? {
        labels.isEmpty ? nil : labels[Place(choice: delta.choice, channel: delta.channel)]
    }
}
