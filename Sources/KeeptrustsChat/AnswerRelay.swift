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
    private let text: String
    private let model: String

    /// What was said before, as far as it fits into one request.
    private let context: [Conversation.Turn]

    /// No answer may be longer (bytes).
    private static let maximumAnswer = 4 << 20

    /// How much of the conversation goes along with a message (bytes).
    private static let maximumContext = 512 << 10

    private var conversation: Conversation { gateway.session.conversation }

    init(gateway: Gateway, text: String, model: String, earlier: [Conversation.Turn]) {
        self.gateway = gateway
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
                    try await relay(to: &writer)
                } catch let fault as RequestFault {
                    try await refuse(Refusal(fault), to: &writer)
                } catch let error where !(error is CancellationError) && !Task.isCancelled {
                    logger.warning("turn failed", metadata: ["error": "\(String(reflecting: error))"])
                    try await tell("ended", ["reason": "cut"], to: &writer)
                }
                try await writer.finish(nil)
            }
        } catch let error where error is CancellationError || Task.isCancelled {
            conversation.update { $0.state = "stopped" }
            throw CancellationError()
        }
    }

    private func relay(to writer: inout any ResponseBodyWriter) async throws {
        let answer = try await gateway.ask("/v1/chat/completions", body: try body())
        let requestID = answer.headers.first(name: "x-request-id") ?? gateway.requestID
        conversation.update {
            $0.requestID = requestID
            $0.segment = segment
        }
        if answer.status == .ok {
            let started = Started(
                request_id: requestID, verdict: answer.headers.first(name: "x-keeptrusts-verdict") ?? "allow",
                flagged: answer.headers.first(name: "x-keeptrusts-flagged") == "true")
            try await tell("started", started, to: &writer)
            try await stream(answer.body, to: &writer)
        } else {
            let body = try await answer.body.collect(upTo: 1 << 20)
            try await refuse(
                AnswerReader.refusal(
                    status: Int(answer.status.code), body: body, retryAfter: answer.headers.first(name: "retry-after")),
                to: &writer)
        }
        guard let event = try await gateway.decision(on: requestID) else { return }
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
                    conversation.update { $0.answer += piece }
                    try await tell("delta", ["text": piece], to: &writer)
                case .finished(let reason): end = reason
                case .refused(let refusal):
                    isRefused = true
                    try await refuse(refusal, to: &writer)
                }
            }
        }
        guard !isRefused else { return }
        conversation.update { [end] in $0.state = end }
        try await tell("ended", ["reason": end], to: &writer)
    }

    private func refuse(_ refusal: Refusal, to writer: inout any ResponseBodyWriter) async throws {
        conversation.update { $0.refusal = refusal }
        try await tell("refused", refusal, to: &writer)
    }

    private func tell(_ name: String, _ value: some Encodable, to writer: inout any ResponseBodyWriter) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var event = ByteBuffer(string: "event: \(name)\ndata: ")
        event.writeBytes(try encoder.encode(value))
        event.writeString("\n\n")
        try await writer.write(event)
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

/// The first news of a turn: the request has passed the policies.
private struct Started: Encodable {
    var request_id: String
    var verdict: String
    var flagged: Bool
}

extension Refusal {
    fileprivate init(_ fault: RequestFault) {
        self.init(
            status: fault.status.code, type: fault.category.rawValue, code: fault.code, message: fault.message,
            hint: fault.hint)
    }
}
