import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import KeeptrustsWire
import NIOCore

/// A streamed answer on its way: the provider's events in, what may be sent out.
///
/// Each text of the answer (a choice's content, a tool call's arguments, …) has its own judge, which holds back what a
/// match in progress may still claim. Events without such text pass as they came. Where a policy must see texts whole, the
/// events are held from the first of them on, and go out when all of it is judged.
struct AnswerStream {
    enum Result {
        case more

        /// All of the answer is there, and some of it is held: judge ``heldTexts(withEmpty:)``, then ``release(_:into:)``.
        case held

        /// More must be held than may be.
        case tooLarge

        /// The answer is complete; its end mark is written.
        case done
        case blocked(ChainOutcome)

        /// The provider broke off, or said something that is not an answer (nil).
        case failed(UpstreamFailure?)
    }

    private let surface: Surface

    /// Puts in what markers of the request stand for, after all judging; nil where nobody wants that.
    private var unmasking: AnswerUnmasking?

    /// Whether the caller asked for the event that carries the usage.
    private let keepsUsage: Bool
    private var translation: any Translation
    private var parser: EventStreamParser

    /// Parses what the translation writes.
    private var translated: EventStreamParser
    private var texts: StreamedTexts
    private var template: ChunkTemplate?

    /// The names that stand at places without a channel, and those of the last event.
    private var labels = StreamedLabels()
    private var names = RepeatedNames()

    /// What waits for the answer's end, and how much that may be (bytes).
    private var held: HeldAnswer?
    private let holdsCalls: Bool

    /// Whether any policy has a say in its texts.
    private let isJudged: Bool
    private let maxHeldBytes: Int

    /// The choices that another text takes the place of, once what was held is let go.
    private var replaced = ReplacedAnswers()

    /// What the policies see that only watch.
    var watched: WatchedAnswer

    /// What the chain said of what was held.
    private var heldOutcome: ChainOutcome?

    /// The choices that have begun and not ended: as the provider has sent them, and as the caller has got them.
    private var unfinished: Set<Int> = []

    /// The choices of whose transcript something was taken out: nothing more is heard of them.
    private var silenced: Set<Int> = []
    private var open: Set<Int> = []
    private var hasFinished = false
    private(set) var usage: Usage?
    private(set) var model: String?

    init(
        surface: Surface, translation: any Translation, chain: PolicyChain, without leftOut: [Int],
        scratch: MatchScratch, placeholders: Placeholders, unmasking: AnswerUnmasking?, keepsUsage: Bool,
        maxEventBytes: Int, maxHeldBytes: Int
    ) {
        self.surface = surface
        self.translation = translation
        texts = StreamedTexts(chain, without: leftOut, scratch, placeholders)
        self.unmasking = unmasking
        self.keepsUsage = keepsUsage
        self.maxHeldBytes = maxHeldBytes
        held = chain.holds(.response, without: leftOut) ? HeldAnswer() : nil
        holdsCalls = chain.holds(.toolCall, without: leftOut)
        isJudged = chain.runs(on: .response, without: leftOut)
        watched = WatchedAnswer(isWatched: chain.watches(without: leftOut))
        parser = EventStreamParser(maxEventBytes: maxEventBytes)
        translated = EventStreamParser(maxEventBytes: maxEventBytes)
    }

    /// Takes in bytes of the provider's stream, and writes the events that may be sent to `out`.
    mutating func push(_ bytes: ByteBuffer, into out: inout ByteBuffer) -> Result {
        parser.push(bytes)
        do {
            while let event = try parser.next() {
                let result = try take(event, into: &out)
                guard case .more = result else { return result }
            }
            return .more
        } catch {
            return .failed(nil)
        }
    }

    /// The provider has ended its stream.
    mutating func end(into out: inout ByteBuffer) -> Result {
        var rest = ByteBuffer()
        translation.end(into: &rest)
        do {
            let result = try takeTranslated(rest, into: &out)
            guard case .more = result else { return result }
        } catch {
            return .failed(nil)
        }
        // Some providers leave the end mark out; a finish reason says as much.
        return hasFinished && unfinished.isEmpty ? finish(into: &out) : .failed(nil)
    }

    /// Ends an answer in the middle: one error event, then a last chunk for each choice that is still open.
    ///
    /// - Parameters:
    ///   - error: The error envelope.
    ///   - finishReason: Why the choices end; nil writes no last chunk.
    ///   - out: Where the events go.
    func breakOff(error: ByteBuffer, finishReason: StaticString?, into out: inout ByteBuffer) {
        out.writeSSEData(error)
        guard let template, let finishReason else { return }
        for choice in open.sorted() { template.writeFinish(finishReason, choice: choice, into: &out) }
    }

    /// The numbers that the values of the exchange have.
    var placeholders: Placeholders {
        get { texts.placeholders }
        set { texts.placeholders = newValue }
    }

    /// What the chain says of all texts together.
    var outcome: ChainOutcome {
        var all = texts.outcome
        if let heldOutcome { all.add(heldOutcome) { $0 + texts.count } }
        if let outcome = watched.outcome { all.add(outcome) { $0 } }
        all.degraded = all.degraded || watched.isMissed
        return all
    }

    /// Gives the texts that are held, to be judged as they stand.
    ///
    /// - Parameter addsEmpty: Whether a choice is there by an empty text that neither says anything nor calls a tool.
    /// - Returns: The texts; nil when they are too many.
    mutating func heldTexts(withEmpty addsEmpty: Bool) -> [Segment]? {
        held == nil ? [] : held?.segments(withEmpty: addsEmpty)
    }

    /// What was counted of calls that do not go out after what the chain has said of what was held.
    func dropped(of outcome: ChainOutcome) -> [CountedCall] {
        guard outcome.verdict < .escalate, let held else { return outcome.counted }
        guard !outcome.replaced.isEmpty else { return [] }
        return outcome.counted.filter { outcome.replaced[Int32(held.choice(of: $0.segment))] != nil }
    }

    /// Lets go what was held, as far as it may go, and ends the answer.
    mutating func release(_ outcome: ChainOutcome, into out: inout ByteBuffer) -> Result {
        heldOutcome = outcome
        guard var held else { return .failed(nil) }
        self.held = nil
        // Where there is no event at all, nothing can be said in its form.
        guard outcome.verdict < .escalate, template != nil || outcome.replaced.isEmpty else {
            return .blocked(self.outcome)
        }
        replaced = ReplacedAnswers(held.replacingTexts(outcome))
        held.redact(outcome.redactions)
        do {
            for (number, chunk) in held.chunks.enumerated() {
                if try replaced.take(chunk, of: surface, template, into: &out) { continue }
                let result = try write(chunk, into: &out) { held.remainder(of: $0, in: number) }
                guard case .more = result else { return result }
            }
        } catch {
            return .failed(nil)
        }
        replaced.end(template, into: &out)
        return complete(into: &out)
    }

    private mutating func take(_ event: ServerSentEvent, into out: inout ByteBuffer) throws -> Result {
        guard !translation.passesThrough else { return try take(event.data, into: &out) }
        var bytes = ByteBuffer()
        try translation.translate(event, into: &bytes)
        return try takeTranslated(bytes, into: &out)
    }

    private mutating func takeTranslated(_ bytes: ByteBuffer, into out: inout ByteBuffer) throws -> Result {
        guard bytes.readableBytes > 0 else { return .more }
        translated.push(bytes)
        while let event = try translated.next() {
            let result = try take(event.data, into: &out)
            guard case .more = result else { return result }
        }
        return .more
    }

    private mutating func take(_ data: ByteBuffer, into out: inout ByteBuffer) throws -> Result {
        guard data.readableBytes > 0 else { return .more }
        let chunk = try surface.readChunk(data, after: &names)
        if chunk.isDone { return finish(into: &out) }
        if let error = chunk.error { return .failed(error) }
        if let counted = chunk.usage { usage = counted }
        if template == nil {
            template = ChunkTemplate(chunk)
            model = chunk.model
        }
        if chunk.isUsageOnly, !keepsUsage { return .more }
        return try pass(chunk, into: &out)
    }

    /// Judges the texts of one event and writes what is left of it, or holds it.
    private mutating func pass(_ chunk: SurfaceChunk, into out: inout ByteBuffer) throws(DialectError) -> Result {
        var chunk = chunk
        let isCut = takeNames(of: &chunk)
        let finishing = chunk.finishes.map(\.choice)
        for choice in chunk.deltas.map(\.choice) where choice >= 0 {
            open.insert(choice)
            if !finishing.contains(choice) { unfinished.insert(choice) }
        }
        for choice in finishing {
            hasFinished = true
            unfinished.remove(choice)
        }
        if held == nil, isCut || holdsCalls && chunk.hasCall || hasLooseText(chunk) {
            held = HeldAnswer()
        }
        watched.add(chunk, after: labels, limit: maxHeldBytes)
        guard var holding = held else { return try write(chunk, into: &out) { _ in nil } }
        held = nil
        let isRoom = try holding.add(chunk, after: labels, limit: maxHeldBytes) { delta in
            texts.have(delta)
        }
        held = holding
        return isRoom ? .more : .tooLarge
    }

    /// Has the names of an event judged that are more than names.
    ///
    /// - Returns: Whether one may go on with what stood there before, so that both must be judged as one.
    private mutating func takeNames(of chunk: inout SurfaceChunk) -> Bool {
        guard !chunk.names.isEmpty, isJudged else { return false }
        var isCut = false
        for name in chunk.names {
            var text = name.text
            if labels.take(name) == .changed {
                isCut = true
            } else if name.isPlain {
                continue
            } else {
                text.channel = .other
            }
            chunk.judge(text)
        }
        return isCut
    }

    /// Whether an event has a piece of a text that may go on in later ones and has no judge of its own.
    private mutating func hasLooseText(_ chunk: SurfaceChunk) -> Bool {
        guard chunk.deltas.contains(where: \.channel.isField), isJudged else { return false }
        return !chunk.deltas.allSatisfy { !$0.channel.isField || labels.take($0) }
    }

    /// Writes what is left of one event.
    ///
    /// - Parameters:
    ///   - chunk: The event.
    ///   - out: Where it goes.
    ///   - remainder: What is left of a text that was judged as a whole, by its number in the event; nil for any other.
    /// - Returns: `.more`, unless a policy forbids a text.
    /// - Throws: ``DialectError`` for a text that goes on after its end.
    private mutating func write(
        _ chunk: SurfaceChunk, into out: inout ByteBuffer, _ remainder: (Int) -> ByteBuffer?
    ) throws(DialectError) -> Result {
        let finishing = chunk.finishes.map(\.choice).filter { !replaced.have($0) }
        var edits = replaced.edits
        var changes: [(range: Range<Int>, bytes: ByteBuffer)] = []
        var edited: [Int] = []
        var sent = 0
        for (number, delta) in chunk.deltas.enumerated() where !replaced.have(delta.choice) {
            var piece = ByteBuffer()
            let isLast = finishing.contains(delta.choice)
            if let rest = remainder(number) {
                piece = rest
            } else if let refusal = try texts.judge(delta, isLast: isLast, into: &piece) {
                return .blocked(blocked(refusal))
            }
            if delta.channel == .transcript, isCut(delta, piece, isHeld: remainder(number) != nil) {
                silenced.insert(delta.choice)
            }
            if !delta.channel.isLogprobs {
                unmask(&piece, delta.choice, delta.channel, isLast: isLast)
                sent += piece.readableBytes
            }
            guard piece != delta.text.segment.text else { continue }
            edited.append(delta.choice)
            guard !delta.channel.isLogprobs else { continue }
            if let change = delta.text.change(saying: piece) { changes.append(change) }
        }
        edits.replace(changes)
        for choice in finishing {
            if let outcome = flush(choice, except: chunk.deltas, into: &out) { return .blocked(outcome) }
        }
        // The log probabilities say the text once more.
        for token in chunk.logprobs where edited.contains(token.choice) {
            edits.replace(token.range, with: ByteBuffer(string: "null"))
        }
        for token in chunk.sounds where silenced.contains(token.choice) {
            edits.replace(token.range, with: ByteBuffer(string: "null"))
        }
        if sent == 0, !edits.isEmpty, chunk.isPlainText { return .more }
        out.writeSSEData(edits.isEmpty ? chunk.data : edits.apply(to: chunk.data))
        open.subtract(finishing)
        return .more
    }

    /// Whether something was taken out of a text, of which a piece was judged.
    private func isCut(_ delta: AnswerText, _ piece: ByteBuffer, isHeld: Bool) -> Bool {
        isHeld ? piece != delta.text.segment.text : texts.isCut(delta)
    }

    private func blocked(_ refusal: StreamedTexts.Refusal) -> ChainOutcome {
        var outcome = self.outcome
        (outcome.verdict, outcome.reason, outcome.policy) = (.block, refusal.reason, refusal.policy)
        outcome.failure = nil
        return outcome
    }

    /// Lets go what is held back of a choice that ends, but for texts that the ending event itself continues.
    private mutating func flush(
        _ choice: Int?, except deltas: [AnswerText], into out: inout ByteBuffer
    ) -> ChainOutcome? {
        for place in texts.unfinished(of: choice, except: deltas) {
            var rest = ByteBuffer()
            if let refusal = texts.push(ByteBuffer(), to: place, isLast: true, into: &rest) { return blocked(refusal) }
            let (owner, channel) = texts.key(at: place)
            unmask(&rest, owner, channel, isLast: true)
            if rest.readableBytes > 0 {
                template?.writeText(rest, choice: owner, channel: channel, into: &out)
            }
        }
        unmasking?.end(choice, except: deltas) { [template] rest, owner, channel in
            template?.writeText(rest, choice: owner, channel: channel, into: &out)
        }
        return nil
    }

    private mutating func unmask(
        _ piece: inout ByteBuffer, _ choice: Int, _ channel: KeeptrustsDialects.Channel, isLast: Bool
    ) {
        if unmasking != nil, let rest = unmasking?.push(piece, of: choice, channel, isLast: isLast) { piece = rest }
    }

    private mutating func finish(into out: inout ByteBuffer) -> Result {
        held == nil ? complete(into: &out) : .held
    }

    /// Ends the answer: nothing is held any more.
    private mutating func complete(into out: inout ByteBuffer) -> Result {
        if let outcome = flush(nil, except: [], into: &out) { return .blocked(outcome) }
        out.writeStaticString("data: [DONE]\n\n")
        (unfinished, open) = ([], [])
        return .done
    }
}

extension JSONEdits {
    /// Makes changes of which one may be a part of another: a value that is judged with its key is judged by itself, too,
    /// and then comes first.
    fileprivate mutating func replace(_ changes: [(range: Range<Int>, bytes: ByteBuffer)]) {
        var end = 0
        let inOrder = changes.enumerated().sorted { a, b in
            let (rangeA, rangeB) = (a.element.range, b.element.range)
            return (rangeA.lowerBound, rangeB.upperBound, b.offset) < (rangeB.lowerBound, rangeA.upperBound, a.offset)
        }
        for (range, bytes) in inOrder.map(\.element) where range.lowerBound >= end {
            replace(range, with: bytes)
            end = range.upperBound
        }
    }
}

extension SurfaceChunk {
    /// Whether it has a piece of a tool's call.
    fileprivate var hasCall: Bool { !calls.isEmpty || deltas.contains { $0.text.segment.phase == .toolCall } }

    /// Whether nothing is lost when an event goes that has no text left.
    fileprivate var isPlainText: Bool {
        finishes.isEmpty && usage == nil && !hasData && deltas.count { !$0.channel.isLogprobs } == 1
            && deltas.allSatisfy { $0.channel == .content || $0.channel == .reasoningContent || $0.channel.isLogprobs }
    }
}
