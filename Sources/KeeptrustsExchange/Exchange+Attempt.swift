import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import KeeptrustsRouting
import KeeptrustsWire
import NIOCore

extension Exchange {
    /// One call to one target.
    struct Attempt {
        let target: Target
        let breaker: BreakerTable.Entry?
        let permit: CircuitBreaker.Permit?
        let began: ContinuousClock.Instant
        var translation: any Translation
        var head: UpstreamHead?
        var body = ByteBuffer()
        var stream: AnswerStream?

        /// It has been ended in the record and for the breaker.
        var hasEnded = false

        /// Adds a piece of the answer's body; returns how long that is by now (bytes).
        mutating func add(_ bytes: ByteBuffer) -> Int {
            if body.readableBytes == 0 { body = bytes } else { body.writeImmutableBuffer(bytes) }
            return body.readableBytes
        }

        /// The answer in the surface's dialect.
        mutating func answer() throws(DialectError) -> ByteBuffer { try translation.answer(body) }

        /// What an answer with a status that is not 2xx means.
        func failure(_ status: Int) -> UpstreamFailure { translation.failure(status: status, body: body) }
    }

    /// How an attempt went wrong.
    enum AttemptFailure {
        case connection(UpstreamBreak)
        case timeout

        /// The provider says so itself.
        case reported(UpstreamFailure)

        /// What came is not an answer.
        case malformed
    }

    // The third step: ask a target, and the next when it fails.

    /// Calls the target that the route has chosen.
    mutating func start(_ index: Int, at now: ContinuousClock.Instant, into actions: inout [Action]) {
        let target = snapshot.targets[index]
        guard let surface, let request, let translation = target.translation(for: surface, at: record.time) else {
            return refuse(.surfaceNotServed(target.id), at: now, into: &actions)
        }
        let breaker = around.breakers.entry(of: target.id)
        attempt = Attempt(
            target: target, breaker: breaker, permit: breaker?.permit, began: moment(after: now),
            translation: translation)
        record.attempts.append(ExchangeRecord.Attempt(target: target.id))
        record.target = target.id
        record.provider = target.provider.id
        state = .calling
        do throws(DialectError) {
            if target.provider.isBuiltIn {
                actions.append(.callBuiltIn(BuiltInAnswer(request, model: target.model, at: record.time)))
            } else {
                let call = try attempt?.translation.request(request, model: target.model)
                guard let call, let id = record.id else { return }
                actions.append(.call(target, target.request(call, requestID: id, using: &around.writer)))
            }
            expect(within: target.settings.timeouts.firstByte, at: now)
        } catch {
            endAttempt(.abandoned, error: "not_translatable", at: now, into: &actions)
            let refusal = Refusal(
                error.category.status, type: "validation_error", code: error.code, error.message, param: error.param)
            refuse(refusal, at: now, into: &actions)
        }
    }

    /// Goes on after a wait.
    mutating func call(at now: ContinuousClock.Instant, into actions: inout [Action]) {
        guard let next = waitingFor else { return refuse(.allTargetsDown(for: .zero), at: now, into: &actions) }
        waitingFor = nil
        start(next, at: now, into: &actions)
    }

    mutating func attemptFailed(
        _ failure: AttemptFailure, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        let failure = judged(failure, at: now)
        let trigger = failure.trigger
        endAttempt(trigger?.breakerResult ?? .succeeded, error: failure.name, at: now, into: &actions)
        guard !hasReplied, let plan = attempt?.target.settings.retry, var sequence = route else {
            return breakOff(failure, at: now, into: &actions)
        }
        let retryAfter = (attempt?.head?.retryAfter).flatMap {
            try? retryDelay(from: $0, maximum: .seconds(3_600), at: around.wallClock())
        }
        let status = attempt?.head?.status
        let random = Double(around.ids.next() >> 11) / Double(1 << 53)
        let remaining = began + (attempt?.target.settings.timeouts.total ?? .seconds(600)) - now
        let step = sequence.next(
            after: AttemptSequence.Failure(trigger, retryAfter: retryAfter), plan: plan, random: random,
            remaining: remaining
        ) { around.breakers.mayTry(snapshot.targets[$0].id, snapshot.config.breaker, at: now) }
        route = sequence
        switch step {
        case .attempt(let target, let wait) where wait > .zero:
            waitingFor = target
            state = .waiting
            deadline = now + remaining
            actions.append(.wait(wait))
        case .attempt(let target, _):
            start(target, at: now, into: &actions)
        case .giveUp:
            var refusal = failure.refusal
            if let retryAfter, status == 429 || status == 503 {
                refusal.retryAfter = Int(retryAfter.components.seconds)
            }
            refuse(refusal, outcome: .failed, at: now, into: &actions)
        }
    }

    /// A failure whose words may reach the caller: a provider may repeat in them what it was sent, or what it holds.
    private mutating func judged(_ failure: AttemptFailure, at now: ContinuousClock.Instant) -> AttemptFailure {
        guard case .reported(var reported) = failure else { return failure }
        let texts = [reported.message, reported.param ?? ""].map { ByteBuffer(string: $0) }
        let segments = texts.map { Segment($0, role: .assistant, phase: .response) }
        guard case .finished(let outcome) = begun(segments, of: request, at: .failure, now) else {
            // What a service would have to be asked about is not worth the wait.
            (reported.message, reported.param) = (
                "The provider failed; its words are not shown, for nobody has judged them.", nil
            )
            return .reported(reported)
        }
        guard outcome.verdict > .allow else { return failure }
        record.note(outcome, in: "response")
        guard outcome.verdict < .escalate else {
            (reported.message, reported.param) = ("The provider's error says what a policy does not allow.", nil)
            return .reported(reported)
        }
        reported.message = texts[0].text(with: outcome.redactions.filter { $0.segment == 0 })
        if outcome.redactions.contains(where: { $0.segment == 1 }) { reported.param = nil }
        return .reported(reported)
    }

    /// Ends the attempt in the record, for the breaker and for the operator.
    mutating func endAttempt(
        _ result: CircuitBreaker.Result, error: StaticString?, at now: ContinuousClock.Instant,
        into actions: inout [Action]
    ) {
        guard let began = attempt?.began, attempt?.hasEnded == false, let place = record.attempts.indices.last else {
            return
        }
        attempt?.hasEnded = true
        attempt?.breaker?.end(attempt?.permit, result, at: now)
        if let target = attempt?.target {
            switch result {
            case .failed: actions.append(.tell(.failed(error ?? "failed"), of: target))
            case .succeeded: if around.wantsAnswers() { actions.append(.tell(.answered, of: target)) }
            case .abandoned: break
            }
        }
        let duration = max(.zero, now - began)
        record.attempts[place].duration = duration
        record.attempts[place].error = error
        record.attempts[place].status = attempt?.head?.status
        record.upstreamTime = (record.upstreamTime ?? .zero) + duration
    }
}

extension Exchange.AttemptFailure {
    /// What it means for the next attempt; nil when no other attempt can mend it.
    var trigger: FallbackTrigger? {
        switch self {
        case .connection(.unreachable), .connection(.unresolved), .connection(.tls), .connection(.cut): .connection
        case .connection(.malformed), .connection(.tooLarge), .malformed: .serverError
        case .timeout: .timeout
        case .reported(let failure): failure.trigger
        }
    }

    var name: StaticString {
        switch self {
        case .connection(.unreachable): "unreachable"
        case .connection(.unresolved): "name_not_resolved"
        case .connection(.tls): "tls_failed"
        case .connection(.cut): "connection_closed"
        case .connection(.malformed), .malformed: "malformed_answer"
        case .connection(.tooLarge): "answer_too_large"
        case .timeout: "timeout"
        case .reported(let failure): failure.kind.name
        }
    }

    /// What the caller reads when nobody else can be asked.
    var refusal: Refusal {
        switch self {
        case .connection(.unreachable), .connection(.unresolved):
            .upstream("upstream_unreachable", "The provider cannot be reached.")
        case .connection(.tls):
            .upstream("upstream_tls_failed", "The provider's certificate or TLS cannot be trusted.")
        case .connection(.cut):
            .upstream("upstream_closed", "The provider closed the connection before its answer was complete.")
        case .connection(.malformed), .malformed:
            .upstream("upstream_malformed", "The provider's answer cannot be understood.")
        case .connection(.tooLarge): .responseTooLarge
        case .timeout: .timedOut
        case .reported(let failure): Refusal(failure)
        }
    }
}

extension ByteBuffer {
    /// The text, with what must not pass replaced.
    fileprivate func text(with redactions: [Redaction]) -> String {
        var bytes = Array(readableBytesView)
        for redaction in redactions.reversed() {
            bytes.replaceSubrange(redaction.span, with: redaction.replacement.utf8)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension UpstreamFailure {
    fileprivate var trigger: FallbackTrigger? {
        switch kind {
        case .rateLimit: .rateLimit
        case .timeout: .timeout
        case .quota, .serverError, .auth, .modelNotFound: .serverError
        case .contextWindow: .contextWindow
        case .invalidRequest, .contentFilter: nil
        }
    }
}

extension UpstreamFailure.Kind {
    fileprivate var name: StaticString {
        switch self {
        case .rateLimit: "rate_limit"
        case .quota: "quota"
        case .timeout: "timeout"
        case .serverError: "server_error"
        case .auth: "auth"
        case .invalidRequest: "invalid_request"
        case .contextWindow: "context_window"
        case .contentFilter: "content_filter"
        case .modelNotFound: "model_not_found"
        }
    }
}

extension Refusal {
    static func upstream(_ code: String, _ message: String) -> Refusal {
        Refusal(502, type: "upstream_error", code: code, message)
    }

    static func surfaceNotServed(_ target: String) -> Refusal {
        Refusal(
            422, type: "validation_error", code: "surface_not_served",
            "The provider of '\(target)' does not serve this kind of request.")
    }

    /// A provider's own failure, without its credentials' troubles.
    init(_ failure: UpstreamFailure) {
        // A model that the provider does not know is the operator's mistake: the caller asked for one of ours.
        let status = failure.kind == .modelNotFound ? 502 : failure.category.status
        let type = status == 429 ? "rate_limit" : "upstream_error"
        self.init(
            status, type: type, code: failure.code, failure.message, param: failure.param,
            retryAfter: status == 429 ? 1 : nil)
    }
}

extension BuiltInAnswer {
    /// What the demo provider answers to a request.
    fileprivate init(_ request: SurfaceRequest, model: String, at time: Timestamp) {
        let demo = DemoProvider(request, model: model, at: time)
        self.init(
            isEventStream: request.isStreaming,
            pieces: request.isStreaming ? demo.events : [demo.answer])
    }
}
