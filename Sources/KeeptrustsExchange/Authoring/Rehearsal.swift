import KeeptrustsAPI
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import KeeptrustsWire
import NIOCore

/// Plays exchanges as the gateway would decide them, without a network.
///
/// The config's targets are taken for ones that answer in the surface's own dialect. The caller's key may assert
/// identity and use every model; the key of a consumer group with a `key_ref` is the name of its variable.
final class Rehearsal {
    private let around: Surroundings
    private let model: String
    private let now = ContinuousClock.now

    /// What came of an exchange.
    struct Result {
        /// Nil when the exchange came to no end.
        var event: DecisionEvent?

        /// What went on, as its reader takes it: the texts of the answer, or else of the request.
        var texts: [String] = []
    }

    static let key = "kt_gk_test"

    var chain: PolicyChain { around.current.snapshot.chain }

    /// Compiles a config.
    ///
    /// - Throws: What ``Snapshot`` throws.
    init(_ config: PolicyConfig, cacheDirectory: String?) throws {
        let snapshot = try Snapshot(
            config.rehearsed, cacheDirectory: cacheDirectory, environment: ConfigEnvironment { $0 })
        var keys = snapshot.groupKeys
        keys[KeyRing.plainHash(of: Self.key)] = CallerKey(id: "test", mayAssertIdentity: true)
        let start = now
        around = Surroundings(
            snapshot: LoopSnapshot(snapshot), keys: KeyRing(plain: keys), gatewayID: "", allowsAnonymous: false,
            concurrency: ConcurrencyLimit(.max), seed: 1, mask: NameMask(key: []), hasRoom: { _ in true },
            clock: { start }, wallClock: { Timestamp(rawValue: 1_700_000_000_000_000) })
        around.asksServices = false
        around.recordsAll = true
        model = config.targets.first?.model ?? ""
    }

    /// Plays one exchange.
    func play(_ input: TestInput) -> Result {
        let body = ByteBuffer(string: request(input))
        guard let head = head(input, length: body.readableBytes) else { return Result() }
        var course = Course(exchange: Exchange(around, at: now), now: now)
        course.tell(.head(head, peer: Peer(isLoopback: true)))
        course.tell(.body(body))
        guard let call = course.call else { return course.result }
        guard let answer = input.answer else {
            course.texts = Surface.chatCompletions.texts(ofRequest: call)
            course.tell(.callerLeft)
            return course.result
        }
        let pieces = course.isStreaming(body) ? AnswerPieces.stream(answer, model) : [AnswerPieces.body(answer, model)]
        course.tell(.upstreamHead(UpstreamHead(status: 200, isEventStream: course.isStreaming(body))))
        for piece in pieces { course.tell(.upstreamBody(piece)) }
        course.tell(.upstreamEnded(.done))
        if course.event == nil { course.tell(.callerLeft) }
        return course.result
    }

    private func request(_ input: TestInput) -> String {
        guard !input.isMessages else {
            return "{\"model\":\(quoted(model)),\"messages\":\(input.request.canonicalJSON)}"
        }
        guard case .mapping(let members) = input.request.value, !members.contains(where: { $0.key == "model" }) else {
            return input.request.canonicalJSON
        }
        let rest = input.request.canonicalJSON.dropFirst()
        return "{\"model\":\(quoted(model))\(members.isEmpty ? "" : ",")\(rest)"
    }

    private func quoted(_ text: String) -> String {
        var buffer = ByteBuffer()
        buffer.writeJSONString(text)
        return String(buffer: buffer)
    }

    /// The head of a request with the fields of a test; nil when these are none that a gateway could read.
    private func head(_ input: TestInput, length: Int) -> HTTPRequestHead? {
        let names = input.headers.map { $0.name.lowercased() }
        var lines = ["POST \(Surface.chatCompletions.path) HTTP/1.1"]
        if !names.contains("host") { lines.append("host: test") }
        if !names.contains("authorization"), !names.contains("x-api-key"), !names.contains("api-key") {
            lines.append("authorization: Bearer \(Self.key)")
        }
        lines += input.headers.map { "\($0.name): \($0.value)" }
        lines += ["content-type: application/json", "content-length: \(length)"]
        var bytes = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
        var head = HTTPRequestHead()
        guard (try? head.parse(&bytes, limits: HTTPLimits())) == true else { return nil }
        return head
    }
}

/// One exchange that is being played.
private struct Course {
    var exchange: Exchange
    let now: ContinuousClock.Instant
    var texts: [String] = []

    /// The body that goes to a provider.
    private(set) var call: ByteBuffer?
    private(set) var event: DecisionEvent?
    private var reply = ByteBuffer()

    init(exchange: Exchange, now: ContinuousClock.Instant) {
        self.exchange = exchange
        self.now = now
    }

    var result: Rehearsal.Result { Rehearsal.Result(event: event, texts: texts) }

    mutating func tell(_ event: Exchange.Event) {
        var actions: [Exchange.Action] = []
        exchange.handle(event, at: now, into: &actions)
        for action in actions {
            switch action {
            case .call(_, let bytes): call = bytes.afterHead
            case .reply(let bytes): reply.writeImmutableBuffer(bytes)
            case .record(let bytes):
                self.event = try? DecisionEvent(record: bytes)
                tell(.recorded(true))
            case .end(let bytes, _):
                reply.writeImmutableBuffer(bytes)
                texts = Surface.chatCompletions.texts(ofReply: reply)
            case .readBody, .callBuiltIn, .cancelCall, .aside, .check, .cancelChecks, .tell, .tellOfService, .log,
                .wait, .abort:
                break
            }
        }
    }

    /// Whether the caller asked for an event stream.
    func isStreaming(_ body: ByteBuffer) -> Bool { (try? Surface.chatCompletions.read(body))?.isStreaming ?? false }
}
