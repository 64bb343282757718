import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import KeeptrustsRouting
import KeeptrustsWire
import NIOCore

// The first step: who asks, for what, and may the gateway serve one more.
extension Exchange {
    mutating func admit(
        _ head: HTTPRequestHead, from peer: Peer, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) {
        let time = around.wallClock()
        keepsAlive = head.keepsAlive && head.framing == .none && !around.isDraining
        record.time = time
        record.id = around.ids.identifier("evt", at: time)
        record.requestID = requestID(head, at: time)
        do throws(Refusal) {
            guard let surface = Surface.all.first(where: { head.isPath($0.path) }) else {
                return try serveInfo(head, from: peer, at: now, into: &actions)
            }
            guard head.method == .post else { throw .methodNotAllowed("POST") }
            record.key = try authenticate(head, from: peer)
            try checkBody(head)
            readIdentity(head)
            readWantedHeaders(head)
            takeRoute(head, on: surface)
            guard !around.isDraining else { throw .draining }
            guard around.hasRoom(around.inFlight) else { throw .spoolFull }
            guard around.concurrency.hasRoom() else { throw .overloaded }
            self.surface = surface
            record.surface = surface.name
            keepsAlive = head.keepsAlive
            state = .reading
            actions.append(.readBody(maxBytes: snapshot.config.sizeLimits.maxBodyBytes))
        } catch {
            refuse(error, at: now, into: &actions)
        }
    }

    /// Goes on with a request that is there in full; only now it takes a place, so that bodies that never come hold none.
    mutating func begin(with body: ByteBuffer, at now: ContinuousClock.Instant, into actions: inout [Action]) {
        isRead = true
        guard around.concurrency.take() else { return refuse(.overloaded, at: now, into: &actions) }
        holdsPlace = true
        read(body, at: now, into: &actions)
    }

    /// What is answered without a model: health, and the list of models.
    private mutating func serveInfo(
        _ head: HTTPRequestHead, from peer: Peer, at now: ContinuousClock.Instant, into actions: inout [Action]
    ) throws(Refusal) {
        let body: ByteBuffer
        var status = 200
        if head.isPath("/health") {
            let uptime = (now - around.beganServing).components.seconds
            let word = around.isDraining ? "draining" : "healthy"
            status = around.isDraining ? 503 : 200
            body = ByteBuffer(string: "{\"status\":\"\(word)\",\"uptime_seconds\":\(uptime)}")
        } else if head.isPath("/healthz") {
            body = ByteBuffer(string: "{\"status\":\"alive\"}")
        } else if head.isPath("/readyz") || head.isPath("/ready") {
            let obstacle = obstacle
            status = obstacle == nil ? 200 : 503
            body = ByteBuffer(
                string: obstacle.map { "{\"status\":\"not ready\",\"reason\":\"\($0)\"}" } ?? "{\"status\":\"ready\"}")
        } else if head.isPath("/v1/models") {
            body = models(for: try authenticate(head, from: peer)).body
        } else if let model = head.model {
            body = try self.model(model, for: try authenticate(head, from: peer))
        } else {
            throw .notFound
        }
        guard head.method == .get || head.method == .head else { throw .methodNotAllowed("GET") }
        var reply = Reply.whole(status: status, body: body, facts, using: &around.writer)
        if head.method == .head {
            reply = reply.getSlice(at: reply.readerIndex, length: reply.readableBytes - body.readableBytes) ?? reply
        }
        state = .settled
        actions.append(.end(reply, keepsAlive: keepsAlive))
    }

    /// Why every exchange would be refused at present: the code that it would be refused with; nil when it would not.
    private var obstacle: String? {
        if around.isDraining { return "draining" }
        guard around.hasRoom(around.inFlight) else { return "spool_full" }
        guard around.allowsAnonymous || around.keys.canJudge(at: record.time) else { return "keys_unavailable" }
        return nil
    }

    /// JSON only: what a browser may send to another origin without asking first is refused, too.
    private func checkBody(_ head: HTTPRequestHead) throws(Refusal) {
        if let type = head.value(of: "content-type"), !type.isMediaType("application/json") {
            throw Refusal(
                415, type: "validation_error", code: "unsupported_media_type", "Send the body as application/json.")
        }
        if let coding = head.value(of: "content-encoding"), !coding.isMediaType("identity") {
            throw Refusal(
                415, type: "validation_error", code: "unsupported_content_encoding", "Send the body uncompressed.")
        }
        if case .length(let length) = head.framing, length > snapshot.config.sizeLimits.maxBodyBytes {
            throw .bodyTooLarge(snapshot.config.sizeLimits.maxBodyBytes)
        }
    }

    private func authenticate(_ head: HTTPRequestHead, from peer: Peer) throws(Refusal) -> CallerKey {
        guard let credential = try CallerCredential.read(head) else {
            guard around.allowsAnonymous else { throw .missingKey }
            try AnonymousCaller.check(head, from: peer)
            return .anonymous
        }
        switch around.keys.answer(for: credential, at: record.time) {
        case .key(let key): return key.consumerGroup.flatMap { snapshot.groups[$0]?.limit(key) } ?? key
        case .bad: throw .badKey
        case .unknown: throw .keyUnknown
        }
    }

    private mutating func readIdentity(_ head: HTTPRequestHead) {
        guard record.key?.mayAssertIdentity == true else { return }
        record.assertedUser = head.value(of: "x-user-id").flatMap { $0.isPlainName ? $0 : nil }
        record.assertedTeam = head.value(of: "x-team-id").flatMap { $0.isPlainName ? $0 : nil }
    }

    /// The caller's name for the request, unless a policy finds in it what no record may hold; then one of ours.
    private func requestID(_ head: HTTPRequestHead, at time: Timestamp) -> ExchangeID {
        var id = around.ids.identifier("req", at: time)
        guard let given = head.value(of: "x-request-id"), given.isPlainName else { return id }
        if given.isUUID || loopSnapshot.findsNothing(in: given, on: .request) { id.given = given }
        return id
    }

    /// What stands in the head of the answer.
    var facts: Reply.Facts {
        Reply.Facts(
            requestID: record.requestID, keepsAlive: keepsAlive,
            verdict: record.judgements.isEmpty ? nil : record.verdict, isFlagged: record.isFlagged,
            configVersion: snapshot.config.pack.version)
    }
}

/// Where a caller's credential stands in a request's head.
enum CallerCredential {
    /// Reads the one credential; nil when there is none.
    ///
    /// `Authorization: Bearer` and `x-api-key` (also `api-key`) may both be there when they agree.
    static func read(_ head: HTTPRequestHead) throws(Refusal) -> ByteBuffer? {
        var found: ByteBuffer?
        for index in head.fields.indices {
            if head.isField(index, "authorization") {
                guard let token = head.value(at: index).afterBearer else { throw .noBearer }
                try take(token, &found)
            } else if head.isField(index, "x-api-key") || head.isField(index, "api-key") {
                try take(head.value(at: index), &found)
            }
        }
        return found
    }

    private static func take(_ value: ByteBuffer, _ found: inout ByteBuffer?) throws(Refusal) {
        guard value.readableBytes > 0, value.readableBytes <= 512 else { throw .badKey }
        if let other = found, other != value { throw .conflictingKeys }
        found = value
    }
}

extension ByteBuffer {
    /// The token of `Bearer <token>` (RFC 6750 §2.1; the scheme in any case).
    fileprivate var afterBearer: ByteBuffer? {
        let scheme: StaticString = "bearer "
        guard readableBytes > scheme.utf8CodeUnitCount, hasPrefix(scheme) else { return nil }
        var token = getSlice(
            at: readerIndex + scheme.utf8CodeUnitCount, length: readableBytes - scheme.utf8CodeUnitCount)
        while token?.getInteger(at: token?.readerIndex ?? 0, as: UInt8.self) == 0x20 {
            token?.moveReaderIndex(forwardBy: 1)
        }
        return token
    }

    /// Whether this is `type`, in any case, with or without parameters.
    fileprivate func isMediaType(_ type: StaticString) -> Bool {
        guard hasPrefix(type) else { return false }
        guard let next: UInt8 = getInteger(at: readerIndex + type.utf8CodeUnitCount) else { return true }
        return next == 0x3B || next == 0x20 || next == 0x09
    }

    /// Whether the text begins with `prefix`, which is in lower case, in any case.
    fileprivate func hasPrefix(_ prefix: StaticString) -> Bool {
        withUnsafeReadableBytes { bytes in
            guard bytes.count >= prefix.utf8CodeUnitCount else { return false }
            for index in 0..<prefix.utf8CodeUnitCount {
                let byte = bytes[index]
                guard (byte &- 0x41 < 26 ? byte | 0x20 : byte) == prefix.utf8Start[index] else { return false }
            }
            return true
        }
    }

    /// Whether this has the form of a UUID (RFC 9562 §4).
    fileprivate var isUUID: Bool {
        readableBytes == 36
            && readableBytesView.enumerated().allSatisfy { index, byte in
                let isHyphen = index == 8 || index == 13 || index == 18 || index == 23
                return isHyphen ? byte == 0x2D : byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6
            }
    }

    /// Whether this may be an identifier in a record and in a header: 1 to 128 visible ASCII characters.
    fileprivate var isPlainName: Bool {
        guard readableBytes > 0, readableBytes <= 128 else { return false }
        return withUnsafeReadableBytes { bytes in
            for byte in bytes where byte <= 0x20 || byte >= 0x7F || byte == 0x22 || byte == 0x5C { return false }
            return true
        }
    }
}
