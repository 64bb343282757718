public import KeeptrustsCore
import KeeptrustsWire
public import NIOCore

/// One text of an answer, or the next piece of one that is streamed.
public struct AnswerText: Sendable {
    /// The choice that it belongs to.
    public var choice: Int
    public var channel: Channel
    public var text: LocatedText

    /// Whether it is a plain name with a letter, as ids and words of a closed set are.
    public var isLabel: Bool {
        let text = self.text.segment.text
        return text.isPlainName(at: 0..<text.readableBytes, isServers: true)
            && text.readableBytesView.contains { ($0 | 0x20) &- 0x61 < 26 }
    }
}

/// A name, such as an id or a word of a closed set, in an event of a streamed answer.
public struct AnswerName: Sendable {
    /// The name, its channel the place where it stands.
    public var text: AnswerText

    /// Whether it is no more than a name by itself.
    public var isPlain: Bool

    /// Whether another name there than before is no piece of a text: a word of a closed set, or an id of the event.
    public var mayChange: Bool {
        guard isPlain, text.isLabel else { return false }
        let bytes = text.text.segment.text
        return text.choice < 0 || bytes.readableBytes <= 32 && !bytes.readableBytesView.contains { $0 &- 0x30 < 10 }
    }
}

/// Plain names that stand in all events of a stream, such as its id, as they were last: most are the same in each.
public struct RepeatedNames: Sendable {
    private var names: [(field: Int, token: ByteBuffer)] = []

    /// Where the texts of the stream stand; nil before the first.
    var part: ChoicePart?

    public init() {}

    /// Whether a token is the same as the last one at its place.
    func repeats(_ value: JSONValue, of body: ByteBuffer) -> Bool {
        for name in names where name.field == value.field { return name.token == body.bytes(value.span) }
        return false
    }

    mutating func note(_ value: JSONValue, of body: ByteBuffer, isPlain: Bool) {
        names.removeAll { $0.field == value.field }
        guard isPlain else { return }
        // A copy, so that no read buffer stays alive for it.
        names.append((value.field, ByteBuffer(bytes: body.bytes(value.span).readableBytesView)))
    }
}

/// A call of a tool whose name stands in an answer, or in a piece of one.
public struct AnswerCall: Sendable, Equatable {
    public var choice: Int

    /// Which texts are its arguments.
    public var channel: Channel
    public var name: String
}

/// A token of a choice that is not a text, such as its finish reason.
public struct ChoiceToken: Sendable, Equatable {
    public var choice: Int

    /// The token's bytes in the body, quotes included.
    public var range: Range<Int>
}

/// A whole answer in the surface's dialect, read in one scan.
public struct SurfaceAnswer: Sendable {
    public internal(set) var body: ByteBuffer

    /// Every string that is not a known field without text, in document order, then what the log probabilities say; phase
    /// `.response` or `.toolCall`.
    public internal(set) var texts: [AnswerText] = []

    /// In an event of a stream, the names in it that may have to be judged.
    public internal(set) var names: [AnswerName] = []

    /// The finish reasons that are not null.
    public internal(set) var finishes: [ChoiceToken] = []

    /// The log probabilities, which repeat a choice's texts: replace by `null` when one of them, or of channel `.logprobs`,
    /// is edited.
    public internal(set) var logprobs: [ChoiceToken] = []

    /// The sounds of spoken answers: replace by `null` when something is taken out of their choice's transcript.
    public internal(set) var sounds: [ChoiceToken] = []

    /// Whether there is something besides texts that a caller would miss: a picture, a sound, a call, what is encrypted.
    public internal(set) var hasData = false

    /// The calls of tools that are named here.
    ///
    /// In a streamed answer, later pieces of a call leave the name out.
    public internal(set) var calls: [AnswerCall] = []

    /// The tokens that the upstream counted; nil when it says nothing, or nothing credible.
    public internal(set) var usage: Usage?

    /// How many choices it has.
    public internal(set) var choices = 0

    /// Where each choice stands, for readers that want to know.
    var places: [ChoiceToken] = []

    /// What the upstream reports instead of an answer, in spite of its status 200.
    public internal(set) var error: UpstreamFailure?

    var id: Range<Int>?
    var created: Range<Int>?
    var modelToken: Range<Int>?
    var modelHasEscapes = false

    init(body: ByteBuffer) { self.body = body }

    /// The model that answered, as the upstream names it.
    public var model: String? {
        guard let modelToken, modelToken.count <= 258 else { return nil }
        return String(buffer: Unescaped(body, token: modelToken, hasEscapes: modelHasEscapes).text)
    }
}

/// One event's data of a streamed answer in the surface's dialect, read in one scan.
public struct SurfaceChunk: Sendable {
    var answer: SurfaceAnswer

    /// Whether it is the end mark, `[DONE]`; nothing else is set then.
    public internal(set) var isDone = false

    /// The event's data.
    public var data: ByteBuffer { answer.body }

    /// The pieces of texts, in document order.
    public var deltas: [AnswerText] { answer.texts }

    /// The names in it that may be pieces of texts, or more than names.
    public var names: [AnswerName] { answer.names }
    public var finishes: [ChoiceToken] { answer.finishes }
    public var logprobs: [ChoiceToken] { answer.logprobs }
    public var sounds: [ChoiceToken] { answer.sounds }

    /// Whether there is something besides texts that a caller would miss: a picture, a sound, a call, what is encrypted.
    public var hasData: Bool { answer.hasData }
    public var calls: [AnswerCall] { answer.calls }
    public var usage: Usage? { answer.usage }
    public var model: String? { answer.model }

    /// An error that the upstream reports in the stream; it ends the answer.
    public var error: UpstreamFailure? { answer.error }

    /// Says that a string is to be judged, such as one of its names.
    public mutating func judge(_ text: AnswerText) { answer.texts.append(text) }

    /// Whether it carries the usage and no choice: not meant for a caller who did not ask for it.
    public var isUsageOnly: Bool { answer.usage != nil && answer.choices == 0 }
}

extension Segment {
    /// Takes another number for the choice that it is of.
    mutating func moveChoice(to number: Int32) {
        if choice != nil { choice = number }
        if spoken != nil { spoken = number }
    }
}
