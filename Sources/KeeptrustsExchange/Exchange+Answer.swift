import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import KeeptrustsRouting
import KeeptrustsWire
import NIOCore

// The fourth step: the provider's answer, judged before a byte of it goes on.
extension Exchange {
    mutating func begin(_ head: UpstreamHead, at now: ContinuousClock.Instant, into actions: inout [Action]) {
        attempt?.head = head
        expect(within: attempt?.target.settings.timeouts.idle ?? .seconds(60), at: now)
        guard !head.isEncoded else {
            actions.append(.cancelCall)
            return attemptFailed(.malformed, at: now, into: &actions)
        }
        guard (200..<300).contains(head.status), request?.isStreaming == true else { return }
        guard head.isEventStream, let surface, let attempt, let request else {
            actions.append(.cancelCall)
            return attemptFailed(.malformed, at: now, into: &actions)
        }
        let stream = AnswerStream(
            surface: surface, translation: attempt.translation, chain: snapshot.chain, without: leftOut,
            scratch: loopSnapshot.scratch, placeholders: placeholders, unmasking: unmasking,
            keepsUsage: request.includesUsage, maxEventBytes: Self.maxEventBytes,
            maxHeldBytes: snapshot.config.sizeLimits.maxResponseBytes)
        self.attempt?.stream = stream
        state = .streaming
    }

    /// Takes in a piece of an answer that is judged as a whole.
    mutating func collect(_ bytes: ByteBuffer, at now: ContinuousClock.Instant, into actions: inout [Action]) {
        guard let size = attempt?.add(bytes) else { return }
        let isError = !(200..<300).contains(attempt?.head?.status ?? 0)
        guard size <= (isError ? Self.maxErrorBytes : snapshot.config.sizeLimits.maxResponseBytes) else {
            actions.append(.cancelCall)
            return attemptFailed(.connection(.tooLarge), at: now, into: &actions)
        }
        expect(within: attempt?.target.settings.timeouts.idle ?? .seconds(60), at: now)
    }

    mutating func answerWhole(at now: ContinuousClock.Instant, into actions: inout [Action]) {
        guard let surface, let status = attempt?.head?.status else {
            return attemptFailed(.malformed, at: now, into: &actions)
        }
        guard (200..<300).contains(status) else {
            guard let failure = attempt?.failure(status) else { return }
            return attemptFailed(.reported(failure), at: now, into: &actions)
        }
        do throws(DialectError) {
            guard let body = try attempt?.answer() else { return }
            let answer = try surface.readAnswer(body)
            if let error = answer.error { return attemptFailed(.reported(error), at: now, into: &actions) }
            endAttempt(.succeeded, error: nil, at: now, into: &actions)
            note(answer.usage, answer.model)
            judge(answer, at: now, into: &actions)
        } catch {
            attemptFailed(.malformed, at: now, into: &actions)
        }
    }

    /// Runs the output chain over a whole answer.
    private mutating func judge(
        _ answer: consuming SurfaceAnswer, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        let texts = texts(of: answer)
        guard !isLong(texts) else {
            return judgeAside(texts, of: request, for: .answer(answer), at: now, into: &actions)
        }
        let started = around.clock()
        let step = begun(texts, of: request, at: .answer, now)
        record.policyTime += around.clock() - started
        switch step {
        case .finished(let outcome): send(answer, outcome, at: now, into: &actions)
        case .asking(let pending): ask(pending, about: .answer(answer), at: now, into: &actions)
        }
    }

    /// Sends what the output chain leaves of a whole answer.
    mutating func send(
        _ answer: consuming SurfaceAnswer, _ outcome: consuming ChainOutcome, at now: ContinuousClock.Instant,
        into actions: inout [Action]
    ) {
        if outcome.repeats > repeated, repeats(at: now, into: &actions) { return takeBack(outcome.counted) }
        let body = outcome.verdict < .escalate ? body(of: answer, after: outcome) : nil
        guard let body else {
            takeBack(outcome.counted)
            let refusal = Refusal(copy outcome, phase: .response)
            record.note(outcome, in: "response")
            return refuse(refusal, outcome: .blocked, at: now, into: &actions)
        }
        if !outcome.replaced.isEmpty {
            takeBack(outcome.counted.filter { outcome.replaced[Int32(answer.texts[$0.segment].choice)] != nil })
        }
        record.note(outcome, in: "response")
        record.status = 200
        last = Reply.whole(status: 200, body: markers == nil ? body : unmasked(body), facts, using: &around.writer)
        settle(.completed, status: 200, at: now, into: &actions)
    }

    /// The texts of an answer that are judged: those in its body and, where the chain wants that, one for each choice that
    /// is empty.
    private func texts(of answer: SurfaceAnswer) -> [Segment] {
        let texts = answer.texts.map(\.text.segment)
        guard snapshot.chain.needs.emptyAnswers else { return texts }
        return texts + answer.emptyChoices.map { Segment(empty: $0) }
    }

    /// What goes out of the body of an answer; nil when something must stand in it that has no place there.
    ///
    /// Its texts do not say what must not pass, nor do its sounds and logarithms of probabilities.
    private func body(of answer: SurfaceAnswer, after outcome: ChainOutcome) -> ByteBuffer? {
        guard !outcome.redactions.isEmpty || !outcome.replaced.isEmpty else { return answer.body }
        var edits = JSONEdits()
        if !outcome.replaced.isEmpty {
            let texts = outcome.replacingTexts(of: texts(of: answer))
            guard let replacements = surface?.replacements(of: texts, in: answer.body) else { return nil }
            edits = replacements
        }
        let redactions = outcome.redactions.filter { redaction in
            redaction.segment < answer.texts.count
                && outcome.replaced[Int32(answer.texts[redaction.segment].choice)] == nil
        }
        let edited = Set(redactions.map { answer.texts[$0.segment].choice })
        let spoken = redactions.map { answer.texts[$0.segment] }.filter { $0.channel == .transcript }.map(\.choice)
        edits.cut(redactions.map(\.cut), outOf: { answer.texts[$0].text })
        for token in answer.logprobs where edited.contains(token.choice) {
            edits.replace(token.range, with: ByteBuffer(string: "null"))
        }
        // A sound says what its transcript does.
        for token in answer.sounds where spoken.contains(token.choice) {
            edits.replace(token.range, with: ByteBuffer(string: "null"))
        }
        return edits.apply(to: answer.body)
    }

    /// Counts calls no more that do not go out.
    func takeBack(_ calls: [CountedCall]) {
        if !calls.isEmpty { snapshot.chain.takeBack(calls, using: loopSnapshot.scratch) }
    }

    /// What puts the caller's own values into the answer again; nil where there are none.
    private var unmasking: AnswerUnmasking? {
        markers.map { AnswerUnmasking($0, room: snapshot.config.sizeLimits.maxResponseBytes) }
    }

    /// The body of a whole answer as its caller gets it; the chain has judged what is given.
    private func unmasked(_ body: ByteBuffer) -> ByteBuffer {
        guard var unmasking, let answer = try? surface?.readAnswer(body) else { return body }
        return unmasking.body(of: answer)
    }

    /// Notes what a provider says of its answer.
    ///
    /// Its name for its model only where that is near the one which was asked for, or no policy finds anything in it.
    mutating func note(_ usage: Usage?, _ model: String?) {
        if let model, model.isPlainModelName,
            model.isNear(attempt?.target.model)
                || loopSnapshot.findsNothing(in: ByteBuffer(string: model), on: .response)
        {
            record.responseModel = model
        }
        guard let usage else { return }
        record.usage = dropped.usage.map { $0 + usage } ?? usage
        record.cost = attempt?.target.settings.price?.cost(of: usage)
        if let cost = dropped.cost { record.cost = record.cost?.adding(cost) ?? cost }
    }

    /// Asks the target once more, since policies would have that of an answer which is not good enough, and of which the
    /// caller has got nothing; drops the answer then.
    ///
    /// - Returns: Whether it does: not without time left, and not while the target is not to be asked.
    mutating func repeats(at now: ContinuousClock.Instant, into actions: inout [Action]) -> Bool {
        guard !hasReplied, held.readableBytes == 0, let target = attempt?.target,
            let index = snapshot.targets.firstIndex(where: { $0.id == target.id }),
            moment(after: now) < began + target.settings.timeouts.total
        else { return false }
        endAttempt(.succeeded, error: nil, at: now, into: &actions)
        guard around.breakers.mayTry(target.id, snapshot.config.breaker, at: now) else { return false }
        if let stream = attempt?.stream {
            // What the provider sends after its end mark is not of the next answer.
            actions.append(.cancelCall)
            note(stream.usage, nil)
        }
        if let place = record.attempts.indices.last { record.attempts[place].error = "answer_rejected" }
        repeated += 1
        dropped = (record.usage, record.cost)
        start(index, at: now, into: &actions)
        return true
    }

    static let maxErrorBytes = 65_536

    /// The longest event of a stream (bytes).
    static let maxEventBytes = 1 << 20
}

extension Segment {
    /// The text of a choice that says nothing.
    init(empty choice: Int) {
        self.init(ByteBuffer(), role: .assistant, phase: .response, choice: Int32(choice))
    }
}

extension ChainOutcome {
    /// What stands in the places of answers that are replaced, by their choices; `segments` are the texts that were judged.
    func replacingTexts(of segments: [Segment]) -> [Int: ByteBuffer] {
        let edited = applied(to: segments)
        return Dictionary(uniqueKeysWithValues: replaced.map { (Int($0.key), edited[$0.value].text) })
    }
}

extension Redaction {
    /// The same as a cut in one of a body's texts.
    var cut: TextCut { TextCut(text: segment, span: span, replacement: replacement) }
}

extension String {
    /// Whether this may be the name of a model: 1 to 128 printable ASCII characters.
    fileprivate var isPlainModelName: Bool {
        (1...128).contains(utf8.count) && utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F }
    }

    /// Whether this begins with the name of a model and goes on with a version or a date.
    fileprivate func isNear(_ model: String?) -> Bool {
        guard let model else { return false }
        return hasPrefix(model) && utf8.count <= model.utf8.count + 12
    }
}
