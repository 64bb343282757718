import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import KeeptrustsWire
import NIOCore

/// The part of a streamed answer that is held until it can be judged as a whole.
///
/// Keeps the provider's events, so that what passes is sent as it came. A text is put together of its pieces to be judged;
/// what is edited in it is edited in the pieces.
struct HeldAnswer {
    /// A piece of a text: which event's which delta it is, and where it begins in the whole text.
    private struct Piece {
        var text: Int
        var start: Int
    }

    private struct Text {
        var key: Key
        var segment: Segment
        var length = 0

        /// What is replaced in it, in order.
        var redactions: [Redaction] = []
    }

    private struct Key: Hashable {
        var choice: Int
        var channel: KeeptrustsDialects.Channel
    }

    private(set) var chunks: [SurfaceChunk] = []

    /// Of each event, the pieces that are its deltas; nil for one that is judged otherwise.
    private var pieces: [[Piece?]] = []
    private var texts: [Text] = []
    private var places: [Key: Int] = [:]
    private var names: [Key: String] = [:]
    private var size = 0

    /// What was judged, in this order: which text each is, and where it stands in that.
    private var judged: [(text: Int, located: LocatedText)] = []

    /// Bytes of the events and, about, of what is kept beside each.
    private static let overhead = 512

    /// Takes an event.
    ///
    /// - Parameters:
    ///   - chunk: The event.
    ///   - labels: What stood already in the places of its texts and seemed to be names; goes before their pieces.
    ///   - limit: Bytes that may be held.
    ///   - isStreaming: Whether a text was begun to be sent before, so that its own judge goes on.
    /// - Returns: False when there is no room for it.
    /// - Throws: ``DialectError`` for a call whose name changes.
    mutating func add(
        _ chunk: SurfaceChunk, after labels: StreamedLabels, limit: Int, isStreaming: (AnswerText) -> Bool
    ) throws(DialectError) -> Bool {
        size += chunk.data.readableBytes + Self.overhead
        guard size <= limit, texts.count <= LocatedText.mostInBody else { return false }
        for call in chunk.calls {
            guard !call.name.isEmpty else {
                begin(
                    Key(choice: call.choice, channel: .other),
                    Segment(ByteBuffer(), role: .assistant, phase: .toolCall))
                continue
            }
            let key = Key(choice: call.choice, channel: call.channel)
            guard names[key] == nil || names[key] == call.name else { throw .malformed("a call whose name changes") }
            names[key] = call.name
            if places[key] == nil { begin(key, Segment(ByteBuffer(), role: .assistant, phase: .toolCall)) }
        }
        var own: [Piece?] = []
        for delta in chunk.deltas { own.append(isStreaming(delta) ? nil : take(delta, after: labels)) }
        chunks.append(chunk)
        pieces.append(own)
        return true
    }

    private mutating func take(_ delta: AnswerText, after labels: StreamedLabels) -> Piece {
        let segment = delta.text.segment
        let key = Key(choice: delta.choice, channel: delta.channel)
        let known = delta.channel == .other ? nil : places[key]
        var empty = Segment(ByteBuffer(), role: segment.role, phase: segment.phase, choice: segment.choice)
        (empty.spoken, empty.isJoined) = (segment.spoken, segment.isJoined)
        let place = known ?? begin(key, empty)
        if known == nil, let sent = labels[delta] {
            texts[place].segment.text = sent
            texts[place].length = sent.readableBytes
        }
        let piece = Piece(text: place, start: texts[place].length)
        texts[place].length += segment.text.readableBytes
        texts[place].segment.text.writeImmutableBuffer(segment.text)
        return piece
    }

    @discardableResult
    private mutating func begin(_ key: Key, _ segment: Segment) -> Int {
        texts.append(Text(key: key, segment: segment))
        if key.channel != .other { places[key] = texts.count - 1 }
        return texts.count - 1
    }

    /// The texts to be judged: each put together and, of a call's arguments, the strings in them.
    ///
    /// A call without arguments is there by its name.
    ///
    /// - Parameter addsEmpty: Whether a choice is there by an empty text that neither says anything nor calls a tool.
    /// - Returns: The texts; nil when there are more than an answer may have.
    mutating func segments(withEmpty addsEmpty: Bool) -> [Segment]? {
        judged = []
        if addsEmpty { addEmptyTexts() }
        for (place, text) in texts.enumerated() {
            var segment = text.segment
            guard segment.phase == .toolCall else {
                judged.append((place, LocatedText(joined: segment)))
                continue
            }
            let name = names[text.key] ?? ""
            let number = Int32(truncatingIfNeeded: place)
            segment.tool = ToolUse(name, .arguments, call: number)
            if text.length == 0 {
                segment.text = ByteBuffer(string: name)
                segment.tool?.part = .name
            }
            let joined = LocatedText(joined: segment)
            judged.append((place, joined))
            guard let texts = joined.nested, judged.count + texts.count <= LocatedText.mostInBody else { return nil }
            for var nested in texts {
                nested.segment.tool = ToolUse(name, .fragment, call: number)
                judged.append((place, nested))
            }
        }
        return judged.map(\.located.segment)
    }

    private mutating func addEmptyTexts() {
        var census = AnswerCensus()
        for text in texts where text.length > 0 || names[text.key] != nil {
            census.note(text.key.channel, of: text.key.choice)
        }
        for chunk in chunks {
            for delta in chunk.deltas { census.note(delta.choice) }
            for finish in chunk.finishes { census.note(finish.choice) }
        }
        for choice in census.empty(of: 0) {
            let key = Key(choice: choice, channel: .content)
            if places[key] == nil { begin(key, Segment(empty: choice)) }
        }
    }

    /// The choice of a text that ``segments(withEmpty:)`` gave.
    func choice(of segment: Int) -> Int { texts[judged[segment].text].key.choice }

    /// What stands in the places of answers that are replaced, by their choices.
    func replacingTexts(_ outcome: ChainOutcome) -> [Int: ByteBuffer] {
        outcome.replaced.isEmpty ? [:] : outcome.replacingTexts(of: judged.map(\.located.segment))
    }

    /// Notes what is to be replaced in the texts that ``segments(withEmpty:)`` gave.
    mutating func redact(_ redactions: [Redaction]) {
        for redaction in redactions {
            let (place, located) = judged[redaction.segment]
            guard texts[place].length > 0 || texts[place].segment.phase != .toolCall else { continue }
            var own = redaction
            own.span = located.rawRange(of: redaction.span)
            texts[place].redactions.append(own)
        }
        for place in texts.indices where !texts[place].redactions.isEmpty {
            let text = LocatedText(joined: texts[place].segment)
            texts[place].redactions =
                text.isDocument ? text.cuts(for: texts[place].redactions) : Self.disjoint(texts[place].redactions)
        }
    }

    /// A place that is replaced for two reasons is replaced once, by the first.
    private static func disjoint(_ redactions: [Redaction]) -> [Redaction] {
        var disjoint: [Redaction] = []
        for redaction in redactions.sorted(by: { $0.span.lowerBound < $1.span.lowerBound }) {
            if let last = disjoint.last, redaction.span.lowerBound < last.span.upperBound {
                let end = max(last.span.upperBound, redaction.span.upperBound)
                disjoint[disjoint.count - 1].span = last.span.lowerBound..<end
            } else {
                disjoint.append(redaction)
            }
        }
        return disjoint
    }

    /// What is left of one delta of one event; nil for one that is judged otherwise.
    func remainder(of delta: Int, in chunk: Int) -> ByteBuffer? {
        guard let piece = pieces[chunk][delta] else { return nil }
        let sent = chunks[chunk].deltas[delta].text.segment.text
        let text = texts[piece.text]
        guard !text.redactions.isEmpty else { return sent }
        let range = piece.start..<piece.start + sent.readableBytes
        var rest = ByteBuffer()
        var offset = range.lowerBound
        for redaction in text.redactions.overlapping(range, isLast: range.upperBound == text.length) {
            rest.write(sent, from: offset, to: redaction.span.lowerBound, of: range)
            // What is put in stands in the piece in which the replaced text begins.
            if redaction.span.lowerBound >= range.lowerBound { rest.writeString(redaction.replacement) }
            offset = max(offset, min(redaction.span.upperBound, range.upperBound))
        }
        rest.write(sent, from: offset, to: range.upperBound, of: range)
        return rest
    }
}

extension LocatedText {
    /// The changes of a document that make redactions in it and leave it one, in order.
    fileprivate func cuts(for redactions: [Redaction]) -> [Redaction] {
        var redactor = JSONRedactor()
        for redaction in redactions { redactor.cut(redaction.span, for: redaction.replacement) }
        let cuts = redactor.edits(of: segment.text).map { edit in
            Redaction(segment: 0, span: edit.range, replacement: String(buffer: edit.replacement))
        }
        // The redactor leaves out what is only put in.
        let all = cuts + redactions.filter(\.span.isEmpty)
        return all.sorted { $0.span.lowerBound < $1.span.lowerBound }
    }
}

extension [Redaction] {
    /// Those of an ordered list that touch a piece of the text; an insertion between two pieces belongs to the second.
    fileprivate func overlapping(_ piece: Range<Int>, isLast: Bool) -> ArraySlice<Redaction> {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            let span = self[middle].span
            let isBefore = span.isEmpty ? span.lowerBound < piece.lowerBound : span.upperBound <= piece.lowerBound
            if isBefore { low = middle + 1 } else { high = middle }
        }
        return self[low...].prefix { redaction in
            redaction.span.lowerBound < piece.upperBound || isLast && redaction.span.lowerBound == piece.upperBound
        }
    }
}

extension ByteBuffer {
    /// Writes a part of `text`, which is the part `range` of a longer one, in which `start` and `end` count.
    fileprivate mutating func write(_ text: ByteBuffer, from start: Int, to end: Int, of range: Range<Int>) {
        guard start < end else { return }
        let offset = text.readerIndex + start - range.lowerBound
        if let part = text.getSlice(at: offset, length: end - start) { writeImmutableBuffer(part) }
    }
}
