import KeeptrustsCore
import KeeptrustsMatching
import KeeptrustsWire
import NIOCore

/// The kind `embedding-detector`: texts that are near a reference text do not pass as they are.
///
/// A service outside turns texts into vectors by their meaning; the vectors of the references are asked for once on each
/// event loop. Or words and parts of words are compared here (``ReferenceTexts``). What is near is decided here either way, by
/// the cosine of the angle between two vectors.
struct EmbeddingDetector: Policy {
    static let kind = PolicyKind(
        "embedding-detector", streaming: .whole, phases: [.request, .response], capable: Set(Phase.allCases))

    let rules: [Rule] = []
    let services: [ServiceAddress]
    let timeout: Duration
    private let model: String
    let threshold: Double
    private let redacts: Bool
    private let references: [(label: String, text: ByteBuffer)]

    /// What texts are compared with here; nil where a service is asked.
    let local: ReferenceTexts?

    private enum Key: String, ConfigKey {
        case backend, endpoint, model, action, categories
        case secret = "secret_key_ref"
        case threshold = "similarity_threshold"
        case timeout = "timeout_ms"
    }
    private enum CategoryKey: String, ConfigKey {
        case label
        case text = "reference_text"
    }
    private enum Backend: String, CaseIterable { case external, local }
    private enum Action: String, CaseIterable { case redact, block }

    /// References of one policy, and the longest of them (bytes).
    private static let mostReferences = 32
    private static let mostBytes = 2_048

    /// Texts of one question: their vectors must fit into one reply.
    private static let mostTexts = 8

    /// The longest reply (bytes): eight vectors of 3,072 numbers.
    private static let mostReplyBytes = 1 << 19

    init(_ config: ConfigNode) throws(ConfigError) {
        try config.refuse(["api_key": "say 'secret_key_ref: {env: NAME}'; a configuration holds no secrets."])
        let mapping = try config.mapping(Key.self)
        let isLocal = try mapping[.backend]?.choice(of: Backend.self) ?? .local == .local
        if isLocal { try Self.refuseSettingsOfServices(mapping) }
        services = isLocal ? [] : [try ServiceAddress(mapping[.endpoint], secret: mapping[.secret], owner: config)]
        model = try mapping[.model]?.label(upTo: 256) ?? "all-MiniLM-L6-v2"
        let range = 0...1.0
        threshold = try mapping[.threshold]?.number(in: range) ?? (isLocal ? 0.6 : 0.7)
        guard !isLocal || threshold > 0 else {
            let place = mapping[.threshold] ?? config
            throw ConfigError(.outOfRange, at: place.location, "'\(place.path)' must be above 0.")
        }
        timeout = .milliseconds(try mapping[.timeout]?.integer(in: 1...60_000) ?? 2_000)
        redacts = try mapping[.action]?.choice(of: Action.self) ?? .redact == .redact
        references = try Self.references(mapping[.categories])
        local = isLocal ? ReferenceTexts(references.map { Array($0.text.readableBytesView) }) : nil
    }

    private static func refuseSettingsOfServices(_ mapping: ConfigMapping<Key>) throws(ConfigError) {
        for key in [Key.endpoint, .model, .secret, .timeout] {
            guard let node = mapping[key] else { continue }
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' has no effect: no service is asked.",
                hint: "say 'backend: external', or remove the key")
        }
    }

    private static func references(_ node: ConfigNode?) throws(ConfigError) -> [(label: String, text: ByteBuffer)] {
        let entries = try node?.list() ?? []
        guard entries.count <= mostReferences else {
            let place = node?.location ?? SourceLocation(file: "", line: 1, column: 1)
            throw ConfigError(.limit, at: place, "\(node?.name ?? "") has more than \(mostReferences) entries.")
        }
        var references: [(label: String, text: ByteBuffer)] = []
        for entry in entries {
            let mapping = try entry.mapping(CategoryKey.self)
            let text = try mapping.required(.text)
            let bytes = ByteBuffer(string: try text.string())
            guard (1...mostBytes).contains(bytes.readableBytes) else {
                throw ConfigError(.outOfRange, at: text.location, "\(text.name) must be 1 to \(mostBytes) bytes.")
            }
            references.append((try mapping.required(.label).label(upTo: 64), bytes))
        }
        return references
    }

    /// A piece of a text, and where it begins there.
    private struct Piece {
        var segment: Int
        var start: Int
        var text: ByteBuffer
    }

    private func pieces(of examination: Examination) -> [Piece] {
        var pieces: [Piece] = []
        for segment in examination.own where examination.length(of: segment) > 0 {
            var start = 0
            for text in examination.segments[segment].text.pieces(upTo: Self.mostBytes) {
                pieces.append(Piece(segment: segment, start: start, text: text))
                start += text.readableBytes
            }
        }
        return pieces
    }

    /// The references' vectors, once they are known.
    private func known(_ examination: Examination) -> Remembered<[[Double]]> {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for text in [ByteBuffer(string: model)] + references.map(\.text) {
            for byte in text.readableBytesView { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = hash &* 0x100_0000_01B3
        }
        return examination.remember("\(hash)", for: .seconds(86_400)) { [] }
    }

    /// The references' vectors.
    var needs: FactNeeds { FactNeeds(memory: local == nil) }

    func questions(_ examination: Examination) throws -> [ServiceQuestion] {
        let texts = pieces(of: examination).map(\.text)
        guard local == nil, !references.isEmpty, !texts.isEmpty else { return [] }
        let asked = known(examination).value.isEmpty ? references.map(\.text) : []
        return (asked.batches(of: Self.mostTexts) + texts.batches(of: Self.mostTexts)).map { batch in
            var body = ByteBuffer(string: #"{"model":"#)
            body.writeJSONString(model)
            body.writeStaticString(#","input":["#)
            for (place, text) in batch.enumerated() {
                if place > 0 { body.writeStaticString(",") }
                body.writeJSONString(text)
            }
            body.writeStaticString("]}")
            var question = ServiceQuestion(path: "", body: body)
            question.mostBytes = Self.mostReplyBytes
            return question
        }
    }

    func opinion(on replies: [ServiceReply], _ examination: Examination) throws -> Opinion {
        let pieces = pieces(of: examination)
        let memory = known(examination)
        // Another exchange may have learnt the references meanwhile; how many were asked for tells what these replies hold.
        let own = pieces.batches(of: Self.mostTexts)
        let first = replies.count - own.count
        if first > 0 {
            let batches = references.batches(of: Self.mostTexts)
            guard first == batches.count else { throw MalformedReply(what: "another number of replies") }
            let asked = try zip(replies, batches).flatMap { try Self.vectors(in: $0, count: $1.count) }
            guard asked.allSatisfy({ $0.count == asked[0].count }) else {
                throw MalformedReply(what: "references of several lengths")
            }
            memory.value = asked
        }
        guard memory.value.count == references.count else { throw MalformedReply(what: "no references") }
        var opinion = Opinion()
        var failure: (any Error)?
        for (batch, reply) in zip(own, replies.dropFirst(max(0, first))) {
            do { try judge(batch, reply, memory, &opinion) } catch { failure = failure ?? error }
        }
        // What one vector forbids is forbidden, even if another one is missing.
        if let failure, opinion.decision.verdict < .escalate { throw failure }
        return opinion
    }

    private func judge(
        _ batch: [Piece], _ reply: ServiceReply, _ memory: Remembered<[[Double]]>, _ opinion: inout Opinion
    ) throws {
        let vectors = try Self.vectors(in: reply, count: batch.count)
        guard vectors.allSatisfy({ $0.count == memory.value.first?.count }) else {
            // The service has another model now, or had another one then: the next exchange asks for them anew.
            memory.value = []
            throw MalformedReply(what: "vectors of other lengths")
        }
        for (piece, vector) in zip(batch, vectors) { try judge(piece, vector, memory.value, &opinion) }
    }

    private func judge(
        _ piece: Piece, _ vector: [Double], _ references: [[Double]], _ opinion: inout Opinion
    ) throws {
        var nearest: (place: Int, score: Double)?
        for (place, reference) in references.enumerated() {
            let score = try Self.cosine(vector, reference)
            if score >= threshold, score > nearest?.score ?? 0 { nearest = (place, score) }
        }
        guard let nearest else { return }
        let end = piece.start + piece.text.readableBytes
        note(nearest.place, nearest.score, piece.segment, findingAt: 0..<0, taking: piece.start..<end, &opinion)
    }

    /// Takes a place that is near a reference into account.
    func note(
        _ reference: Int, _ score: Double, _ segment: Int, findingAt span: Range<Int>, taking edit: Range<Int>,
        _ opinion: inout Opinion
    ) {
        let label = references[reference].label.asCategory
        let finding = Finding("embedding.\(label)", at: span, confidence: min(1, score))
        opinion.findings.append(LocatedFinding(segment: segment, finding))
        let reason = Reason(
            code: "embedding_detector.detected", message: "The text is too near to what is not allowed here (\(label))."
        )
        opinion.decision = Decision(verdict: redacts ? .redact : .block, reason: reason)
        guard redacts else { return }
        opinion.edits.append(Redaction(segment: segment, span: edit, replacement: "[REDACTED]"))
    }

    /// The vectors of a reply in OpenAI's form, in the order in which they were asked for.
    private static func vectors(in reply: ServiceReply, count: Int) throws -> [[Double]] {
        let body = try reply.get().body
        guard body.readableBytes <= mostReplyBytes else { throw MalformedReply(what: "too much") }
        let tree = try JSONTree(body)
        let entries = tree.children(of: try tree.need("data", of: 0, .array))
        guard entries.count == count else { throw MalformedReply(what: "another number of vectors") }
        var vectors = [[Double]](repeating: [], count: count)
        for (place, entry) in entries.enumerated() {
            let index = try tree.member("index", of: entry).map { try tree.index($0, below: count) } ?? place
            guard vectors[index].isEmpty else { throw MalformedReply(what: "a vector twice") }
            vectors[index] = try tree.children(of: try tree.need("embedding", of: entry, .array)).map { number in
                guard let value = tree.double(number), value.isFinite else { throw MalformedReply(what: "no number") }
                return value
            }
            // Of one that is too short or too long, no angle can be computed.
            guard vectors[index].reduce(0, { $0 + $1 * $1 }).isNormal else {
                throw MalformedReply(what: "a vector without a direction")
            }
        }
        return vectors
    }

    /// - Throws: ``MalformedReply`` when it cannot be computed: nothing compares with what is no number.
    private static func cosine(_ a: [Double], _ b: [Double]) throws(MalformedReply) -> Double {
        var (product, sumA, sumB) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            product += x * y
            sumA += x * x
            sumB += y * y
        }
        // The sums multiplied may be more than a number can be.
        let cosine = product / sumA.squareRoot() / sumB.squareRoot()
        guard cosine.isFinite else { throw MalformedReply(what: "vectors without an angle") }
        return cosine
    }
}

extension JSONTree {
    /// A number that counts from zero.
    fileprivate func index(_ number: Int, below count: Int) throws -> Int {
        guard let value = double(number), let index = Int(exactly: value), (0..<count).contains(index) else {
            throw MalformedReply(what: "no index")
        }
        return index
    }
}

extension Array {
    /// The elements in their order, so many together; fewer in the last.
    func batches(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
