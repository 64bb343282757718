import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange
import KeeptrustsPolicy
import KeeptrustsWire
import NIOCore

/// An exchange played as a list of events: what is asked and told, and what it wants done.
final class Play {
    static let key = "kt_gk_test"

    /// Two targets for one model, and a third that stands in for none.
    static let yaml = """
        pack: {name: play, version: 1.2.3, enabled: true}
        policies: {chain: [prompt-injection, pii-detector, audit-logger]}
        policy:
          pii-detector: {action: redact}
        consumer_groups:
          - {name: tests, key_ref: {env: KEY}, allowed_models: [gpt-4o, other, nothing, first]}
        providers:
          retry: {max_attempts: 1}
          targets:
            - {id: first, provider: openai, model: gpt-4o, base_url: "http://127.0.0.1:9/v1", secret_key_ref: {env: SECRET}, pricing: {input: 2, output: 10, currency: USD}}
            - {id: second, provider: openai, model: gpt-4o, base_url: "http://127.0.0.2:9/v1", secret_key_ref: {env: SECRET}}
            - {id: third, provider: openai, model: other, base_url: "http://127.0.0.3:9/v1"}
            - {id: missing, provider: openai, model: nothing, base_url: "http://127.0.0.3:9/v1", secret_key_ref: {env: NOT_SET}}
        """

    let around: Surroundings
    var exchange: Exchange
    var now = ContinuousClock.now
    private(set) var actions: [Exchange.Action] = []

    /// The last decision event that was written.
    private(set) var lastRecord: [String: Any]?

    init(
        _ yaml: String = Play.yaml, allowsAnonymous: Bool = false, hasRoom: Bool = true, wantsAnswers: Bool = false,
        failMode: PolicyChain.OnError = .block, concurrency: ConcurrencyLimit = ConcurrencyLimit(.max),
        longTexts: Int? = nil, environment more: [String: String] = [:], tick: Duration = .zero
    ) throws {
        let config = try PolicyConfig(yaml: yaml, file: "play.yaml")
        let environment = ["KEY": Play.key, "SECRET": "sk-upstream"].merging(more) { $1 }
        let snapshot = try Snapshot(
            config, cacheDirectory: TestPatterns.directory, failMode: failMode,
            environment: ConfigEnvironment { environment[$0] })
        // What policies take is told by a clock that goes on by a tick whenever it is looked at.
        var time = now
        around = Surroundings(
            snapshot: LoopSnapshot(snapshot), keys: KeyRing(plain: snapshot.groupKeys), gatewayID: "gw_1",
            allowsAnonymous: allowsAnonymous, concurrency: concurrency, longTexts: longTexts, seed: 1,
            mask: NameMask(key: [UInt8](repeating: 7, count: 16)),
            hasRoom: { _ in hasRoom }, wantsAnswers: { wantsAnswers },
            clock: {
                time += tick
                return time
            },
            wallClock: { Timestamp(rawValue: 1_700_000_000_000_000) })
        exchange = Exchange(around, at: now)
    }

    /// Begins another exchange of the same caller.
    func begin() { exchange = Exchange(around, at: now) }

    /// Tells an event, and gives what must be done.
    @discardableResult
    func tell(_ event: Exchange.Event) -> [Exchange.Action] {
        actions = []
        exchange.handle(event, at: now, into: &actions)
        lastRecord = actions.record ?? lastRecord
        return actions
    }

    /// Sends a head.
    @discardableResult
    func head(
        _ line: String = "POST /v1/chat/completions", _ fields: [String] = ["authorization: Bearer \(Play.key)"],
        length: Int? = 10, host: String = "localhost:41002", isLoopback: Bool = true
    ) throws -> [Exchange.Action] {
        var lines = ["\(line) HTTP/1.1", "host: \(host)"] + fields
        if let length { lines += ["content-type: application/json", "content-length: \(length)"] }
        var bytes = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
        var head = HTTPRequestHead()
        guard try head.parse(&bytes, limits: HTTPLimits()) else { throw Incomplete() }
        return tell(.head(head, peer: Peer(isLoopback: isLoopback)))
    }

    /// Sends a chat request with a good key, and gives what it leads to.
    @discardableResult
    func chat(_ body: String) throws -> [Exchange.Action] {
        try head(length: body.utf8.count)
        return tell(.body(ByteBuffer(string: body)))
    }

    /// A whole answer of the provider.
    @discardableResult
    func answer(status: Int = 200, _ body: String) -> [Exchange.Action] {
        tell(.upstreamHead(UpstreamHead(status: status, isEventStream: false)))
        tell(.upstreamBody(ByteBuffer(string: body)))
        return tell(.upstreamEnded(.done))
    }

    private struct Incomplete: Error {}
}

extension [Exchange.Action] {
    /// The request that goes to a provider.
    var call: (target: String, bytes: String)? {
        lazy.compactMap { action in
            guard case .call(let target, let bytes) = action else { return nil }
            return (target.id, String(buffer: bytes))
        }.first
    }

    /// What the operator is told of targets.
    var told: [String] {
        compactMap { action in
            guard case .tell(let news, let target) = action else { return nil }
            return switch news {
            case .failed(let error): "\(target.id) failed: \(error)"
            case .answered: "\(target.id) answered"
            }
        }
    }

    /// What the operator is told of services.
    var toldOfServices: [String] {
        compactMap { action in
            guard case .tellOfService(let news, let endpoint) = action else { return nil }
            return "\(news.policy) at \(endpoint.authority): \(news.failure?.rawValue ?? "answered")"
        }
    }

    /// What the operator is told of policies.
    var detections: [Detection] {
        compactMap { action in
            guard case .log(let detection) = action else { return nil }
            return detection
        }
    }

    /// The questions to services.
    var checks: [ServiceCall] {
        compactMap { action in
            guard case .check(let call) = action else { return nil }
            return call
        }
    }

    /// What is to be done elsewhere.
    var aside: (any LongWork)? {
        lazy.compactMap { action in
            guard case .aside(let work) = action else { return nil }
            return work
        }.first
    }

    var cancelsChecks: Bool {
        contains { action in
            guard case .cancelChecks = action else { return false }
            return true
        }
    }

    /// The decision event that is written.
    var record: [String: Any]? {
        lazy.compactMap { action -> [String: Any]? in
            guard case .record(let bytes) = action else { return nil }
            return try? JSONSerialization.jsonObject(with: Data(buffer: bytes)) as? [String: Any]
        }.first
    }

    /// What goes to the caller at the end, and whether the connection lives on.
    var end: (text: String, keepsAlive: Bool)? {
        lazy.compactMap { action in
            guard case .end(let bytes, let keepsAlive) = action else { return nil }
            return (String(buffer: bytes), keepsAlive)
        }.first
    }

    /// What goes to the caller before the end.
    var replies: String {
        map { action in
            guard case .reply(let bytes) = action else { return "" }
            return String(buffer: bytes)
        }.joined()
    }

    var cancels: Bool {
        contains { action in
            guard case .cancelCall = action else { return false }
            return true
        }
    }

    var aborts: Bool {
        contains { action in
            guard case .abort = action else { return false }
            return true
        }
    }

    var readsBody: Bool {
        contains { action in
            guard case .readBody = action else { return false }
            return true
        }
    }
}

extension Data {
    fileprivate init(buffer: ByteBuffer) { self.init(buffer.readableBytesView) }
}
