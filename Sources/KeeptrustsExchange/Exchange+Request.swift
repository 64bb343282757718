import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import KeeptrustsRouting
import KeeptrustsWire
import NIOCore

// The second step: what is asked, and may it be asked; then the way to the first target.
extension Exchange {
    mutating func read(_ body: ByteBuffer, at now: ContinuousClock.Instant, into actions: inout [Action]) {
        isRead = true
        guard let surface else { return refuse(.notFound, at: now, into: &actions) }
        guard !isLong(body) else {
            return putAside(LongReading(body, on: surface, of: caller), at: now, into: &actions)
        }
        let result: Result<SurfaceRequest, SurfaceFault>
        do throws(SurfaceFault) { result = .success(try surface.read(body)) } catch { result = .failure(error) }
        take(result, at: now, into: &actions)
    }

    /// Goes on with a request that has been read; nil when nobody has read it.
    mutating func take(
        _ result: Result<SurfaceRequest, SurfaceFault>?, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        do throws(Refusal) {
            let request: SurfaceRequest
            switch result {
            case .success(let read): request = read
            case .failure(let fault): throw Refusal(fault)
            case nil: throw .overloaded
            }
            let known = snapshot.selector.candidates(for: request.model)
            record.model = known == nil ? around.mask.masked(request.model) : request.model
            record.isStreaming = request.isStreaming
            guard let key = record.key, key.may(use: request.model) else {
                throw .modelNotAllowed(request.model, among: record.key.map(models) ?? ModelList([]))
            }
            guard let known else { throw .modelNotFound(request.model, among: models(for: key)) }
            // What stands in for a target is asked with its own model, which the key must be one for, too.
            let onRoute = try targetsOnRoute(known, for: request.model, of: key)
            let permitted = onRoute.filter { key.may(ask: snapshot.targets[$0]) }
            let candidates = try snapshot.candidates(permitted, for: request)
            let started = around.clock()
            let texts = request.texts.map(\.segment)
            if snapshot.chain.isReversible { placeholders.beginRemembering(texts) }
            guard !isLong(texts) else {
                return judgeAside(
                    texts, of: request, for: .request(request, candidates: candidates), at: now, into: &actions)
            }
            let step = begun(texts, of: request, at: .request, now)
            placeholders.endRemembering()
            record.policyTime += around.clock() - started
            switch step {
            case .finished(let outcome):
                proceed(request, candidates, outcome, at: now, into: &actions)
            case .asking(let pending):
                ask(pending, about: .request(request, candidates: candidates), at: now, into: &actions)
            }
        } catch {
            refuse(error, at: now, into: &actions)
        }
    }

    /// Goes on with a request that the input chain has judged.
    mutating func proceed(
        _ request: consuming SurfaceRequest, _ candidates: [Int], _ outcome: consuming ChainOutcome,
        at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        var candidates = candidates
        do throws(Refusal) {
            try apply(outcome, to: &request, &candidates, at: now)
            self.request = request
            route = AttemptSequence(candidates: candidates, triggers: snapshot.config.fallback.triggers)
            guard !candidates.isEmpty else { throw .noTarget(self.request?.model ?? "") }
            guard let first = begin(at: now) else {
                let ids = candidates.lazy.map { [snapshot] in snapshot.targets[$0].id }
                throw .allTargetsDown(for: around.breakers.rest(of: ids, at: now))
            }
            start(first, at: now, into: &actions)
        } catch {
            refuse(error, at: now, into: &actions)
        }
    }

    /// Notes what the input chain says of the request, what it changes, and which targets it leaves.
    private mutating func apply(
        _ outcome: consuming ChainOutcome, to request: inout SurfaceRequest, _ candidates: inout [Int],
        at now: ContinuousClock.Instant
    ) throws(Refusal) {
        let started = around.clock()
        if snapshot.chain.routes, outcome.verdict < .escalate, !candidates.isEmpty {
            let permitted = snapshot.chain.route(
                candidates.map { snapshot.targets[$0].facts }, facts: policyFacts(request, at: .request, now),
                outcome: &outcome)
            candidates = zip(candidates, permitted).filter(\.1).map(\.0)
        }
        record.policyTime += around.clock() - started
        let refusal = outcome.verdict >= .escalate ? Refusal(copy outcome, phase: .request) : nil
        let redactions = outcome.redactions
        record.note(outcome, in: "request")
        if let refusal { throw refusal }
        if snapshot.chain.isReversible, !redactions.isEmpty {
            markers = placeholders.takeOriginals(redactions, in: request.texts.map(\.segment)).map(MarkerTable.init)
        }
        if !hasCut { request.cut(redactions) }
    }

    /// The first target that may be asked.
    private mutating func begin(at now: ContinuousClock.Instant) -> Int? {
        guard var sequence = route else { return nil }
        let step = sequence.begin { around.breakers.mayTry(snapshot.targets[$0].id, snapshot.config.breaker, at: now) }
        route = sequence
        guard case .attempt(let target, _) = step else { return nil }
        return target
    }
}

extension Refusal {
    init(_ fault: SurfaceFault) {
        self.init(
            fault.category.status, type: "validation_error", code: fault.code, fault.message, hint: fault.hint,
            param: fault.param)
    }

    /// What a chain's verdict answers; 503 where it is only that a service could not judge, for another try may pass.
    init(_ outcome: ChainOutcome, phase: Phase) {
        let reason = outcome.reason ?? Reason(code: "policy.blocked", message: "A policy does not allow this.")
        if let failure = outcome.failure {
            self.init(
                503, type: "unavailable", code: "check_unavailable", reason.message, policy: outcome.policy,
                retryAfter: failure.mayPass ? 5 : nil, forbidsRetry: !failure.mayPass)
            return
        }
        let type = outcome.verdict == .escalate ? "escalation_required" : "policy_violation"
        self.init(
            409, type: type, code: reason.code, reason.message, policy: outcome.policy,
            forbidsRetry: true)
    }

    /// Nobody may be asked for `rest`, at least.
    static func allTargetsDown(for rest: Duration) -> Refusal {
        let seconds = rest.components.seconds + (rest.components.attoseconds > 0 ? 1 : 0)
        return Refusal(
            503, type: "upstream_error", code: "no_target_available",
            "Every provider that could answer is resting after failures.", retryAfter: max(1, Int(seconds)))
    }

    static func noTarget(_ model: String) -> Refusal {
        Refusal(
            503, type: "upstream_error", code: "no_target_available",
            "No provider of '\(model)' is set up with its credential.", forbidsRetry: true)
    }
}
