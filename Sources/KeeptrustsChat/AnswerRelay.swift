import AsyncHTTPClient
import Foundation
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsWeb
import Logging
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import ServiceLifecycle

/// One turn: asks the gateway, and tells the browser what happens as it happens.
///
/// Ends the call to the gateway, and with it the provider's, as soon as the browser leaves or this server stops; what
/// has been written by then stays in the conversation.
struct AnswerRelay: Sendable {
    let gateway: Gateway
    private let conversation: Conversation
    private let turn: Int
    private let text: String
    private let model: String

    /// What was said before, as far as it fits into one request.
    private let context: [Conversation.Turn]

    /// The browser's session, which ends with the person's access.
    private let secret: String?

    /// No answer may be longer (bytes).
    private static let maximumAnswer = 4 << 20

    /// How much of the conversation goes along with a message (bytes).
    private static let maximumContext = 512 << 10

    init(
        gateway: Gateway, conversation: Conversation, turn: Int, text: String, model: String,
        earlier: [Conversation.Turn], secret: String?
    ) {
        self.gateway = gateway
        self.conversation = conversation
        self.turn = turn
        self.secret = secret
        self.text = text
        self.model = model
        var room = Self.maximumContext - text.utf8.count
        let kept = earlier.reversed().prefix { turn in
            room -= turn.text.utf8.count + turn.answer.utf8.count
            return room >= 0
        }
        context = kept.reversed()
    }

    /// The place of the message among the texts of the request, by which findings name it.
    private var segment: Int { context.count * 2 }

    func run(for request: Request, logger: Logger, to writer: inout any ResponseBodyWriter) async throws {
        do {
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                do {
                    try await tell("conversation", Begun(id: conversation.id, turn: turn), to: &writer)
                    let requestID = try await relay(to: &writer)
                    // The turn is over: the next one need not wait for the record.
                    conversation.end(turn)
                    try await tellDecision(on: requestID, logger: logger, to: &writer)
                } catch let fault as RequestFault {
                    try await refuse(Refusal(fault), to: &writer)
                } catch let error where !(error is CancellationError) && !Task.isCancelled {
                    logger.warning("turn failed", metadata: ["error": "\(String(reflecting: error))"])
                    try await tell("ended", ["reason": "cut"], to: &writer)
                }
                try await writer.finish(nil)
            }
        } catch let error where error is CancellationError || Task.isCancelled {
            conversation.update(turn) { $0.state = "stopped" }
            throw CancellationError()
        }
    }

    /// Asks, and tells all of the answer.
    ///
    /// - Returns: The id by which the gateway records the exchange.
    private func relay(to writer: inout any ResponseBodyWriter) async throws -> String {
        let answer = try await gateway.ask("/v1/chat/completions", body: try body())
        let requestID = answer.headers.first(name: "x-request-id") ?? gateway.requestID
        conversation.update(turn) {
            $0.requestID = requestID
            $0.segment = segment
        }
        if answer.status == .ok {
            let started = Started(
                request_id: requestID, verdict: answer.headers.first(name: "x-keeptrusts-verdict") ?? "allow",
                flagged: answer.headers.first(name: "x-keeptrusts-flagged") == "true", segment: segment)
            conversation.update(turn) { ($0.verdict, $0.flagged) = (started.verdict, started.flagged) }
            try await tell("started", started, to: &writer)
            try await stream(answer.body, to: &writer)
        } else {
            try await refuse(try await refusal(answer), to: &writer)
        }
        return requestID
    }

    /// What the gateway says instead of an answer.
    ///
    /// A key that it does not know may be one that it does not know yet; the control plane tells.
    private func refusal(_ answer: HTTPClientResponse) async throws -> Refusal {
        let body = try await answer.body.collect(upTo: 1 << 20)
        let refusal = AnswerReader.refusal(
            status: Int(answer.status.code), body: body, retryAfter: answer.headers.first(name: "retry-after"))
        guard answer.status == .unauthorized, await gateway.accessHasEnded() else { return refusal }
        if let secret { gateway.app.sessions.end(secret) }
        return Refusal(.accessEnded)
    }

    /// Tells what was decided, or that this is not to be had; the answer is complete without it.
    private func tellDecision(
        on requestID: String, logger: Logger, to writer: inout any ResponseBodyWriter
    ) async throws {
        var event: DecisionEvent?
        do {
            event = try await gateway.decision(on: requestID)
        } catch let error where !(error is CancellationError) && !Task.isCancelled {
            logger.warning("decision not found", metadata: ["error": "\(String(reflecting: error))"])
        }
        guard let event else { return try await tell("undecided", ["request_id": requestID], to: &writer) }
        conversation.decide(event, on: requestID)
        try await tell("decision", Decided(event: event, segment: segment), to: &writer)
    }

    private func stream(_ body: HTTPClientResponse.Body, to writer: inout any ResponseBodyWriter) async throws {
        var reader = AnswerReader()
        var (size, end, isRefused) = (0, "cut", false)
        for try await bytes in body.cancelOnGracefulShutdown() {
            var parts: [AnswerReader.Part] = []
            try reader.push(bytes, into: &parts)
            for part in parts {
                switch part {
                case .text(let piece):
                    size += piece.utf8.count
                    guard size <= Self.maximumAnswer else { throw AnswerReader.Malformed() }
                    conversation.update(turn) { $0.answer += piece }
                    try await tell("delta", ["text": piece], to: &writer)
                case .finished(let reason): end = reason
                case .refused(let refusal):
                    isRefused = true
                    try await refuse(refusal, to: &writer)
                }
            }
        }
        guard !isRefused else { return }
        conversation.update(turn) { [end] in $0.state = end }
        try await tell("ended", ["reason": end], to: &writer)
    }

    private func refuse(_ refusal: Refusal, to writer: inout any ResponseBodyWriter) async throws {
        conversation.update(turn) {
            $0.refusal = refusal
            if refusal.isOfPolicy { $0.answer = "" }
        }
        try await tell("refused", refusal, to: &writer)
    }

    private func tell(_ name: String, _ value: some Encodable, to writer: inout any ResponseBodyWriter) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var event = ByteBuffer(string: "event: \(name)\ndata: ")
        event.writeBytes(try encoder.encode(value))
        event.writeString("\n\n")
        do {
            try await writer.write(event)
        } catch {
            // Nobody reads any more. A write can notice it before the watch over the connection does.
            throw CancellationError()
        }
    }

    /// The request to the gateway.
    private func body() throws -> ByteBuffer {
        struct Message: Encodable {
            var role: String
            var content: String
        }
        struct Options: Encodable { var include_usage = true }
        struct Body: Encodable {
            var model: String
            var messages: [Message]
            var stream = true
            var stream_options = Options()
        }
        let past = context.flatMap {
            [Message(role: "user", content: $0.text), Message(role: "assistant", content: $0.answer)]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = Body(model: model, messages: past + [Message(role: "user", content: text)])
        return ByteBuffer(data: try encoder.encode(body))
    }
}

/// What was decided, and which of the exchange's texts was the message.
struct Decided: Encodable {
    var event: DecisionEvent
    var segment: Int
}

/// The first news of a turn: where it stands.
private struct Begun: Encodable {
    var id: String

    /// How many turns there are before it.
    var turn: Int
}

/// What comes when the request has passed the policies.
private struct Started: Encodable {
    var request_id: String
    var verdict: String
    var flagged: Bool

    /// The place of the message among the texts of the exchange: past 0, the verdict can be about earlier ones.
    var segment: Int
}

extension Refusal {
    fileprivate init(_ fault: RequestFault) {
        self.init(
            status: fault.status.code, type: fault.category.rawValue, code: fault.code, message: fault.message,
            hint: fault.hint)
    }
}
